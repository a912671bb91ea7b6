import { setTimeout as pause } from 'node:timers/promises'
import type { Exchange, Market } from 'ccxt'
import type { RawMarket, VenueSource } from '../../core/market.ts'
import type { UnixSeconds } from '../../core/units.ts'
import type { MarketFetch, MarketSource } from '../../ports/market-source.ts'
import type { Telemetry } from '../../ports/telemetry.ts'
import { VenueFault } from '../venue-http.ts'
import type { FollowedMarket } from './followed-market.ts'
import { groupsOf } from './groups-of.ts'
import { mergedMinutes } from './minute-bars.ts'
import { STREAM_PROTOCOLS, type StreamMarket } from './stream-protocols.ts'
import { taskQueue } from './task-queue.ts'
import { VenueConnection } from './venue-connection.ts'
import { listingOf, rejectionOf, type VenueOptions, venueExchange } from './venue-exchange.ts'
import { type MarketHistory, marketHistory } from './venue-history.ts'

/** More levels than this are not handed on: depth to 5 % of the price has fewer on any book that we know. */
const LEVELS_SERVED = 5_000
/** When an hour has closed, a venue's markets ask for it spread over so long. */
const SPREAD_MS = 30_000
const POLL_MS = 20

type Followed = {
  readonly market: FollowedMarket
  readonly connection: VenueConnection
  readonly history: MarketHistory
}

/**
 * A venue through its WebSocket: books and trades are followed, hours asked for by REST when one has closed, so that `fetch` answers
 * from memory. The first fetch connects, for all the markets that were made by then, and waits for the first book.
 */
export function streamVenue(options: VenueOptions & { readonly telemetry: Telemetry; readonly random: () => number }): {
  market(source: VenueSource): MarketSource
  close(): void
} {
  const exchange = venueExchange(options)
  const listed = listingOf(exchange, options.venue)
  const wanted = new Set<string>()
  const followed = new Map<string, Followed>()
  const connections: VenueConnection[] = []
  const later = spreadingQueue(exchange.enableRateLimit, options.random)
  let isClosed = false
  const follow = (): void => {
    const markets = [...wanted].flatMap((symbol) => streamMarket(exchange, symbol) ?? [])
    wanted.clear()
    const { perConnection } = STREAM_PROTOCOLS[options.venue]
    for (const group of isClosed ? [] : groupsOf(markets, perConnection)) {
      const own = connections.length === 0 ? exchange : siblingOf(exchange, options)
      const connection = new VenueConnection({ ...options, exchange: own, markets: group })
      connections.push(connection)
      for (const market of connection.markets) {
        const { symbol } = market.market
        const history = marketHistory({ exchange, symbol, tape: market.tape, later })
        followed.set(symbol, { market, connection, history })
      }
    }
  }
  return {
    market: (source) => {
      wanted.add(source.symbol)
      return {
        source,
        fetch: async (now): Promise<MarketFetch> => {
          try {
            await listed()
            await proxyAgent(exchange)
            follow()
            const one = followed.get(source.symbol)
            if (one === undefined) throw new VenueFault('refused', `${options.venue} lists no market ${source.symbol}`)
            return await answerOf(one, source, now, options.timeoutMs)
          } catch (error) {
            return { ok: false, ...rejectionOf(error) }
          }
        },
      }
    },
    close: () => {
      isClosed = true
      for (const connection of connections) connection.close()
    },
  }
}

async function answerOf(one: Followed, source: VenueSource, now: UnixSeconds, timeoutMs: number): Promise<MarketFetch> {
  const deadline = performance.now() + timeoutMs
  const wantsMinutes = source.priceInterval === '1m'
  one.history.refresh(now, wantsMinutes)
  await withinTime(one.history.ready(wantsMinutes), timeoutMs)
  while (source.book && one.market.isNew && one.connection.outage === undefined && performance.now() < deadline) {
    await pause(POLL_MS)
  }
  if (one.connection.outage !== undefined) return { ok: false, ...one.connection.outage }
  if (source.book && !one.market.book.isLive) return { ok: false, reason: 'out-of-sync', detail: one.market.detail }
  return { ok: true, raw: rawOf(one, source, now) }
}

function rawOf({ market, connection, history }: Followed, source: VenueSource, now: UnixSeconds): RawMarket {
  const { tape, book } = market
  const wholeFrom = tape.wholeFrom ?? Number.POSITIVE_INFINITY
  return {
    hours: history.hours,
    ...(source.priceInterval === '1m' && {
      minutes: mergedMinutes({ asked: history.minutes, made: tape.minutes, wholeFrom, now: now * 1_000 }),
    }),
    trades: tape.trades,
    ...(source.book && {
      book: book.ladder(LEVELS_SERVED),
      bookTime: now - Math.floor(connection.silence() / 1_000),
    }),
  }
}

function streamMarket(exchange: Exchange, symbol: string): StreamMarket | undefined {
  const market: Market | undefined = exchange.markets?.[symbol]
  if (market?.id === undefined || market.spot !== true || market.active === false) return undefined
  const { price, amount } = market.precision
  return { symbol, id: market.id, decimals: { price: decimalsOf(price), amount: decimalsOf(amount) } }
}

/** How many digits a number that is a multiple of `tick` has behind its point. */
function decimalsOf(tick: number | undefined): number {
  return tick === undefined || !(tick > 0) ? 0 : Math.min(20, Math.max(0, Math.ceil(-Math.log10(tick) - 1e-9)))
}

/** Another client of the same venue, for another socket: ccxt has one for each address. */
function siblingOf(exchange: Exchange, options: VenueOptions): Exchange {
  const { httpAgent } = exchange
  return Object.assign(venueExchange(options).setMarketsFromExchange(exchange), { httpAgent })
}

/** ccxt wants its agent for `ws:` loaded beforehand. */
async function proxyAgent(exchange: Exchange): Promise<void> {
  if (exchange.httpAgent === undefined) await exchange.loadHttpProxyAgent()
}

async function withinTime(promise: Promise<void>, timeoutMs: number): Promise<void> {
  const over = new AbortController()
  const timeout = pause(timeoutMs, undefined, { signal: over.signal }).then(() => {
    throw new VenueFault('timeout', `no candles within ${timeoutMs} ms; they are asked for still`)
  })
  try {
    await Promise.race([promise, timeout])
  } finally {
    timeout.catch(() => undefined)
    promise.catch(() => undefined)
    over.abort()
  }
}

/** Requests in their turn; those that are not urgent after a while that differs, where the venue is a real one. */
function spreadingQueue(
  isLimited: boolean,
  random: () => number,
): (task: () => Promise<void>, isFirst: boolean) => void {
  const queue = taskQueue(4)
  return (task, isFirst) => {
    if (isFirst || !isLimited) queue(task)
    else setTimeout(() => queue(task), random() * SPREAD_MS).unref()
  }
}
