import type { BarRow, DepthRow, MarketRows, TradeRow } from '../../oracle-node/core/market-rows.ts'
import { bar, DAY, depth, trade } from './market-rows.ts'

const SYMBOLS = ['BTC/USDT', 'ETH/USDT', 'a../b'] as const

/** Rows whose content follows from a number: three that no other number has, and one that every number replaces. */
export function numberedRows(number: number): Required<MarketRows> {
  const [bars, trades, depths] = [
    [numberedBar(number)],
    [numberedTrade(number)],
    [numberedDepth(number), counter(number)],
  ]
  return { bars, trades, depths }
}

/** Ten minutes apart, so that a day has 144 and several days are written at once. */
export function numberedBar(number: number): BarRow {
  return bar(DAY + number * 600, 1 + number / 7, { symbol: SYMBOLS[number % 3] ?? '', volume: number * 1.1 })
}

export function numberedTrade(number: number): TradeRow {
  return trade((DAY + number * 600) * 1_000 + (number % 1_000), `id-${number}`, { amount: number / 3 })
}

function numberedDepth(number: number): DepthRow {
  return depth(DAY + number * 600, { mid: 1 + number, sell: [number, number + 1, number + 2, number + 3] })
}

export function counter(number: number): DepthRow {
  return depth(DAY, { symbol: 'counter', mid: 1 + number })
}
