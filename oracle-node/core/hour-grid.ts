import ln from '@stdlib/math-base-special-ln'
import type { Bar } from './bar.ts'
import { SECONDS_PER_HOUR } from './units.ts'

type Hour = Omit<Bar, 'openTime'>

/** The last hours of a market without holes, oldest first; all arrays have one entry an hour. */
export type HourGrid = {
  /** Log return, close over the close before. */
  readonly returns: readonly number[]
  /** ln(high / low). */
  readonly ranges: readonly number[]
  readonly volumes: readonly number[]
  /** The hours themselves; a missing one is flat at the close before. */
  readonly hours: readonly Hour[]
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
  const grid = emptyGrid()
  let previous = anchor.close
  let missing = 0
  for (let hour = 0; hour < hours; hour++) {
    const bar = bars[next]?.openTime === start + hour * SECONDS_PER_HOUR ? bars[next] : undefined
    if (bar === undefined) {
      add(grid, { open: previous, high: previous, low: previous, close: previous, volume: 0 }, previous)
      missing++
    } else {
      add(grid, bar, previous)
      previous = bar.close
      next++
    }
  }
  return { ...grid, missing }
}

type Columns = {
  readonly returns: number[]
  readonly ranges: number[]
  readonly volumes: number[]
  readonly hours: Hour[]
}

function emptyGrid(): Columns {
  return { returns: [], ranges: [], volumes: [], hours: [] }
}

function add(grid: Columns, bar: Hour, previous: number): void {
  grid.returns.push(ln(bar.close / previous))
  grid.ranges.push(ln(bar.high / bar.low))
  grid.volumes.push(bar.volume)
  grid.hours.push(bar)
}
