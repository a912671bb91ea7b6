import type { DataFrame } from 'danfojs-node'
import type { RiskRecord } from '../oracle-node/core/record.ts'

/** A row of a frame: plain values by column name. */
export type FrameRow = Readonly<Record<string, string | number | boolean>>

/** A published report as records carry it: what the network said of each asset in one round. */
export type PublishedReport = {
  readonly round: number
  readonly records: Readonly<Record<string, RiskRecord>>
}

/** Past this a frame needs gigabytes (about 1 GB a million rows, measured); results belong here, raw ticks do not. */
export const FRAME_ROWS_MAX = 100_000

/** What `print` shows of a frame; danfojs alone stops at ten. */
const PRINTED_ROWS_MAX = 60

/**
 * The quant's frame: a danfojs DataFrame of plain rows, columns in the order of the first row. danfojs takes seconds to import, so it is
 * loaded only when a frame is asked for.
 * @throws {Error} when there are no rows, too many, or rows with different columns.
 */
export async function toFrame(rows: readonly FrameRow[]): Promise<DataFrame> {
  const columns = Object.keys(rows[0] ?? {})
  if (columns.length === 0) throw new Error('a frame needs at least one row with a column')
  if (rows.length > FRAME_ROWS_MAX) {
    throw new Error(`a frame holds ${FRAME_ROWS_MAX} rows at most, got ${rows.length}; filter or aggregate first`)
  }
  const data = Object.fromEntries(columns.map((column) => [column, rows.map((row, index) => cell(row, column, index))]))
  const { DataFrame } = await import('danfojs-node')
  return new DataFrame(data, { config: { tableMaxRow: PRINTED_ROWS_MAX } })
}

/**
 * Published reports as a frame, one row a round and asset: `round, asset, priceE8, volatilityBps, …` as the record names them.
 * `priceE8` becomes a float (exact to 90 million USD), since frames hold no big integers.
 */
export async function frameOfReports(reports: readonly PublishedReport[]): Promise<DataFrame> {
  return toFrame(
    reports.flatMap(({ round, records }) =>
      Object.entries(records).map(([asset, record]) => ({ round, asset, ...record, priceE8: Number(record.priceE8) })),
    ),
  )
}

function cell(row: FrameRow, column: string, index: number): string | number | boolean {
  const value = row[column]
  if (value === undefined)
    throw new Error(`row ${index} has no column ${column}; every row needs the columns of the first`)
  return value
}
