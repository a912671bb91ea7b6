import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import type { FaultKind } from '../../../data/venues/faults.ts'
import { startVenues, type Venues } from '../../../data/venues/venues.ts'
import { type CcxtVenues, ccxtVenues } from '../../../oracle-node/adapters/venues/venue-ccxt.ts'
import { VENUES, type VenueId } from '../../../oracle-node/core/market.ts'
import { parseTick } from '../../../oracle-node/core/tick.ts'
import type { UnixSeconds } from '../../../oracle-node/core/units.ts'
import type { MarketFetch, MarketSource } from '../../../oracle-node/ports/market-source.ts'
import { memoryTelemetry } from '../../support/memory-telemetry.ts'
import { movingBook, movingHistory, movingSource, STEP_MS } from '../../support/moving-market.ts'

/** Their changes have no numbers: what is lost is found when the book crosses, or at the next renewal. */
const WITHOUT_NUMBERS: readonly VenueId[] = ['bitstamp', 'coinbaseexchange']
const NUMBERED = VENUES.filter((venue) => !WITHOUT_NUMBERS.includes(venue))
/** All of what each test follows at once: nine venues with a book that changes ten times a second. */
const WITHIN_MS = 12_000

let servers: Venues
let venues: CcxtVenues
let telemetry: ReturnType<typeof memoryTelemetry>
let sources: ReadonlyMap<VenueId, MarketSource>
const unhandled: unknown[] = []
const note = (error: unknown): void => {
  unhandled.push(error)
}

beforeAll(async () => {
  process.on('unhandledRejection', note)
  servers = await startVenues({ history: movingHistory(), now: () => Date.now() / 1_000 })
})
afterAll(async () => {
  await servers.close()
  process.off('unhandledRejection', note)
})
beforeEach(() => {
  telemetry = memoryTelemetry()
  const config = {
    venues: Object.fromEntries(
      VENUES.map((venue) => [
        venue,
        { baseUrl: servers.baseUrls[venue], streamUrl: servers.streamUrls[venue], stream: true },
      ]),
    ),
    timeoutMs: 3_000,
    responseBytesMax: 4_000_000,
  }
  venues = ccxtVenues(config, telemetry)
  sources = new Map(VENUES.map((venue) => [venue, venues.market(movingSource(venue))]))
})
afterEach(async () => {
  setFault(null)
  await venues.close()
  expect(unhandled).toEqual([])
})

function setFault(fault: FaultKind | null, of: readonly VenueId[] = VENUES): void {
  for (const venue of of) servers.faults.set(venue, fault)
}

function fetchOf(venue: VenueId): Promise<MarketFetch> {
  const source = sources.get(venue)
  if (source === undefined) throw new Error(`no source of ${venue}`)
  return source.fetch(Math.floor(Date.now() / 1_000) as UnixSeconds)
}

/** Whether a followed book is level for level what the venue's was a moment ago. */
function isTrue(book: unknown): boolean {
  const text = JSON.stringify(book)
  const levels = text.length
  return Array.from({ length: 15 }, (_, steps) => {
    const truth = movingBook((Date.now() - steps * STEP_MS) / 1_000)
    // Bitfinex has 250 levels.
    const cut = text.split('],[').length < 590 ? 250 : 300
    return JSON.stringify({ bids: truth.bids.slice(0, cut), asks: truth.asks.slice(0, cut) })
  }).some((truth) => truth === text && levels > 1_000)
}

async function eventually(what: string, check: () => Promise<boolean> | boolean): Promise<void> {
  const deadline = performance.now() + WITHIN_MS
  while (!(await check())) {
    if (performance.now() > deadline) throw new Error(`not within ${WITHIN_MS} ms: ${what}`)
    await pause(50)
  }
}

/** Waits until the followed books of all these venues are true. */
async function allTrue(of: readonly VenueId[]): Promise<void> {
  await Promise.all(
    of.map((venue) =>
      eventually(`the book of ${venue} is true`, async () => {
        const fetched = await fetchOf(venue)
        return fetched.ok && isTrue(fetched.raw.book)
      }),
    ),
  )
}

function counted(metric: string, venue: VenueId): number {
  return telemetry.counted(metric, { venue })
}

