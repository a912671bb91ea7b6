import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { mergedMinutes } from '../../../oracle-node/adapters/venues/minute-bars.ts'
import { TAPE_TRADES_MAX, tradeTape } from '../../../oracle-node/adapters/venues/trade-tape.ts'

const MINUTE = 60_000
const trade = (timestamp: number, price = 100, amount = 1) => ({
  id: `${timestamp}`,
  timestamp,
  price,
  amount,
  side: 'buy',
  info: {},
})

describe('the minutes of a tape', () => {
  test('are those of its trades, from the first whole minute on, without the one that is open', () => {
    const tape = tradeTape()
    for (const [at, price] of [
      [30_000, 9],
      [60_000, 10],
      [61_000, 12],
      [90_000, 8],
      [119_999, 11],
      [200_000, 13],
      [240_000, 14],
    ] as const) {
      expect(tape.append(trade(at, price, 2))).toBe(true)
    }
    expect(tape.wholeFrom).toBe(MINUTE)
    const asked = [
      [0, 1, 1, 1, 1, 1],
      [MINUTE, 2, 2, 2, 2, 2],
    ]
    const merged = mergedMinutes({ asked, made: tape.minutes, wholeFrom: MINUTE, now: 5 * MINUTE - 1 })
    expect(merged).toEqual([
      [0, 1, 1, 1, 1, 1],
      [MINUTE, 10, 12, 8, 11, 8],
      [3 * MINUTE, 13, 13, 13, 13, 2],
    ])
  })

  test('begin anew after an interruption, while the trades stay', () => {
    const tape = tradeTape()
    tape.append(trade(MINUTE))
    tape.interrupt()
    expect(tape.wholeFrom).toBeUndefined()
    expect(tape.minutes.size).toBe(0)
    expect(tape.trades).toHaveLength(1)
    tape.append(trade(5 * MINUTE + 1))
    expect(tape.wholeFrom).toBe(6 * MINUTE)
  })

  test('hold every trade once: volumes add up, extremes are extremes', () => {
    const trades = fc.array(
      fc.record({
        at: fc.integer({ min: 0, max: 30 * MINUTE }),
        price: fc.integer({ min: 1, max: 99 }),
        amount: fc.integer({ min: 0, max: 9 }),
      }),
      { minLength: 1 },
    )
    fc.assert(
      fc.property(trades, (all) => {
        const tape = tradeTape()
        for (const { at, price, amount } of all) tape.append(trade(at, price, amount))
        const minutes = [...tape.minutes.values()]
        expect(minutes.reduce((sum, [, , , , , volume]) => sum + volume, 0)).toBe(
          all.reduce((sum, { amount }) => sum + amount, 0),
        )
        for (const [time, open, high, low, close] of minutes) {
          const own = all.filter(({ at }) => at >= time && at < time + MINUTE)
          expect(high).toBe(Math.max(...own.map(({ price }) => price)))
          expect(low).toBe(Math.min(...own.map(({ price }) => price)))
          expect([open, close]).toEqual([own[0]?.price, own.at(-1)?.price])
        }
      }),
    )
  })
})

test('only what a market could have traded is taken, and no more is kept than is needed', () => {
  const tape = tradeTape()
  for (const bad of [
    null,
    'x',
    {},
    trade(Number.NaN),
    trade(-1),
    trade(1.5),
    trade(1, Number.NaN),
    trade(1, -1),
    trade(1, 0),
    trade(1, 1, -1),
    { ...trade(1), price: '1' },
  ]) {
    expect(tape.append(bad)).toBe(false)
  }
  fc.assert(
    fc.property(fc.anything(), (value) => {
      tape.append(value)
    }),
  )
  for (let at = 0; at < 10 * TAPE_TRADES_MAX; at++) tape.append(trade(at * MINUTE))
  expect(tape.trades).toHaveLength(TAPE_TRADES_MAX)
  expect(tape.trades.at(-1)).toEqual({
    id: `${(10 * TAPE_TRADES_MAX - 1) * MINUTE}`,
    timestamp: (10 * TAPE_TRADES_MAX - 1) * MINUTE,
    side: 'buy',
    price: 100,
    amount: 1,
  })
  expect(tape.minutes.size).toBeLessThanOrEqual(120)
})
