import { commonStep } from '../../data/history/find-gaps.ts'
import { SECONDS_PER_HOUR } from '../../oracle-node/core/units.ts'
import type { Series } from '../series.ts'
import {
  type BarRow,
  barFault,
  checkStep,
  placeOf,
  stepName,
  timeFault,
  type VolumeUnit,
  volumeUsdOf,
} from './bar-faults.ts'
import { type Hour, type Hours, hourList, type SeriesShape, seriesOfHours } from './hours.ts'

/** Columns of equal length, in the order of their rows. */
export type BarColumns = Readonly<Record<keyof BarRow, ArrayLike<number>>>

export type BarsInput = SeriesShape & {
  readonly bars: BarColumns | Iterable<BarRow>
  /** Units of the asset when absent, which become USD at the bar's close. */
  readonly volumeIn?: VolumeUnit
  /** What an error calls a row, by its index; `row 1` is the first when absent. */
  readonly rowName?: (index: number) => string
}

/** A series, and what had to be mended for it. */
export type MendedSeries = { readonly series: Series; readonly warnings: readonly string[] }

/**
 * A series out of bars of an hour, or of a part of it, that stand in order. Rows within an hour are joined; a missing hour is flat.
 * @throws {Error} that names the place of the first fault: a row out of order, two bars of one time, a price or a volume that none is,
 * bars longer than an hour, a hole longer than `gapHoursMax`.
 */
export function seriesOfBars(input: BarsInput): Series {
  const columns = columnsOf(input)
  checkOrder(columns.time, input)
  return joinedSeries(columns, input)
}

/** The same of rows in any order: sorted, and of two bars of one time the last counts; the warnings say so. Other faults still throw. */
export function mendedSeriesOfBars(input: BarsInput): MendedSeries {
  const given = columnsOf(input)
  const { rows, warnings } = orderedRows(given.time, input)
  if (warnings.length === 0) return { series: joinedSeries(given, input), warnings }
  const pick = (column: ArrayLike<number>): Float64Array => Float64Array.from(rows, (row) => column[row] ?? Number.NaN)
  const columns: BarColumns = {
    time: pick(given.time),
    open: pick(given.open),
    high: pick(given.high),
    low: pick(given.low),
    close: pick(given.close),
    volume: pick(given.volume),
  }
  const name = namer(input)
  return { series: joinedSeries(columns, { ...input, rowName: (index) => name(rows[index] ?? -1) }), warnings }
}

/** Times whose only common step is below this are no grid with holes. */
const IRREGULAR_SECONDS = 60

type Naming = Pick<BarsInput, 'where' | 'rowName'>

function namer({ rowName = (index) => `row ${index + 1}` }: Naming): (index: number) => string {
  return rowName
}

function columnsOf({ bars, where }: BarsInput): BarColumns {
  if (!isIterable(bars)) {
    const rows = bars.time.length
    for (const field of ['open', 'high', 'low', 'close', 'volume'] as const) {
      if (bars[field].length !== rows) {
        throw new Error(`${where}: ${field} has ${bars[field].length} rows and time ${rows}; all columns need as many`)
      }
    }
    return bars
  }
  const columns: Record<keyof BarRow, number[]> = { time: [], open: [], high: [], low: [], close: [], volume: [] }
  for (const row of bars) {
    columns.time.push(row.time)
    columns.open.push(row.open)
    columns.high.push(row.high)
    columns.low.push(row.low)
    columns.close.push(row.close)
    columns.volume.push(row.volume)
  }
  return columns
}

function isIterable(bars: BarsInput['bars']): bars is Iterable<BarRow> {
  return Symbol.iterator in bars
}

function checkOrder(time: ArrayLike<number>, input: Naming): void {
  const { where } = input
  const name = namer(input)
  for (let row = 0; row < time.length; row++) {
    const [before = -1, now = Number.NaN] = [time[row - 1], time[row]]
    const fault = timeFault(now)
    if (fault !== undefined) throw new Error(`${placeOf(where, name(row), now)}: ${fault}`)
    if (now > before) continue
    const place = placeOf(where, name(row), now)
    throw new Error(
      now === before
        ? `${place}: ${name(row - 1)} is of the same time, so the data overlap; each time may come once`
        : `${place}: it stands behind ${placeOf('', name(row - 1), before).slice(2)}; rows need to be sorted by rising time`,
    )
  }
}

