import type { BarRow, DepthRow, MarketRows, SoundRows, TradeRow } from '../../core/market-rows.ts'
import type { MarketFilter } from '../../ports/market-store.ts'
import { BARS, DEPTHS, type Kind, type Market, marketKey, TRADES } from './kinds.ts'
import { timeBounds } from './read-files.ts'

/** One market's rows by their key; a later row of the same key took the place of the earlier. */
export type MarketTable<Row> = Market & { readonly rows: Map<string, Row> }
export type KindTable<Row> = Map<string, MarketTable<Row>>

/** What one segment of the log holds, for reading before it is in Parquet files of the same number. */
export type LogTable = {
  readonly sequence: number
  readonly bars: KindTable<BarRow>
  readonly trades: KindTable<TradeRow>
  readonly depths: KindTable<DepthRow>
}

export function emptyTable(sequence: number): LogTable {
  return { sequence, bars: new Map(), trades: new Map(), depths: new Map() }
}

export function addRows(table: LogTable, rows: SoundRows): void {
  addKind(BARS, table.bars, rows.bars)
  addKind(TRADES, table.trades, rows.trades)
  addKind(DEPTHS, table.depths, rows.depths)
}

export function rowCount({ bars = [], trades = [], depths = [] }: MarketRows): number {
  return bars.length + trades.length + depths.length
}

function addKind<Row extends Market>(kind: Kind<Row>, table: KindTable<Row>, rows: readonly Row[]): void {
  // Rows come in runs of one market.
  let current: MarketTable<Row> | undefined
  for (const row of rows) {
    if (current === undefined || current.symbol !== row.symbol || current.source !== row.source) {
      current = tableOf(table, row)
    }
    current.rows.set(kind.keyOf(row), row)
  }
}

function tableOf<Row>(table: KindTable<Row>, { source, symbol }: Market): MarketTable<Row> {
  const key = marketKey({ source, symbol })
  const known = table.get(key)
  if (known !== undefined) return known
  const made: MarketTable<Row> = { source, symbol, rows: new Map() }
  table.set(key, made)
  return made
}

export type SequencedTable<Row> = { readonly sequence: number; readonly table: KindTable<Row> }

/** The rows of some logs that a filter asks for, each with its market's table and its log's number. */
export function* loggedRows<Row extends Market>(
  kind: Kind<Row>,
  logs: readonly SequencedTable<Row>[],
  filter: MarketFilter,
): Generator<{ readonly market: Market; readonly sequence: number; readonly row: Row }> {
  const { from, to } = timeBounds(kind, filter)
  const isWanted = ({ source, symbol }: Market): boolean =>
    (filter.source ?? source) === source && (filter.symbol ?? symbol) === symbol
  for (const { sequence, table } of logs) {
    for (const market of [...table.values()].filter(isWanted)) {
      for (const row of market.rows.values()) {
        const time = kind.timeOf(row)
        if (time >= from && time < to) yield { market, sequence, row }
      }
    }
  }
}
