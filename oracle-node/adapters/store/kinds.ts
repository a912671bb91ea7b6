import { type BarRow, type DepthRow, isInterval, SECONDS_PER_DAY, type TradeRow } from '../../core/market-rows.ts'
import type { Holding } from '../../ports/market-store.ts'

export type KindName = Holding['kind']
export type Market = { readonly source: string; readonly symbol: string }
export type Cell = string | number
export type ColumnType = 'DOUBLE' | 'BIGINT' | 'VARCHAR'

/** How rows of a kind lie in a Parquet file: the columns in their order, without source and symbol, which the path says. */
export type Kind<Row extends Market = Market> = {
  readonly name: KindName
  readonly columns: readonly (readonly [name: string, type: ColumnType])[]
  /** The columns that tell a market's rows apart, and that a file is sorted by. */
  readonly key: readonly string[]
  /** Units of the column `time` in a second. */
  readonly ticksPerSecond: 1 | 1_000
  readonly keyOf: (row: Row) => string
  readonly timeOf: (row: Row) => number
  readonly cells: (row: Row) => readonly Cell[]
  /** @throws {Error} on cells that no row of this kind was written as. */
  readonly row: (market: Market, cells: readonly (Cell | null)[]) => Row
  /** The order of one market's rows. */
  readonly compare: (a: Row, b: Row) => number
}

export const BARS: Kind<BarRow> = {
  name: 'bars',
  columns: [
    ['interval', 'VARCHAR'],
    ['time', 'BIGINT'],
    ['open', 'DOUBLE'],
    ['high', 'DOUBLE'],
    ['low', 'DOUBLE'],
    ['close', 'DOUBLE'],
    ['volume', 'DOUBLE'],
  ],
  key: ['interval', 'time'],
  ticksPerSecond: 1,
  keyOf: (row) => `${row.interval} ${row.time}`,
  timeOf: (row) => row.time,
  cells: (row) => [row.interval, row.time, row.open, row.high, row.low, row.close, row.volume],
  row: (market, [interval, time, open, high, low, close, volume]) => {
    if (!isInterval(interval)) throw new Error(`a stored bar has the interval ${interval}`)
    return {
      ...market,
      interval,
      time: number(time),
      open: number(open),
      high: number(high),
      low: number(low),
      close: number(close),
      volume: number(volume),
    }
  },
  compare: (a, b) => order(a.interval, b.interval) || a.time - b.time,
}

export const TRADES: Kind<TradeRow> = {
  name: 'trades',
  columns: [
    ['time', 'BIGINT'],
    ['id', 'VARCHAR'],
    ['side', 'VARCHAR'],
    ['price', 'DOUBLE'],
    ['amount', 'DOUBLE'],
  ],
  key: ['time', 'id'],
  ticksPerSecond: 1_000,
  keyOf: (row) => `${row.time} ${row.id}`,
  timeOf: (row) => row.time,
  cells: (row) => [row.time, row.id, row.side, row.price, row.amount],
  row: (market, [time, id, side, price, amount]) => {
    if (side !== 'buy' && side !== 'sell') throw new Error(`a stored trade has the side ${side}`)
    return { ...market, id: `${id}`, time: number(time), side, price: number(price), amount: number(amount) }
  },
  compare: (a, b) => a.time - b.time || order(a.id, b.id),
}

/** Depth columns are named by the move in basis points. */
export const DEPTHS: Kind<DepthRow> = {
  name: 'depths',
  columns: [
    ['time', 'BIGINT'],
    ['mid', 'DOUBLE'],
    ['sell_50', 'DOUBLE'],
    ['sell_100', 'DOUBLE'],
    ['sell_200', 'DOUBLE'],
    ['sell_500', 'DOUBLE'],
    ['buy_50', 'DOUBLE'],
    ['buy_100', 'DOUBLE'],
    ['buy_200', 'DOUBLE'],
    ['buy_500', 'DOUBLE'],
  ],
  key: ['time'],
  ticksPerSecond: 1,
  keyOf: (row) => `${row.time}`,
  timeOf: (row) => row.time,
  cells: (row) => [row.time, row.mid, ...row.sell, ...row.buy],
  row: (market, [time, mid, s50, s100, s200, s500, b50, b100, b200, b500]) => ({
    ...market,
    time: number(time),
    mid: number(mid),
    sell: [number(s50), number(s100), number(s200), number(s500)],
    buy: [number(b50), number(b100), number(b200), number(b500)],
  }),
  compare: (a, b) => a.time - b.time,
}

export const KIND_NAMES: readonly KindName[] = ['bars', 'trades', 'depths']

/** The UTC day of a row's time, counted from 1970. */
export function dayOf(kind: Pick<Kind, 'ticksPerSecond'>, time: number): number {
  return Math.floor(time / (SECONDS_PER_DAY * kind.ticksPerSecond))
}

/** By UTF-16 code units, as `<` compares: the same on every machine and locale. */
export function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

export function compareMarkets(a: Market, b: Market): number {
  return order(a.source, b.source) || order(a.symbol, b.symbol)
}

/** No name holds a control character, so that no two markets share a key. */
export function marketKey({ source, symbol }: Market): string {
  return `${source}\n${symbol}`
}

function number(cell: Cell | null | undefined): number {
  if (typeof cell !== 'number') throw new Error(`a stored row holds ${cell} where a number was written`)
  return cell
}
