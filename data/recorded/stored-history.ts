import { createHash } from 'node:crypto'
import { VENUES, type VenueId } from '../../oracle-node/core/market.ts'
import { SECONDS_PER_HOUR, type UnixSeconds } from '../../oracle-node/core/units.ts'
import type { BarSeries, DepthRow, Holding, MarketStore, TimeRange } from '../../oracle-node/ports/market-store.ts'
import { tradesOfBars } from './bar-trades.ts'
import { closedWithin, hoursOf } from './candle-store.ts'
import { bookOfDepth } from './depth-book.ts'
import { filesHash, type History, type HistoryBook, type HistoryDescription, type HistoryTrade } from './history.ts'
import { minutesOf, tradesWithin } from './l2-history.ts'
import { configOfMarkets } from './market-config.ts'
import type { Candle } from './read-candles.ts'

/** About a gigabyte in memory, which is how a replay holds them. */
const ROWS_MAX = 5_000_000

type Market = {
  readonly venue: VenueId
  readonly symbol: string
  readonly minutes: readonly Candle[]
  readonly hours: readonly Candle[]
  readonly trades: readonly HistoryTrade[] | undefined
  readonly depths: readonly DepthRow[]
}

/**
 * A history out of a store, so that whatever was fetched, imported or watched can be replayed: bars of a minute and an hour, trades,
 * and books that have the stored depths (see {@link bookOfDepth}). Hours are made of minutes where none are stored, minutes of trades
 * where no bars are. It is read into memory at once; what is stored later is not seen.
 * @param options.from options.to unix seconds; all that is stored when absent.
 * @param options.venues only these; all venues whose formats we speak when absent.
 * @throws {Error} when nothing is stored in that range, or more than {@link ROWS_MAX} rows.
 */
export async function storedHistory(
  store: Pick<MarketStore, 'bars' | 'trades' | 'depths' | 'holdings'>,
  options: Partial<TimeRange> & { readonly venues?: readonly VenueId[] } = {},
): Promise<History> {
  const { from = 0, to = Number.MAX_SAFE_INTEGER, venues = VENUES } = options
  const holdings = (await store.holdings()).filter(
    ({ kind, source, interval, first, last }) =>
      venues.some((venue) => venue === source) &&
      (kind !== 'bars' || interval === '1m' || interval === '1h') &&
      last >= from &&
      first < to,
  )
  if (holdings.length === 0) throw new Error(nothingStored(venues, options))
  // Of a long series that is asked for in part, the part that its length suggests.
  const rows = holdings.reduce((sum, holding) => sum + rowsWithin(holding, from, to), 0)
  if (rows > ROWS_MAX) {
    throw new Error(
      `${Math.round(rows)} rows are stored there; a replay takes ${ROWS_MAX} at most: give a shorter range`,
    )
  }
  const names = new Set(holdings.map(({ source, symbol }) => JSON.stringify([source, symbol])))
  const markets: Market[] = []
  for (const name of names) {
    const [source, symbol] = JSON.parse(name) as [VenueId, string]
    markets.push(await load(store, source, symbol, { from, to }))
  }
  const times = holdings.map(({ interval, first, last }) => ({
    first: Math.max(first, from),
    // A bar can be seen when it has closed.
    last: Math.min(last + (interval === '1h' ? SECONDS_PER_HOUR : 60), to),
  }))
  const period = {
    from: Math.ceil(Math.min(...times.map(({ first }) => first))) as UnixSeconds,
    to: Math.floor(Math.max(...times.map(({ last }) => last))) as UnixSeconds,
  }
  return historyIn(markets, period)
}

function nothingStored(venues: readonly VenueId[], { from, to }: Partial<TimeRange>): string {
  const range = [from, to].map((time) => (time === undefined ? '…' : new Date(time * 1_000).toISOString())).join(' to ')
  return `the store has no minutes, hours, trades or depths of ${venues.join(', ')} from ${range}; plimsoll data list shows what it has`
}

function rowsWithin({ rows, first, last }: Holding, from: number, to: number): number {
  const length = Math.max(1, last - first)
  return (rows * Math.max(0, Math.min(last, to) - Math.max(first, from))) / length
}

