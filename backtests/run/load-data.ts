import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { SECONDS_PER_HOUR } from '../../oracle-node/core/units.ts'
import type { BacktestConfig } from '../config/schema.ts'
import { fileSeries } from '../data/file-series.ts'
import { recordedSeries } from '../data/recorded-series.ts'
import { RECORDED_ASSETS } from '../data/recordings.ts'
import { type BarColumns, seriesOfBars } from '../data/series-of-bars.ts'
import type { DataSource } from '../result.ts'
import type { Series } from '../series.ts'
import { encodeSeries } from '../series-bytes.ts'

/** A user's hours as plain columns, such as a danfojs frame's: `time` in unix seconds, volume in units of the asset. */
export type GivenData = Readonly<Record<string, BarColumns & { readonly kind?: Series['kind'] }>>

/** Unix seconds, full hours; as far as the data reach where absent. */
export type Range = { readonly from?: number; readonly to?: number; readonly gapHoursMax?: number }

/** Series by asset and range, out of whatever the config names, each read once; and what they were made of. */
export type Data = {
  has(asset: string): boolean
  /** Assets in the order of the alphabet. */
  readonly assets: readonly string[]
  /** @throws {Error} that lists what is known, or says what is missing of the range. */
  series(asset: string, range?: Range): Promise<Series>
  readonly sources: () => readonly DataSource[]
  /** Absolute; undefined where no recording is named. */
  readonly recorded: string | undefined
}

export function openData(data: BacktestConfig['data'], folder: string, given: GivenData = {}): Data {
  const { files, gapHoursMax } = data
  const recorded = data.recorded === undefined ? undefined : resolve(folder, data.recorded)
  if (recorded !== undefined && !existsSync(recorded)) {
    throw new Error(
      `data.recorded names ${recorded}, which is not there; give a folder of recorded market data, or data.files`,
    )
  }
  const sources = new Map<string, DataSource>()
  const whole = new Map<string, Promise<Series>>()
  const own = new Set([...Object.keys(files), ...Object.keys(given)])
  const assets = [...new Set([...own, ...(recorded === undefined ? [] : RECORDED_ASSETS)])].toSorted()
  if (assets.length === 0) throw new Error('data names no data: give recorded or files, or frames beside the config')

  const ownSeries = (asset: string): Promise<Series> => {
    const known = whole.get(asset)
    if (known !== undefined) return known
    const reading = readOwn(asset, { file: files[asset], columns: given[asset], folder, gapHoursMax }).then(
      ({ series, source }) => {
        sources.set(source.name, source)
        return series
      },
    )
    whole.set(asset, reading)
    return reading
  }

  return {
    recorded,
    assets,
    has: (asset) => assets.includes(asset),
    sources: () => [...sources.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    series: async (asset, range) => {
      if (own.has(asset)) {
        const series = await ownSeries(asset)
        return range === undefined ? series : clipped(series, range)
      }
      if (recorded === undefined) {
        throw new Error(
          `there are no data of ${asset}; known are ${assets.join(', ')}. Name a file of it under data.files`,
        )
      }
      const read = recordedSeries(recorded, asset, { gapHoursMax, ...range })
      for (const source of read.sources) sources.set(source.name, widest(sources.get(source.name), source))
      return read.series
    },
  }
}

/** Of one file used for two ranges, both together. */
function widest(a: DataSource | undefined, b: DataSource): DataSource {
  if (a === undefined) return b
  return { ...a, rows: Math.max(a.rows, b.rows), from: Math.min(a.from, b.from), to: Math.max(a.to, b.to) }
}

async function readOwn(
  asset: string,
  parts: {
    readonly file: BacktestConfig['data']['files'][string] | undefined
    readonly columns: GivenData[string] | undefined
    readonly folder: string
    readonly gapHoursMax: number
  },
): Promise<{ readonly series: Series; readonly source: DataSource }> {
  const { file, columns, folder, gapHoursMax } = parts
  if (columns !== undefined) {
    const { kind = 'volatile', ...bars } = columns
    const series = seriesOfBars({ asset, kind, where: `the frame of ${asset}`, bars, gapHoursMax })
    const to = series.from + series.close.length * SECONDS_PER_HOUR
    return {
      series,
      source: {
        name: `frame of ${asset}`,
        sha256: sha256(encodeSeries(series)),
        rows: bars.time.length,
        from: series.from,
        to,
      },
    }
  }
  if (file === undefined) throw new Error(`no file of ${asset}`)
  const path = resolve(folder, file.path)
  const { symbol, kind, volumeIn } = file
  if (!existsSync(path)) throw new Error(`data.files.${asset}.path names ${path}, which is not there`)
  const found = await fileSeries({
    asset,
    kind,
    path,
    volumeIn,
    gapHoursMax,
    ...(symbol === undefined ? {} : { symbol }),
  })
  // As the config calls it: where its folder lies changes nothing of the result.
  const name = symbol === undefined ? file.path : `${file.path}, ${symbol}`
  return { series: found.series, source: { ...found.source, name } }
}

function clipped(series: Series, range: Range): Series {
  const end = series.from + series.close.length * SECONDS_PER_HOUR
  const { from = series.from, to = end } = range
  if (from < series.from || to > end) {
    const day = (time: number): string => new Date(time * 1_000).toISOString().slice(0, 16)
    throw new Error(
      `the data of ${series.asset} reach from ${day(series.from)} to ${day(end)}; needed are ${day(from)} to ${day(to)}, the week before a period included`,
    )
  }
  const [first, last] = [(from - series.from) / SECONDS_PER_HOUR, (to - series.from) / SECONDS_PER_HOUR]
  const part = (column: Float64Array): Float64Array => column.slice(first, last)
  return {
    asset: series.asset,
    kind: series.kind,
    from,
    open: part(series.open),
    high: part(series.high),
    low: part(series.low),
    close: part(series.close),
    volumeUsd: part(series.volumeUsd),
    missing: series.missing.slice(first, last),
  }
}

export function sha256(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex')
}
