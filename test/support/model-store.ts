import type { BarRow, DepthRow, MarketRows, TradeRow } from '../../oracle-node/core/market-rows.ts'
import type { Holding, MarketFilter } from '../../oracle-node/ports/market-store.ts'
import { DAY_SECONDS } from './market-rows.ts'

type Row = BarRow | TradeRow | DepthRow
type Kind = Holding['kind']

const before = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
const secondsOf = (kind: Kind, row: Row): number => (kind === 'trades' ? row.time / 1_000 : row.time)

/** What a store should hold, in the plainest way: the last row of each key. */
export function modelStore() {
  const rows = {
    bars: new Map<string, BarRow>(),
    trades: new Map<string, TradeRow>(),
    depths: new Map<string, DepthRow>(),
  }
  const chosen = <R extends Row>(kind: Kind, all: Map<string, R>, { from, to, source, symbol }: MarketFilter): R[] =>
    [...all.values()]
      .filter((row) => source === undefined || row.source === source)
      .filter((row) => symbol === undefined || row.symbol === symbol)
      .filter((row) => secondsOf(kind, row) >= from && secondsOf(kind, row) < to)
      .toSorted((a, b) => before(a.source, b.source) || before(a.symbol, b.symbol) || a.time - b.time)
  return {
    append: ({ bars = [], trades = [], depths = [] }: MarketRows): void => {
      for (const row of bars) rows.bars.set([row.source, row.symbol, row.interval, row.time].join('|'), row)
      for (const row of trades) rows.trades.set([row.source, row.symbol, row.time, row.id].join('|'), row)
      for (const row of depths) rows.depths.set([row.source, row.symbol, row.time].join('|'), row)
    },
    bars: (filter: MarketFilter & { readonly interval: BarRow['interval'] }) =>
      chosen('bars', rows.bars, filter).filter(({ interval }) => interval === filter.interval),
    trades: (filter: MarketFilter) =>
      chosen('trades', rows.trades, filter).toSorted(
        (a, b) => before(a.source, b.source) || before(a.symbol, b.symbol) || a.time - b.time || before(a.id, b.id),
      ),
    depths: (filter: MarketFilter) => chosen('depths', rows.depths, filter),
    retain: (kind: Kind, time: number): number => {
      const dropped = new Set<number>()
      for (const [key, row] of rows[kind]) {
        const day = Math.floor(secondsOf(kind, row) / DAY_SECONDS)
        if ((day + 1) * DAY_SECONDS > time) continue
        dropped.add(day)
        rows[kind].delete(key)
      }
      return dropped.size
    },
    /** Rows of each market and interval. */
    counts: (): Map<string, number> => {
      const counts = new Map<string, number>()
      for (const kind of ['bars', 'trades', 'depths'] as const) {
        for (const row of rows[kind].values()) {
          const key = [kind, row.source, row.symbol, 'interval' in row ? row.interval : ''].join('|')
          counts.set(key, (counts.get(key) ?? 0) + 1)
        }
      }
      return counts
    },
  }
}