test('every venue’s book is followed level for level, and the rest of the node cannot tell it from REST', async () => {
  await allTrue(VENUES)
  for (const venue of VENUES) {
    const now = Math.floor(Date.now() / 1_000) as UnixSeconds
    const start = performance.now()
    const fetched = await fetchOf(venue)
    if (!fetched.ok) throw new Error(fetched.detail)
    expect(performance.now() - start).toBeLessThan(200)
    const parsed = parseTick({ source: movingSource(venue), raw: fetched.raw, now })
    expect(parsed).toMatchObject({ ok: true, tick: { price: expect.closeTo(1_000, -1) } })
    expect(fetched.raw.bookTime).toBeGreaterThanOrEqual(now - 2)
  }
  await eventually('each venue’s trades come', async () => {
    const all = await Promise.all(VENUES.map(fetchOf))
    return all.every((one) => one.ok && Array.isArray(one.raw.trades) && one.raw.trades.length > 0)
  })
  expect(telemetry.counted('plimsoll_book_gaps_total')).toBe(0)
  expect(telemetry.counted('plimsoll_stream_reconnects_total')).toBe(0)
  expect(telemetry.counted('plimsoll_stream_messages_rejected_total')).toBe(0)
})

test('a lost message is found, counted, and the book is true again', async () => {
  await allTrue(NUMBERED)
  setFault('sequence-gap', NUMBERED)
  await Promise.all(
    NUMBERED.map((venue) =>
      eventually(`a gap of ${venue} is counted`, () => counted('plimsoll_book_gaps_total', venue) > 0),
    ),
  )
  setFault(null)
  await allTrue(NUMBERED)
})

test('where nothing is numbered, a book that stays crossed is asked for anew', async () => {
  await allTrue(WITHOUT_NUMBERS)
  setFault('crossed-book', WITHOUT_NUMBERS)
  await Promise.all(
    WITHOUT_NUMBERS.map((venue) =>
      eventually(`a gap of ${venue} is counted`, () => counted('plimsoll_book_gaps_total', venue) > 0),
    ),
  )
  setFault(null)
  await allTrue(WITHOUT_NUMBERS)
})

test('a lost connection is opened again', async () => {
  await allTrue(VENUES)
  setFault('drop-connection')
  await Promise.all(
    VENUES.map((venue) =>
      eventually(`${venue} is reconnected`, () => counted('plimsoll_stream_reconnects_total', venue) > 0),
    ),
  )
  setFault(null)
  await allTrue(VENUES)
})

test.each(['garbage', 'wrong-shape', 'nan', 'reorder', 'duplicate', 'huge-message', 'bad-checksum'] as const)(
  'a venue that sends %s stops nothing, and its book is true again after it',
  async (fault) => {
    await allTrue(VENUES)
    setFault(fault)
    await pause(1_500)
    setFault(null)
    await allTrue(VENUES)
  },
)

test('while there is no book in step, the reason is named', async () => {
  await allTrue(['kraken', 'binance'])
  setFault('bad-checksum', ['kraken'])
  await eventually('Kraken is out of step', async () => {
    const fetched = await fetchOf('kraken')
    return !fetched.ok && fetched.reason === 'out-of-sync' && fetched.detail.includes('checksum')
  })
  setFault('http-500', ['binance'])
  servers.faults.set('binance', 'drop-connection')
  await eventually('Binance is unreachable', async () => {
    const fetched = await fetchOf('binance')
    return !fetched.ok && fetched.reason === 'unreachable'
  })
})

test('a market that a venue does not list is refused', async () => {
  const source = venues.market({ ...movingSource('okx'), symbol: 'DOGE/USDT' })
  expect(await source.fetch(Math.floor(Date.now() / 1_000) as UnixSeconds)).toMatchObject({
    ok: false,
    reason: 'refused',
  })
})

test('closing leaves no socket and no timer', async () => {
  const open = (): number => process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length
  await pause(100)
  const before = open()
  await allTrue(VENUES)
  expect(open()).toBeGreaterThan(before)
  await venues.close()
  // Keep-alive sockets of REST belong to the process's own agent.
  await eventually('the sockets are gone', () => open() <= before + 2 * VENUES.length)
})
