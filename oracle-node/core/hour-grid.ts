import ln from '@stdlib/math-base-special-ln'
import type { Bar } from './bar.ts'
import { SECONDS_PER_HOUR } from './units.ts'

/** The last hours of a market without holes, oldest first; all arrays have one entry an hour. */
export type HourGrid = {
  /** Log return, close over the close before. */
  readonly returns: readonly number[]
  /** ln(high / low). */
  readonly ranges: readonly number[]
  readonly volumes: readonly number[]
  /** Hours that no bar was given for: flat, without volume. The move over a hole falls in the hour after it. */
  readonly missing: number
}

/**
 * The `hours` hours that end with the newest bar, or nothing when the bars do not reach back that far and one close more.
 * @param bars sound, oldest first, no two of the same hour.
 */
export function hourGrid(bars: readonly Bar[], hours: number): HourGrid | undefined {
  const last = bars.at(-1)
  if (last === undefined) return undefined
  const start = last.openTime - (hours - 1) * SECONDS_PER_HOUR
  let next = bars.findLastIndex((bar) => bar.openTime < start)
  const anchor = bars[next]
  if (anchor === undefined) return undefined
  next++
  const grid = { returns: [] as number[], ranges: [] as number[], volumes: [] as number[] }
  let previous = anchor.close
  let missing = 0
  for (let hour = 0; hour < hours; hour++) {
    const bar = bars[next]?.openTime === start + hour * SECONDS_PER_HOUR ? bars[next] : undefined
    grid.returns.push(bar === undefined ? 0 : ln(bar.close / previous))
    grid.ranges.push(bar === undefined ? 0 : ln(bar.high / bar.low))
    grid.volumes.push(bar === undefined ? 0 : bar.volume)
    if (bar === undefined) missing++
    else {
      previous = bar.close
      next++
    }
  }
  return { ...grid, missing }
}