async function load(
  store: Pick<MarketStore, 'bars' | 'trades' | 'depths'>,
  source: VenueId,
  symbol: string,
  range: TimeRange,
): Promise<Market> {
  const filter = { source, symbol, ...range }
  const [minuteSeries, hourSeries, rows, depths] = await Promise.all([
    store.bars({ ...filter, interval: '1m' }),
    store.bars({ ...filter, interval: '1h' }),
    store.trades(filter),
    store.depths(filter),
  ])
  // Names of trades that are no numbers have no order, and some venues' formats have numbers alone: they are numbered anew.
  const trades = rows
    .toSorted((a, b) => a.time - b.time)
    .map(({ time, side, price, amount }, index): HistoryTrade => ({ id: index + 1, time, side, price, amount }))
  const stored = candlesOf(minuteSeries[0])
  const minutes = stored.length > 0 ? stored : minutesOf(trades)
  const hours = candlesOf(hourSeries[0])
  return {
    venue: source,
    symbol,
    minutes,
    hours: hours.length > 0 ? hours : wholeHours(minutes),
    trades: trades.length > 0 ? trades : undefined,
    depths: depths.toSorted((a, b) => a.time - b.time),
  }
}

function candlesOf(series: BarSeries | undefined): Candle[] {
  if (series === undefined) return []
  const { time, open, high, low, close, volume } = series
  const at = (column: Float64Array, index: number): number => column[index] ?? Number.NaN
  return Array.from(time, (ts, index) => ({
    ts,
    open: at(open, index),
    high: at(high, index),
    low: at(low, index),
    close: at(close, index),
    volume: at(volume, index),
  }))
}

/** Hours of which the beginning is known: the first may have been cut off. */
function wholeHours(minutes: readonly Candle[]): Candle[] {
  const hours = hoursOf(minutes)
  return (minutes[0]?.ts ?? 0) % SECONDS_PER_HOUR === 0 ? hours : hours.slice(1)
}

function historyIn(all: readonly Market[], period: History['period']): History {
  const byName = new Map(all.map((market) => [`${market.venue}:${market.symbol}`, market]))
  const find = (venue: VenueId, symbol: string): Market | undefined => byName.get(`${venue}:${symbol}`)
  const markets: History['markets'] = (venue) =>
    all
      .filter((market) => market.venue === venue)
      .map(({ symbol }) => {
        const [base = symbol, quote = ''] = symbol.split('/')
        return { symbol, base, quote }
      })
  const bars: History['bars'] = ({ venue, symbol, interval, from, to }) => {
    const market = find(venue, symbol)
    const candles = interval === '1m' ? market?.minutes : market?.hours
    return closedWithin(candles ?? [], interval === '1m' ? 60 : SECONDS_PER_HOUR, from, to)
  }
  let described: HistoryDescription | undefined
  return {
    describe: () => {
      described ??= describe(all)
      return described
    },
    markets,
    bars,
    book: ({ venue, symbol, at }) => bookAt(find(venue, symbol)?.depths ?? [], at),
    trades: ({ venue, symbol, from, to }) => {
      const market = find(venue, symbol)
      return market?.trades === undefined
        ? tradesOfBars({ bars }, { venue, symbol, from, to })
        : tradesWithin(market.trades, from, to)
    },
    period,
    marketConfig: (baseUrls) =>
      configOfMarkets({
        baseUrls,
        markets,
        hasBook: (venue, symbol) => (find(venue, symbol)?.depths.length ?? 0) > 0,
      }),
  }
}

function describe(all: readonly Market[]): HistoryDescription {
  const files = all.map((market) => ({ name: `${market.venue} ${market.symbol}`, sha256: hashOf(market) }))
  const note = 'Out of a store of market data; order books are made of their stored depth.'
  return { source: 'recorded', files, sha256: filesHash(files), note }
}

/** Of the newest depth that was measured by then. */
function bookAt(depths: readonly DepthRow[], at: number): HistoryBook | undefined {
  let low = 0
  let high = depths.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((depths[middle]?.time ?? 0) <= at) low = middle + 1
    else high = middle
  }
  const depth = depths[low - 1]
  return depth && bookOfDepth(depth)
}

function hashOf({ minutes, hours, trades, depths }: Market): string {
  const hash = createHash('sha256')
  for (const rows of [minutes, hours, trades ?? [], depths]) {
    for (const row of rows) hash.update(`${Object.values(row).join(',')}\n`)
    hash.update('\n')
  }
  return hash.digest('hex')
}
