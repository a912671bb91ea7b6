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
  const anchor = bars.findLast((bar) => bar.openTime < start)
  if (anchor === undefined) return undefined
  const given = new Map(bars.filter((bar) => bar.openTime >= start).map((bar) => [bar.openTime as number, bar]))
  const grid = { returns: [] as number[], ranges: [] as number[], volumes: [] as number[] }
  let previous = anchor.close
  for (let hour = 0; hour < hours; hour++) {
    const bar = given.get(start + hour * SECONDS_PER_HOUR)
    grid.returns.push(bar === undefined ? 0 : ln(bar.close / previous))
    grid.ranges.push(bar === undefined ? 0 : ln(bar.high / bar.low))
    grid.volumes.push(bar === undefined ? 0 : bar.volume)
    previous = bar?.close ?? previous
  }
  return { ...grid, missing: hours - given.size }
}
