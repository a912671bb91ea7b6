import fc from 'fast-check'
import type {
  BarInterval,
  BarRow,
  BarSeries,
  DepthRow,
  MarketRows,
  TradeRow,
} from '../../oracle-node/core/market-rows.ts'

/** 2024-01-01T00:00:00Z. */
export const DAY = 1_704_067_200
export const DAY_SECONDS = 86_400
export const EVER = { from: 0, to: Number.POSITIVE_INFINITY }

export function bar(time: number, close = 100, over: Partial<BarRow> = {}): BarRow {
  const [open, high, low, volume] = [close, close + 1, close - 0.5, 2.5]
  return { source: 'binance', symbol: 'BTC/USDT', interval: '1m', time, open, high, low, close, volume, ...over }
}

export function trade(time: number, id: string, over: Partial<TradeRow> = {}): TradeRow {
  return { source: 'kraken', symbol: 'ETH/USD', id, time, side: 'buy', price: 2_000.25, amount: 0.1, ...over }
}

export function depth(time: number, over: Partial<DepthRow> = {}): DepthRow {
  return { source: 'okx', symbol: 'ETH/USDT', time, mid: 2_000, sell: [1, 2, 3, 4], buy: [5, 6, 7, 8.5], ...over }
}

/** A series as the rows that it holds. */
export function barsOf(series: readonly BarSeries[]): BarRow[] {
  return series.flatMap(({ source, symbol, interval, time, open, high, low, close, volume }) =>
    Array.from(time, (at, index) => ({
      source,
      symbol,
      interval,
      time: at,
      open: open[index] ?? Number.NaN,
      high: high[index] ?? Number.NaN,
      low: low[index] ?? Number.NaN,
      close: close[index] ?? Number.NaN,
      volume: volume[index] ?? Number.NaN,
    })),
  )
}

const SOURCES = ['binance', 'kraken'] as const
const SYMBOLS = ['BTC/USDT', '../../x', 'ü%2F 币安', '🜚a', '\uffeea'] as const
const price = fc.double({ min: 1e-12, max: 1e12, noNaN: true })
const amount = fc.double({ min: 0, max: 1e18, noNaN: true }).map((value) => value + 0)
const market = { source: fc.constantFrom(...SOURCES), symbol: fc.constantFrom(...SYMBOLS) }
/** Few times, so that rows of one key come often: at the edges of days, too. */
const minute = fc.constantFrom(-60, 0, 60, DAY_SECONDS - 60, DAY_SECONDS, 3 * DAY_SECONDS).map((offset) => DAY + offset)
const interval = fc.constantFrom<BarInterval>('1m', '5m')

export const anyBar: fc.Arbitrary<BarRow> = fc
  .record({
    ...market,
    interval,
    time: minute,
    prices: fc.array(price, { minLength: 4, maxLength: 4 }),
    volume: amount,
  })
  .map(({ prices, time, ...rest }) => {
    const [low = 1, open = 1, close = 1, high = 1] = prices.toSorted((a, b) => a - b)
    return { ...rest, time: rest.interval === '5m' ? time - (time % 300) : time, open, high, low, close }
  })
export const anyTrade: fc.Arbitrary<TradeRow> = fc.record({
  ...market,
  time: minute.chain((at) => fc.constantFrom(at * 1_000, at * 1_000 + 999)),
  id: fc.constantFrom('1', '2', "'; DROP TABLE bars --", '🜚', '\uffee'),
  side: fc.constantFrom<'buy' | 'sell'>('buy', 'sell'),
  price,
  amount,
})
export const anyDepth: fc.Arbitrary<DepthRow> = fc.record({
  ...market,
  time: minute,
  mid: price,
  sell: fc.tuple(amount, amount, amount, amount),
  buy: fc.tuple(amount, amount, amount, amount),
})
export const anyRows: fc.Arbitrary<Required<MarketRows>> = fc.record({
  bars: fc.array(anyBar, { maxLength: 8 }),
  trades: fc.array(anyTrade, { maxLength: 6 }),
  depths: fc.array(anyDepth, { maxLength: 4 }),
})
