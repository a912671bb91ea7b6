import type { BarInterval } from '../../oracle-node/core/market-rows.ts'
import { intervalOf } from './bar-interval.ts'
import { findGaps } from './find-gaps.ts'
import { findJumps } from './find-jumps.ts'
import type { CheckOptions, FlatRun, SeriesCheck, SeriesColumns } from './series.ts'

/** So many bars of one unmoved price are a run worth counting: shorter ones any quiet market has. */
const FLAT_RUN_MIN = 12
/** Parts of a period that its coverage and its sketch have. */
const COVERAGE_PARTS = 240
const SKETCH_POINTS = 240

/**
 * What is wrong with a market's rows, and what is worth a look. Gaps, flat runs and jumps are judged by the times that are there, in
 * their order, of rows with one time the last.
 * `stepSeconds` comes with where it is known from.
 * @throws {RangeError} without a row, or when the step is not above 0.
 */
export function checkSeries(
  columns: SeriesColumns,
  step: { readonly seconds: number; readonly from: SeriesCheck['stepFrom'] },
  options: CheckOptions,
): SeriesCheck {
  if (columns.time.length === 0) throw new RangeError('a series needs at least one row to be checked')
  if (!(step.seconds > 0)) throw new RangeError(`a step above 0 seconds is needed, got ${step.seconds}`)
  const { rowOf, duplicates, outOfOrder } = inOrder(columns.time)
  const pick = (column: ArrayLike<number>): Float64Array => Float64Array.from(rowOf, (row) => column[row] ?? Number.NaN)
  const times = pick(columns.time)
  const closes = pick(columns.close)
  const { expected, missing, count, largest } = findGaps(times, step.seconds, options.listed)
  const [first = 0, last = 0] = [times[0], times.at(-1)]
  const interval: BarInterval | undefined = intervalOf(step.seconds)
  return {
    rows: columns.time.length,
    first,
    last,
    stepSeconds: step.seconds,
    ...(interval && { interval }),
    stepFrom: step.from,
    expected,
    missing,
    gaps: { count, largest },
    duplicates,
    outOfOrder,
    offGrid: countRows(columns.time.length, (row) => !Number.isInteger((columns.time[row] ?? 0) / step.seconds)),
    ...priceFaults(columns),
    ...zeroVolume(columns.volume),
    flatRuns: flatRuns(times, rowOf, columns),
    jumps: findJumps({ times, closes, stepSeconds: step.seconds }, options),
    coverage: coverage(times, step.seconds),
    sketch: sketch(times, closes),
  }
}

/** Rows by rising time, of equal times the last; and what stood in the way. */
function inOrder(time: ArrayLike<number>): { rowOf: Uint32Array; duplicates: number; outOfOrder: number } {
  const rows = Uint32Array.from({ length: time.length }, (_, index) => index)
  const at = (row: number | undefined): number => time[row ?? 0] ?? 0
  let newest = Number.NEGATIVE_INFINITY
  let outOfOrder = 0
  let rising = true
  for (const row of rows) {
    if (at(row) < newest) outOfOrder += 1
    if (at(row) <= newest) rising = false
    newest = Math.max(newest, at(row))
  }
  if (rising) return { rowOf: rows, duplicates: 0, outOfOrder: 0 }
  rows.sort((a, b) => at(a) - at(b) || a - b)
  const rowOf = rows.filter((row, index) => index === rows.length - 1 || at(rows[index + 1]) !== at(row))
  return { rowOf, duplicates: rows.length - rowOf.length, outOfOrder }
}

function countRows(rows: number, is: (row: number) => boolean): number {
  let count = 0
  for (let row = 0; row < rows; row += 1) if (is(row)) count += 1
  return count
}

function priceFaults(columns: SeriesColumns): Pick<SeriesCheck, 'ohlcViolations' | 'notPositive' | 'notANumber'> {
  let [ohlcViolations, notPositive, notANumber] = [0, 0, 0]
  for (let row = 0; row < columns.time.length; row += 1) {
    const [open = 0, high = 0, low = 0, close = 0] = [
      columns.open[row],
      columns.high[row],
      columns.low[row],
      columns.close[row],
    ]
    const volume = columns.volume?.[row] ?? 0
    if (![open, high, low, close, volume].every(Number.isFinite)) notANumber += 1
    else if (Math.min(open, high, low, close) <= 0 || volume < 0) notPositive += 1
    else if (high < Math.max(open, close) || low > Math.min(open, close)) ohlcViolations += 1
  }
  return { ohlcViolations, notPositive, notANumber }
}

function zeroVolume(volume: ArrayLike<number> | undefined): Pick<SeriesCheck, 'zeroVolume'> {
  if (volume === undefined) return {}
  const rows = countRows(volume.length, (row) => volume[row] === 0)
  return { zeroVolume: { rows, share: rows / volume.length } }
}

/** Runs of bars, at least {@link FLAT_RUN_MIN} long, in which the price never left one value. */
function flatRuns(times: Float64Array, rowOf: Uint32Array, columns: SeriesColumns): SeriesCheck['flatRuns'] {
  let count = 0
  let longest: FlatRun | undefined
  let from = 0
  const price = (index: number): number => {
    const row = rowOf[index] ?? 0
    return columns.high[row] === columns.low[row] ? (columns.close[row] ?? Number.NaN) : Number.NaN
  }
  for (let index = 1; index <= times.length; index += 1) {
    if (index < times.length && price(index) === price(from)) continue
    const rows = index - from
    if (rows >= FLAT_RUN_MIN) {
      count += 1
      if (rows > (longest?.rows ?? 0)) longest = { from: times[from] ?? 0, rows }
    }
    from = index
  }
  return { count, ...(longest && { longest }) }
}

function coverage(times: Float64Array, stepSeconds: number): number[] {
  const [first = 0, last = 0] = [times[0], times.at(-1)]
  const bars = Math.round((last - first) / stepSeconds) + 1
  const parts = Math.min(COVERAGE_PARTS, bars)
  const there = new Float64Array(parts)
  const possible = Float64Array.from(
    { length: parts },
    (_, part) => Math.floor(((part + 1) * bars) / parts) - Math.floor((part * bars) / parts),
  )
  for (const time of times) {
    const bar = Math.min(bars - 1, Math.round((time - first) / stepSeconds))
    // The inverse of the parts' own starts, floor(part × bars / parts).
    const part = Math.min(parts - 1, Math.ceil(((bar + 1) * parts) / bars) - 1)
    there[part] = (there[part] ?? 0) + 1
  }
  return Array.from(there, (count, part) => Math.min(1, count / (possible[part] ?? 1)))
}

function sketch(times: Float64Array, closes: Float64Array): Array<number | null> {
  const [first = 0, last = 0] = [times[0], times.at(-1)]
  const points: Array<number | null> = Array.from({ length: SKETCH_POINTS }, () => null)
  for (const [index, close] of closes.entries()) {
    const place = last === first ? 0 : ((times[index] ?? 0) - first) / (last - first)
    // The last of a part, as a bar's close is the last of its bar.
    if (close > 0 && Number.isFinite(close)) points[Math.floor(place * (SKETCH_POINTS - 1))] = close
  }
  return points
}
