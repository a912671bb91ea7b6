import { BAR_SECONDS, type BarInterval } from '../../oracle-node/core/market-rows.ts'
import type { Holding, MarketStore } from '../../oracle-node/ports/market-store.ts'
import type { FileCheck } from './check-file.ts'
import type { NamedCheck } from './check-files.ts'
import { checkSeries } from './check-series.ts'
import type { CheckOptions, SeriesColumns } from './series.ts'

/** Every holding of a store judged: bars as candles, trades and depths by their number and period. */
export async function checkStore(
  store: MarketStore,
  options: CheckOptions,
  onHolding: (name: string) => void = () => undefined,
): Promise<NamedCheck[]> {
  const checks: NamedCheck[] = []
  for (const holding of await store.holdings()) {
    const { source: group, symbol, interval, kind } = holding
    const name = `${symbol} ${interval ?? kind}`
    onHolding(`${group} ${name}`)
    checks.push({ group, name, found: await checkHolding(store, holding, options) })
  }
  return checks
}

async function checkHolding(store: MarketStore, holding: Holding, options: CheckOptions): Promise<FileCheck> {
  const { source, symbol, interval, rows, first, last } = holding
  if (holding.kind !== 'bars' || interval === undefined) {
    const kind = holding.kind === 'trades' ? 'trades' : 'quotes'
    return { kind, source, symbol, rows, first, last, unreadable: 0 }
  }
  const series = await readBars(store, { source, symbol, interval, first, last })
  if (series.time.length === 0) return { kind: 'empty', source, symbol, interval, rows: 0, unreadable: 0 }
  const check = checkSeries(series, { seconds: BAR_SECONDS[interval], from: 'name' }, options)
  return { kind: 'candles', source, symbol, interval, check, unreadable: 0 }
}

const COLUMNS = ['time', 'open', 'high', 'low', 'close', 'volume'] as const
/** Bars that are read at once: two years of minutes, well below what a store gives in one answer. */
const BARS_AT_ONCE = 1_000_000

async function readBars(
  store: MarketStore,
  market: Pick<Holding, 'source' | 'symbol' | 'first' | 'last'> & { readonly interval: BarInterval },
): Promise<SeriesColumns> {
  const { source, symbol, interval, first, last } = market
  const all: Record<(typeof COLUMNS)[number], number[]> = {
    time: [],
    open: [],
    high: [],
    low: [],
    close: [],
    volume: [],
  }
  const length = BARS_AT_ONCE * BAR_SECONDS[interval]
  for (let from = first; from <= last; from += length) {
    const [part] = await store.bars({ source, symbol, interval, from, to: Math.min(from + length, last + 1) })
    if (part === undefined) continue
    for (const column of COLUMNS) for (const value of part[column]) all[column].push(value)
  }
  return all
}
