import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { numberOf } from '../../data/history/read-number.ts'
import { isoTime } from '../../data/history/time-format.ts'
import { barsOf } from '../../models/training/dataset.ts'
import { SECONDS_PER_HOUR } from '../../oracle-node/core/units.ts'
import type { DataSource } from '../result.ts'
import type { Series } from '../series.ts'
import { checkPeriod, GAP_HOURS_MAX, type Hours, hourAt, hourList, seriesOfHours } from './hours.ts'
import { RECORDED_ASSETS, RECORDINGS, type Recording } from './recordings.ts'
import { hoursOfPrices } from './series-of-prices.ts'

/** Unix seconds, [from, to). */
export type Span = { readonly from: number; readonly to: number }

export type RecordedSeries = {
  readonly series: Series
  /** The files that hours came from: those hours' number, and when they begin and end. */
  readonly sources: readonly DataSource[]
  /** Hours of prices without volume: its 0 means unknown there, and ranges are smaller than they were. */
  readonly volumeUnknown: readonly Span[]
}

export type RecordedRange = {
  /** Unix seconds, full hours; where the recording begins and ends when absent. */
  readonly from?: number
  readonly to?: number
  readonly gapHoursMax?: number
}

/**
 * An asset's hours out of the recorded market data, joined across files that follow one another.
 * @throws {Error} that lists what is known when the asset is not, or says what the recording lacks of the period.
 */
export function recordedSeries(dataFolder: string, asset: string, range: RecordedRange = {}): RecordedSeries {
  const { from, to } = range
  checkPeriod(`the recording of ${asset}`, from, to)
  const recording = readRecording(dataFolder, asset)
  const where = `the recording of ${asset}`
  const { kind } = recording
  const series = seriesOfHours(recording.hours, { asset, kind, where, ...range })
  const end = series.from + series.close.length * SECONDS_PER_HOUR
  const used = recording.pieces.flatMap((piece) => clipped(piece, series.from, end))
  return {
    series,
    sources: used.map(({ file, sha256, hours }) => ({
      name: file,
      sha256,
      rows: hours.length,
      from: hours[0] ?? series.from,
      to: (hours.at(-1) ?? end) + SECONDS_PER_HOUR,
    })),
    volumeUnknown: used
      .filter(({ form }) => form !== 'bars')
      .map(({ hours }) => ({ from: hours[0] ?? series.from, to: (hours.at(-1) ?? end) + SECONDS_PER_HOUR })),
  }
}

/** The periods that an asset's recording covers without a hole of more than `gapHoursMax`. */
export function recordedSpans(dataFolder: string, asset: string, gapHoursMax: number = GAP_HOURS_MAX): Span[] {
  const { time } = readRecording(dataFolder, asset).hours
  const spans: Span[] = []
  let from = time[0] ?? 0
  for (const [index, hour] of time.entries()) {
    const next = time[index + 1]
    const end = hour + SECONDS_PER_HOUR
    if (next !== undefined && next - end <= gapHoursMax * SECONDS_PER_HOUR) continue
    spans.push({ from, to: end })
    from = next ?? 0
  }
  return spans
}

/** @throws {Error} that lists the known assets. */
export function recordedKind(asset: string): Series['kind'] {
  return filesOf(asset)[0].kind
}

type Piece = Pick<Recording, 'file' | 'form'> & { readonly sha256: string; readonly hours: readonly number[] }

function clipped(piece: Piece, from: number, to: number): Piece[] {
  const hours = piece.hours.filter((hour) => hour >= from && hour < to)
  return hours.length === 0 ? [] : [{ ...piece, hours }]
}

function filesOf(asset: string): [Recording, ...Recording[]] {
  const [first, ...others] = RECORDINGS.filter((each) => each.asset === asset)
  if (first !== undefined) return [first, ...others]
  throw new Error(
    `nothing is recorded of ${JSON.stringify(asset)}; known are ${RECORDED_ASSETS.join(', ')}. Give a file of your own (data.files)`,
  )
}

