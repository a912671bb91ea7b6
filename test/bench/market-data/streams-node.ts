import type ccxt from 'ccxt'
import { LiveBook } from '../../../oracle-node/adapters/venues/live-book.ts'
import { ccxtVenues } from '../../../oracle-node/adapters/venues/venue-ccxt.ts'
import { venueExchange } from '../../../oracle-node/adapters/venues/venue-exchange.ts'
import type { UnixSeconds } from '../../../oracle-node/core/units.ts'
import { BENCH_VENUES, BENCH_WIRES } from './streams-wire.ts'

/** Run as a process of its own: the real adapter, or plain ccxt with its usual loop, on the servers of streams-server.ts. */
const [kind = 'adapter', originsText = '{}', basesText = '[]'] = process.argv.slice(2)
const origins: Readonly<Record<string, string>> = JSON.parse(originsText)
const bases: readonly string[] = JSON.parse(basesText)
const BYTES_MAX = 16_000_000

/** As many levels as the adapter follows, where ccxt allows it. */
const LIMITS: Readonly<Partial<Record<string, number>>> = { bybit: 1_000, kraken: 1_000, gate: 400, bitfinex: 100 }

let applied = 0
let failed = 0
let lags: number[] = []
const symbolsOf = (venue: (typeof BENCH_VENUES)[number]): string[] =>
  bases.map((base) => `${base}/${BENCH_WIRES[venue].quote}`)

if (kind === 'adapter') await followByAdapter()
else await followByCcxt()
process.send?.({ ready: true })
process.on('message', () => {
  const { rss } = process.memoryUsage()
  process.send?.({ applied, failed, cpu: process.cpuUsage(), at: performance.now(), rss, lags })
  lags = []
})
process.on('disconnect', () => process.exit())

async function followByAdapter(): Promise<void> {
  const receive = LiveBook.prototype.receive
  LiveBook.prototype.receive = function (message) {
    const outcome = receive.call(this, message)
    if (message.kind === 'update' && outcome.kind === 'applied') applied++
    if (outcome.kind === 'gap') failed++
    // Coinbase's updates bear the time at which they were made.
    if (message.market === `${bases[0]}-USD` && message.last !== undefined) lags.push(Date.now() - message.last)
    return outcome
  }
  const venues = ccxtVenues(
    {
      venues: Object.fromEntries(
        BENCH_VENUES.map((venue) => [
          venue,
          { baseUrl: `http://${origins[venue]}`, streamUrl: `ws://${origins[venue]}`, stream: true },
        ]),
      ),
      timeoutMs: 60_000,
      responseBytesMax: BYTES_MAX,
    },
    { log: () => undefined, count: () => undefined, gauge: () => undefined },
  )
  const sources = BENCH_VENUES.flatMap((venue) =>
    symbolsOf(venue).map((symbol) =>
      venues.market({
        venue,
        symbol,
        quote: BENCH_WIRES[venue].quote,
        priceInterval: '1h',
        maxAgeSeconds: 600,
        book: true,
      }),
    ),
  )
  const fetched = await Promise.all(
    sources.map((source) => source.fetch(Math.floor(Date.now() / 1_000) as UnixSeconds)),
  )
  for (const one of fetched) if (!one.ok) throw new Error(one.detail)
}

async function followByCcxt(): Promise<void> {
  await Promise.all(
    BENCH_VENUES.map(async (venue) => {
      const exchange = venueExchange({
        venue,
        baseUrl: `http://${origins[venue]}`,
        streamUrl: `ws://${origins[venue]}`,
        timeoutMs: 60_000,
        responseBytesMax: BYTES_MAX,
      })
      // Coinbase's other channel needs a key, which the server does not ask for.
      Object.assign(exchange, { authenticate: () => ({}) })
      // The loop turns once for several messages when they come thick: what reaches a book is counted, as for the adapter.
      const handle = exchange.handleMessage.bind(exchange)
      exchange.handleMessage = (client: unknown, message: unknown) => {
        handle(client, message)
        applied += venue === 'bitfinex' ? 0.5 : 1
      }
      await exchange.loadHttpProxyAgent()
      await exchange.loadMarkets()
      for (const symbol of symbolsOf(venue)) void watch(exchange, symbol, LIMITS[venue])
    }),
  )
}

async function watch(
  exchange: InstanceType<typeof ccxt.Exchange>,
  symbol: string,
  limit: number | undefined,
): Promise<never> {
  for (;;) {
    try {
      await exchange.watchOrderBook(symbol, limit)
    } catch {
      failed++
      await exchange.sleep(100)
    }
  }
}
