import { isoTime } from '../../data/history/time-format.ts'
import { SECONDS_PER_HOUR } from '../../oracle-node/core/units.ts'
import type { Series } from '../series.ts'

/** The hours that were recorded, by rising time; nothing stands for the others. */
export type Hours = {
  /** Unix seconds; full hours. */
  readonly time: Float64Array
  readonly open: Float64Array
  readonly high: Float64Array
  readonly low: Float64Array
  readonly close: Float64Array
  readonly volumeUsd: Float64Array
}

export type Hour = Readonly<Record<keyof Hours, number>>

/** What a hole may be at most, in hours, to be taken for a market that stood still. */
export const GAP_HOURS_MAX = 48

export type SeriesShape = {
  readonly asset: string
  readonly kind: Series['kind']
  /** Where the data come from, as an error names it: a path, or what the caller calls its arrays. */
  readonly where: string
  /** {@link GAP_HOURS_MAX} when absent. */
  readonly gapHoursMax?: number
  /** Unix seconds, full hours: the series is cut to [from, to), and must reach both. */
  readonly from?: number
  readonly to?: number
}

/**
 * A series without holes: a missing hour is flat at the close before it, and marked.
 * @throws {Error} where a hole is longer than `gapHoursMax`, or the hours do not reach what was asked for.
 */
export function seriesOfHours(hours: Hours, shape: SeriesShape): Series {
  const { asset, kind } = shape
  const [from, to] = boundsOf(hours, shape)
  checkGaps(hours, shape, from, to)
  const count = (to - from) / SECONDS_PER_HOUR
  const column = (): Float64Array => new Float64Array(count)
  const open = column()
  const [high, low, close, volumeUsd] = [column(), column(), column(), column()]
  const missing = new Uint8Array(count)
  let next = hours.time.findIndex((time) => time >= from)
  // A series that begins within a hole begins at the close before it.
  let before = hours.close[next - 1] ?? hours.close.at(-1) ?? Number.NaN
  for (let row = 0; row < count; row++) {
    const isThere = hours.time[next] === from + row * SECONDS_PER_HOUR
    const hour = isThere ? hourAt(hours, next) : flatHour(before)
    if (isThere) next++
    before = hour.close
    open[row] = hour.open
    high[row] = hour.high
    low[row] = hour.low
    close[row] = hour.close
    volumeUsd[row] = hour.volumeUsd
    missing[row] = isThere ? 0 : 1
  }
  return { asset, kind, from, open, high, low, close, volumeUsd, missing }
}

export function hourAt(hours: Hours, row: number): Hour {
  return {
    time: hours.time[row] ?? Number.NaN,
    open: hours.open[row] ?? Number.NaN,
    high: hours.high[row] ?? Number.NaN,
    low: hours.low[row] ?? Number.NaN,
    close: hours.close[row] ?? Number.NaN,
    volumeUsd: hours.volumeUsd[row] ?? 0,
  }
}

function flatHour(price: number): Omit<Hour, 'time'> {
  return { open: price, high: price, low: price, close: price, volumeUsd: 0 }
}

function boundsOf({ time }: Hours, { where, from, to, gapHoursMax = GAP_HOURS_MAX }: SeriesShape): [number, number] {
  const [first, last] = [time[0], time.at(-1)]
  if (first === undefined || last === undefined) throw new Error(`${where} holds no bar; at least one is needed`)
  checkPeriod(where, from, to)
  const end = last + SECONDS_PER_HOUR
  if (from !== undefined && from < first) {
    throw new Error(`${where} begins at ${isoTime(first)}; asked for is from ${isoTime(from)}. Ask for a later start`)
  }
  if (to !== undefined && to - end > gapHoursMax * SECONDS_PER_HOUR) {
    throw new Error(`${where} ends at ${isoTime(end)}; asked for is up to ${isoTime(to)}. Ask for an earlier end`)
  }
  if (from !== undefined && to === undefined && from >= end) {
    throw new Error(`${where} ends at ${isoTime(end)}; asked for is from ${isoTime(from)}. Ask for an earlier start`)
  }
  return [from ?? first, to ?? end]
}

/** @throws {RangeError} on a start or an end that is no full hour, or an end that is not after the start. */
export function checkPeriod(where: string, from: number | undefined, to: number | undefined): void {
  for (const [name, time] of [
    ['from', from],
    ['to', to],
  ] as const) {
    if (time !== undefined && !(Number.isSafeInteger(time) && time % SECONDS_PER_HOUR === 0)) {
      throw new RangeError(`${where}: ${name} is ${time}; unix seconds of a full hour were needed`)
    }
  }
  if (from !== undefined && to !== undefined && !(from < to)) {
    throw new RangeError(`${where}: from ${isoTime(from)} is not before to ${isoTime(to)}`)
  }
}

/** Holes that touch [from, to). */
function checkGaps({ time }: Hours, { where, gapHoursMax = GAP_HOURS_MAX }: SeriesShape, from: number, to: number) {
  for (let index = 1; index < time.length; index++) {
    const [before = 0, after = 0] = [time[index - 1], time[index]]
    const lost = (after - before) / SECONDS_PER_HOUR - 1
    if (lost <= gapHoursMax || after <= from || before + SECONDS_PER_HOUR >= to) continue
    throw new Error(
      `${where} has no bar from ${isoTime(before + SECONDS_PER_HOUR)} to ${isoTime(after)}, which are ${lost} hours; ` +
        `${gapHoursMax} is the most (gapHoursMax). Fill the hole, ask for a period without it, or raise gapHoursMax`,
    )
  }
}

/** Takes hours one after the other. */
export type HourList = { readonly add: (hour: Hour) => void; readonly hours: () => Hours }

export function hourList(): HourList {
  let capacity = 1_024
  let count = 0
  const grown = (column: Float64Array): Float64Array => {
    const longer = new Float64Array(capacity)
    longer.set(column)
    return longer
  }
  const none = new Float64Array(capacity)
  let columns: Hours = { time: none, open: none, high: none, low: none, close: none, volumeUsd: none }
  const each = (change: (column: Float64Array) => Float64Array): Hours => ({
    time: change(columns.time),
    open: change(columns.open),
    high: change(columns.high),
    low: change(columns.low),
    close: change(columns.close),
    volumeUsd: change(columns.volumeUsd),
  })
  columns = each(grown)
  return {
    add: (hour) => {
      if (count === capacity) {
        capacity *= 2
        columns = each(grown)
      }
      columns.time[count] = hour.time
      columns.open[count] = hour.open
      columns.high[count] = hour.high
      columns.low[count] = hour.low
      columns.close[count] = hour.close
      columns.volumeUsd[count] = hour.volumeUsd
      count += 1
    },
    hours: () => each((column) => column.slice(0, count)),
  }
}