type ReadRecording = { readonly kind: Series['kind']; readonly hours: Hours; readonly pieces: readonly Piece[] }

/** Every backtest task asks for a few assets again and again; the files do not change under it. */
const known = new Map<string, ReadRecording>()
/** About 3 MB each. */
const KNOWN_MAX = 48

function readRecording(dataFolder: string, asset: string): ReadRecording {
  const key = join(dataFolder, asset)
  const before = known.get(key)
  if (before !== undefined) return before
  const [oldest] = known.keys()
  if (known.size >= KNOWN_MAX && oldest !== undefined) known.delete(oldest)
  const read = joined(dataFolder, filesOf(asset))
  known.set(key, read)
  return read
}

function joined(dataFolder: string, files: readonly [Recording, ...Recording[]]): ReadRecording {
  const read = files
    .map((each) => ({ ...each, sha256: sha256Of(join(dataFolder, each.file)), found: hoursOf(dataFolder, each) }))
    .toSorted((a, b) => (a.found.time[0] ?? 0) - (b.found.time[0] ?? 0))
  const list = hourList()
  const pieces: Piece[] = []
  for (const [index, { file, form, sha256, found }] of read.entries()) {
    const next = read[index + 1]?.found.time[0] ?? Number.POSITIVE_INFINITY
    const hours: number[] = []
    for (const [row, time] of found.time.entries()) {
      if (time >= next) break
      list.add(hourAt(found, row))
      hours.push(time)
    }
    pieces.push({ file, form, sha256, hours })
  }
  return { kind: files[0].kind, hours: list.hours(), pieces }
}

function sha256Of(path: string): string {
  if (existsSync(path)) return createHash('sha256').update(readFileSync(path)).digest('hex')
  throw new Error(
    `the recording ${path} is missing; give a folder of recorded market data (its MANIFEST.csv names files)`,
  )
}

function hoursOf(dataFolder: string, recording: Recording): Hours {
  const { asset, kind, file, from, until, form, quoteVolume = [] } = recording
  if (form === 'bars') {
    const bars = barsOf({ asset, kind, file, ...(from && { from }), ...(until && { until }) }, dataFolder)
    const list = hourList()
    for (const { openTime: time, volume, ...prices } of bars) {
      // Training takes every volume for the asset's units, times its close.
      const isUsd = quoteVolume.some(([start, end]) => time >= start && time < end)
      list.add({ time, ...prices, volumeUsd: isUsd ? volume / prices.close : volume })
    }
    return list.hours()
  }
  const points = readPoints(join(dataFolder, file), form === 'closes' ? 'close' : 'price', recording)
  return hoursOfPrices(points, file)
}

/** Two columns of a gzipped file. @throws {Error} that names the line of a value that is no number. */
function readPoints(path: string, column: string, { from = 0, until = Number.POSITIVE_INFINITY }: Recording) {
  const [header = '', ...lines] = gunzipSync(readFileSync(path)).toString().split('\n')
  const places = ['ts', column].map((name) => header.split(',').indexOf(name))
  if (places.includes(-1)) throw new Error(`${path} lacks ts or ${column}; it has ${header.slice(0, 200)}`)
  const time: number[] = []
  const price: number[] = []
  for (const [index, line] of lines.entries()) {
    if (line === '') continue
    const fields = line.split(',')
    const [ts = Number.NaN, value = Number.NaN] = places.map((place) => numberOf(fields[place] ?? ''))
    if (Number.isNaN(ts + value)) throw new Error(`${path} line ${index + 2}: ${line.slice(0, 100)} is not two numbers`)
    if (ts < from || ts >= until) continue
    time.push(ts)
    price.push(value)
  }
  if (time.length === 0) throw new Error(`${path} holds no price from ${isoTime(from)} to ${isoTime(until)}`)
  return { time, price }
}