function orderedRows(time: ArrayLike<number>, input: Naming): { rows: Uint32Array; warnings: string[] } {
  const { where } = input
  const name = namer(input)
  const at = (row: number | undefined): number => time[row ?? -1] ?? Number.NaN
  const all = Uint32Array.from({ length: time.length }, (_, row) => row)
  const wrong = all.find((row) => timeFault(at(row)) !== undefined)
  if (wrong !== undefined) throw new Error(`${placeOf(where, name(wrong), at(wrong))}: ${timeFault(at(wrong))}`)
  const late = all.filter((row) => row > 0 && at(row) < at(row - 1))
  const sorted = late.length === 0 ? all : all.toSorted((a, b) => at(a) - at(b) || a - b)
  const rows = sorted.filter((row, index) => at(sorted[index + 1]) !== at(row))
  const warnings: string[] = []
  if (late.length > 0) {
    const [first = 0] = late
    warnings.push(
      `${placeOf(where, name(first), at(first))}: out of order, the first of ${late.length}; all were sorted`,
    )
  }
  if (rows.length < sorted.length) {
    const first = sorted.find((row, index) => at(sorted[index + 1]) === at(row)) ?? 0
    const count = sorted.length - rows.length
    warnings.push(
      `${placeOf(where, name(first), at(first))}: its time comes again, the first of ${count}; the last counts`,
    )
  }
  return { rows, warnings }
}

function joinedSeries(columns: BarColumns, input: BarsInput): Series {
  return seriesOfHours(joinedHours(columns, input), input)
}

/** Bars by the hour: the first open, the highest, the lowest, the last close, the sum of the volume. */
function joinedHours(columns: BarColumns, input: BarsInput): Hours {
  const { where, volumeIn = 'base' } = input
  const name = namer(input)
  const step = stepOf(columns.time, input)
  const list = hourList()
  let hour: Hour | undefined
  for (let index = 0; index < columns.time.length; index++) {
    const row = rowAt(columns, index)
    const fault = row.time % step === 0 ? barFault(row, volumeIn) : `it is not the start of a bar of ${stepName(step)}`
    if (fault !== undefined) throw new Error(`${placeOf(where, name(index), row.time)}: ${fault}`)
    const bar = { ...row, time: row.time - (row.time % SECONDS_PER_HOUR), volumeUsd: volumeUsdOf(row, volumeIn) }
    if (hour !== undefined && hour.time !== bar.time) list.add(hour)
    hour = hour?.time === bar.time ? joined(hour, bar) : bar
  }
  if (hour !== undefined) list.add(hour)
  return list.hours()
}

function joined(hour: Hour, bar: Hour): Hour {
  return {
    time: hour.time,
    open: hour.open,
    high: Math.max(hour.high, bar.high),
    low: Math.min(hour.low, bar.low),
    close: bar.close,
    volumeUsd: hour.volumeUsd + bar.volumeUsd,
  }
}

/** Seconds of one bar: what most rows keep, else what all are multiples of, as minutes with many holes are. */
function stepOf(time: ArrayLike<number>, { where }: Naming): number {
  if (time.length < 2) return SECONDS_PER_HOUR
  const step = commonStep(time) ?? commonDivisor(time)
  if (step < IRREGULAR_SECONDS && SECONDS_PER_HOUR % step === 0 && commonStep(time) === undefined) {
    throw new Error(`${where}: its times keep no common step; bars of an hour, or of a part of it, were needed`)
  }
  checkStep(step, where)
  return step
}

function commonDivisor(time: ArrayLike<number>): number {
  let divisor = SECONDS_PER_HOUR
  for (let index = 0; index < time.length; index++) {
    let rest = time[index] ?? 0
    while (rest !== 0) [divisor, rest] = [rest, divisor % rest]
  }
  return divisor
}

function rowAt(columns: BarColumns, index: number): BarRow {
  return {
    time: columns.time[index] ?? Number.NaN,
    open: columns.open[index] ?? Number.NaN,
    high: columns.high[index] ?? Number.NaN,
    low: columns.low[index] ?? Number.NaN,
    close: columns.close[index] ?? Number.NaN,
    volume: columns.volume[index] ?? Number.NaN,
  }
}
