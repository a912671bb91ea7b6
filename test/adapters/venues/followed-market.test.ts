import { describe, expect, test } from 'vitest'
import { CROSSED_MAX_MS, FollowedMarket, QUIET_MS } from '../../../oracle-node/adapters/venues/followed-market.ts'
import type { BookMessage } from '../../../oracle-node/adapters/venues/live-book.ts'
import { STREAM_PROTOCOLS } from '../../../oracle-node/adapters/venues/stream-protocols.ts'
import type { VenueId } from '../../../oracle-node/core/market.ts'

function followed(venue: VenueId): FollowedMarket {
  const market = { symbol: 'BTC/USD', id: 'btcusd', decimals: { price: 2, amount: 8 } }
  const one = new FollowedMarket(market, STREAM_PROTOCOLS[venue], () => 0)
  one.begin(0)
  return one
}
const snapshot = (last: number, bid = 99): BookMessage => ({
  market: 'btcusd',
  kind: 'snapshot',
  bids: [bid, 1],
  asks: [101, 1],
  last,
})
const update = (last: number, bid: number): BookMessage => ({
  market: 'btcusd',
  kind: 'update',
  bids: [bid, 1],
  asks: [],
  last,
})

describe('a book whose snapshot comes by REST', () => {
  test('is asked for at its first update, once; and without any update after a while', () => {
    const one = followed('bitstamp')
    expect(one.takeRequest(1)).toBe(false)
    one.receive(update(5, 98), 10)
    expect(one.takeRequest(10)).toBe(true)
    one.receive(update(6, 98), 11)
    expect(one.takeRequest(11)).toBe(false)
    expect(followed('bitstamp').takeRequest(QUIET_MS - 1)).toBe(false)
    expect(followed('bitstamp').takeRequest(QUIET_MS)).toBe(true)
  })

  test('is asked for again, after a pause, when the snapshot is older than the updates', () => {
    const one = followed('bitstamp')
    one.receive(update(5, 98), 10)
    expect(one.takeRequest(10)).toBe(true)
    expect(one.receive(snapshot(4), 20).kind).toBe('waiting')
    expect(one.takeRequest(21)).toBe(false)
    expect(one.takeRequest(20 + 500)).toBe(true)
    expect(one.receive(snapshot(6), 600).kind).toBe('ready')
    expect(one.book.isLive).toBe(true)
  })
})

test('a book that is crossed for a moment is kept, one that stays so is given up', () => {
  const one = followed('coinbaseexchange')
  one.receive(snapshot(1), 0)
  one.receive(update(2, 102), 100)
  expect(one.check(1_000)).toBeUndefined()
  expect(one.check(1_000 + CROSSED_MAX_MS)).toBeUndefined()
  expect(one.check(1_001 + CROSSED_MAX_MS)).toMatch(/best bid/)
  const other = followed('coinbaseexchange')
  other.receive(snapshot(1), 0)
  other.receive(update(2, 102), 100)
  expect(other.check(1_000)).toBeUndefined()
  other.receive({ ...update(3, 102), bids: [102, 0] }, 1_500)
  expect(other.check(2_000)).toBeUndefined()
  expect(other.check(9_000)).toBeUndefined()
})

test('failures make the pauses longer, and a minute in step makes them short again', () => {
  const one = followed('kraken')
  expect(one.takeRequest(0)).toBe(false)
  one.lose('first', 1_000)
  expect(one.takeRequest(1_000)).toBe(true)
  one.lose('second', 2_000)
  expect(one.takeRequest(2_999)).toBe(false)
  expect(one.takeRequest(3_000)).toBe(true)
  one.lose('third', 4_000)
  expect(one.takeRequest(5_999)).toBe(false)
  expect(one.takeRequest(6_000)).toBe(true)
  expect(one.detail).toBe('third')
  one.receive({ ...snapshot(1), market: 'BTC/USD' }, 7_000)
  expect(one.check(8_000)).toBeUndefined()
  expect(one.check(68_000)).toBeUndefined()
  one.lose('much later', 70_000)
  expect(one.takeRequest(70_000)).toBe(true)
})

test('a book that was asked for and does not come is asked for again', () => {
  const one = followed('okx')
  expect(one.check(60_000)).toBeUndefined()
  expect(one.check(60_001)).toMatch(/no book came/)
})

test('a book without numbers is renewed from time to time, one with numbers never', () => {
  const one = followed('coinbaseexchange')
  one.receive(snapshot(1), 0)
  expect(one.isDue(600_000)).toBe(false)
  expect(one.isDue(600_001)).toBe(true)
  one.renew(600_001)
  expect(one.takeRequest(600_001)).toBe(true)
  const numbered = followed('okx')
  numbered.receive({ ...snapshot(1), previous: 0 }, 0)
  expect(numbered.isDue(1e9)).toBe(false)
})

test('an answer from before the book was given up is told apart', () => {
  const one = followed('bitstamp')
  const { episode } = one
  one.lose('a gap', 5)
  expect(one.episode).not.toBe(episode)
})
