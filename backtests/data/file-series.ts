import { commonStep } from '../../data/history/find-gaps.ts'
import { SECONDS_PER_HOUR } from '../../oracle-node/core/units.ts'
import type { DataSource } from '../result.ts'
import type { Series } from '../series.ts'
import { checkStep, type VolumeUnit } from './bar-faults.ts'
import { readCsvBars } from './csv-bars.ts'
import { fileSource } from './file-source.ts'
import { type SeriesShape, seriesOfHours } from './hours.ts'
import { hoursOfParquet, type SymbolHours } from './parquet-hours.ts'
import { seriesOfBars } from './series-of-bars.ts'

export type FileInput = Omit<SeriesShape, 'where'> & {
  /** CSV, gzipped or not, or Parquet (by its name's end). */
  readonly path: string
  /** Of a file with several markets: the value of its column `symbol`. */
  readonly symbol?: string
  /** Units of the asset when absent. */
  readonly volumeIn?: VolumeUnit
}

export type FileSeries = { readonly series: Series; readonly source: DataSource }

/**
 * One market's series out of the user's own file of hours, minutes or, in Parquet, trades.
 * @throws {Error} that names the file and the row of the first fault.
 */
export async function fileSeries(input: FileInput): Promise<FileSeries> {
  return isParquet(input.path) ? seriesOfParquet(input) : seriesOfCsv(input)
}

async function seriesOfCsv(input: FileInput): Promise<FileSeries> {
  const { path, symbol, ...shape } = input
  const { bars, lines } = await readCsvBars(path, symbol)
  const series = seriesOfBars({ ...shape, where: path, bars, rowName: (index) => `line ${lines[index]}` })
  return { series, source: await fileSource(path, { rows: lines.length, ...periodOf(bars.time) }) }
}

async function seriesOfParquet(input: FileInput): Promise<FileSeries> {
  const markets: SymbolHours[] = []
  for await (const market of hoursOfParquet(input)) {
    markets.push(market)
    if (markets.length === 2) {
      const names = markets.map(({ symbol }) => symbol).join(' and ')
      throw new Error(`${input.path} has several symbols, ${names} among them; say which is meant (symbol)`)
    }
  }
  const [market] = markets
  if (market === undefined) throw new Error(`${input.path} has no row`)
  const { rows, hours } = market
  return { series: shaped(market, input), source: await fileSource(input.path, { rows, ...periodOf(hours.time) }) }
}

export type ManyInput = {
  readonly path: string
  readonly kindOf: (symbol: string) => Series['kind']
  readonly volumeIn?: VolumeUnit
  readonly gapHoursMax?: number
}

/**
 * Every market of a Parquet file, one series after the other by symbol, from one pass over the file.
 * @throws {Error} as {@link fileSeries}.
 */
export async function* everySeries({ kindOf, ...input }: ManyInput): AsyncGenerator<{ series: Series; rows: number }> {
  for await (const market of hoursOfParquet(input)) {
    const { symbol, rows } = market
    yield { series: shaped(market, { ...input, asset: symbol, kind: kindOf(symbol) }), rows }
  }
}

function shaped({ symbol, hours }: SymbolHours, { path, ...shape }: FileInput): Series {
  const where = symbol === '' ? path : `${path}, ${symbol}`
  checkStep(commonStep(hours.time) ?? 1, where)
  return seriesOfHours(hours, { ...shape, where })
}

/** The hours that rows lie in, [from, to). */
function periodOf(time: ArrayLike<number>): { from: number; to: number } {
  const hourOf = (row: number): number => Math.floor((time[row] ?? 0) / SECONDS_PER_HOUR) * SECONDS_PER_HOUR
  return { from: hourOf(0), to: hourOf(time.length - 1) + SECONDS_PER_HOUR }
}

function isParquet(path: string): boolean {
  return /\.parquet$/i.test(path)
}
