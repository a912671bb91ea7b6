import { expect, test } from 'vitest'
import { antitheticOrders } from '../../oracle-node/core/explain-orders.ts'

test('each order is one of all the players, and its reverse follows it', () => {
  const orders = antitheticOrders({ count: 12, pairs: 20, seed: 'a seed' })
  expect(orders).toHaveLength(40)
  for (const [index, order] of orders.entries()) {
    expect(order.toSorted((a, b) => a - b)).toEqual([...Array(12).keys()])
    if (index % 2 === 1) expect(order).toEqual(orders[index - 1]?.toReversed())
  }
})

test('every player is as likely in every place', () => {
  const count = 7
  const pairs = 7_000
  const met = Array.from({ length: count }, () => new Array<number>(count).fill(0))
  const drawn = antitheticOrders({ count, pairs, seed: 'fair' }).filter((_, index) => index % 2 === 0)
  for (const order of drawn) {
    for (const [place, player] of order.entries()) {
      const row = met[player]
      if (row !== undefined) row[place] = (row[place] ?? 0) + 1
    }
  }
  // 1 000 are expected in each of 49 cells; the standard deviation is √(7 000 · 1/7 · 6/7) = 29, and four of them are allowed.
  for (const row of met) for (const times of row) expect(Math.abs(times - 1_000)).toBeLessThan(118)
})
