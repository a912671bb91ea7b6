import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LiveBook } from '../../../oracle-node/adapters/venues/live-book.ts'
import { levelsOf, numberOf } from '../../../oracle-node/adapters/venues/read-message.ts'
import { STREAM_PROTOCOLS } from '../../../oracle-node/adapters/venues/stream-protocols.ts'
import { VENUES } from '../../../oracle-node/core/market.ts'
import { isAmount, isPrice } from '../../../oracle-node/core/market-bars.ts'
import { spoiled } from '../../support/hostile-json.ts'
import { VENUE_MESSAGES } from '../../support/venue-messages.ts'

const CHANNELS = { 1: { channel: 'book', symbol: 'tBTCUSD', chanId: 1 }, 2: { channel: 'trades', symbol: 'tBTCUSD' } }

describe.each(VENUES)('%s', (venue) => {
  const { read, levelsMax, snapshot } = STREAM_PROTOCOLS[venue]

  test('its books and updates are read, and the rest is left to ccxt', () => {
    const kinds = VENUE_MESSAGES[venue].map((message) => read(message, CHANNELS).kind)
    expect(kinds).not.toContain('malformed')
    expect(kinds).toContain('update')
    if (snapshot === 'stream') expect(kinds).toContain('snapshot')
  })

  test('whatever it sends, nothing is thrown, and no level gets in that a market could not have', () => {
    const hostile = fc.oneof(fc.anything(), fc.constantFrom(...VENUE_MESSAGES[venue]).chain(spoiled))
    fc.assert(
      fc.property(fc.array(hostile, { maxLength: 20 }), (messages) => {
        const book = new LiveBook({ levelsMax, keepsUpdates: snapshot === 'rest' })
        for (const message of messages) {
          const one = read(message, CHANNELS)
          if (one.kind === 'other' || one.kind === 'none' || one.kind === 'malformed') continue
          expect(typeof one.market).toBe('string')
          book.receive(one)
        }
        const { bids, asks } = book.ladder(1_000)
        for (const [price, amount] of [...bids, ...asks]) {
          expect(isPrice(price) && isAmount(amount) && amount > 0).toBe(true)
        }
      }),
      { numRuns: 300 },
    )
  })
})

test('a row that is no level spoils its whole message, for a book with a hole is worse than none', () => {
  expect(
    levelsOf([
      ['1', '2'],
      [3, 4],
    ]),
  ).toEqual([1, 2, 3, 4])
  expect(levelsOf(undefined)).toEqual([])
  for (const bad of [
    ['1', 'x'],
    ['1', '-2'],
    ['0', '1'],
    ['NaN', '1'],
    ['1', ''],
    ['1', null],
    [],
    null,
    'ab',
    ['1e999', '1'],
  ]) {
    expect(levelsOf([['1', '2'], bad])).toBeUndefined()
  }
  expect(levelsOf(Array.from({ length: 200_001 }, () => ['1', '1']))).toBeUndefined()
  expect(levelsOf('12')).toBeUndefined()
  expect(numberOf('9'.repeat(41))).toBeNaN()
})
