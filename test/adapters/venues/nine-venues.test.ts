import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { FaultKind } from '../../../data/venues/faults.ts'
import { startVenues, type Venues } from '../../../data/venues/venues.ts'
import { restVenue } from '../../../oracle-node/adapters/venues/venue-rest.ts'
import { HISTORY_HOURS } from '../../../oracle-node/core/bar.ts'
import { VENUES } from '../../../oracle-node/core/market.ts'
import { parseTick } from '../../../oracle-node/core/tick.ts'
import type { UnixSeconds } from '../../../oracle-node/core/units.ts'
import { movingHistory, movingSource } from '../../support/moving-market.ts'

let servers: Venues
beforeAll(async () => {
  servers = await startVenues({ history: movingHistory(), now: () => Date.now() / 1_000 })
})
afterAll(async () => {
  await servers.close()
})
afterEach(() => {
  for (const venue of VENUES) servers.faults.set(venue, null)
})

describe.each(VENUES)('%s by REST', (venue) => {
  const source = movingSource(venue)
  const fetch = () => {
    const baseUrl = servers.baseUrls[venue]
    const now = Math.floor(Date.now() / 1_000) as UnixSeconds
    const market = restVenue({ venue, baseUrl, timeoutMs: 1_500, responseBytesMax: 1_000_000 }).market(source)
    return market.fetch(now).then((fetched) => ({ fetched, now }))
  }

  test('gives candles, a book and trades that the core accepts, from its own paths alone', async () => {
    const { fetched, now } = await fetch()
    if (!fetched.ok) throw new Error(fetched.detail)
    const parsed = parseTick({ source, raw: fetched.raw, now })
    if (!parsed.ok) throw new Error(parsed.detail)
    // One less or more where the hour turns between the question and the answer, or nobody has traded in the new hour yet.
    expect(Math.abs(parsed.tick.bars.length - HISTORY_HOURS)).toBeLessThanOrEqual(1)
    expect(parsed.tick.price).toBeCloseTo(1_000, -1)
    expect(parsed.tick.ladder?.bids.length).toBeGreaterThanOrEqual(100)
    expect(fetched.raw.trades).toHaveLength(50)
    expect(fetched.raw.minutes).toHaveLength(60)
  })

  test.each([
    ['garbage', ['malformed']],
    ['wrong-shape', ['malformed']],
    ['http-429', ['rate-limited']],
    ['http-500', ['server-error']],
    ['huge', ['malformed', 'timeout']],
  ] as const)('%s is named', async (fault: FaultKind, reasons) => {
    servers.faults.set(venue, fault)
    const { fetched } = await fetch()
    expect(reasons).toContain(fetched.ok ? 'accepted' : fetched.reason)
  })

  test('numbers that are none never get past the core', async () => {
    servers.faults.set(venue, 'nan')
    const { fetched, now } = await fetch()
    const parsed = fetched.ok ? parseTick({ source, raw: fetched.raw, now }) : fetched
    expect(parsed).toMatchObject({ ok: false, reason: 'malformed' })
  })
})
