import fc from 'fast-check'
import { expect, test } from 'vitest'
import { BookSide } from '../../../oracle-node/adapters/venues/book-side.ts'

const price = fc.integer({ min: 1, max: 400 }).map((ticks) => ticks / 4)
const amount = fc.oneof(
  fc.constant(0),
  fc.integer({ min: 1, max: 50 }).map((units) => units / 8),
)
const changes = fc.array(fc.tuple(price, amount), { maxLength: 30 }).map((rows) => rows.flat())
const side = fc.constantFrom('bids' as const, 'asks' as const)

/** The plainest way to keep a side. */
function reference(name: 'bids' | 'asks', batches: readonly (readonly number[])[], levelsMax: number): number[][] {
  let levels = new Map<number, number>()
  for (const batch of batches) {
    for (let index = 0; index + 1 < batch.length; index += 2) {
      if (batch[index + 1] === 0) levels.delete(batch[index] ?? 0)
      else levels.set(batch[index] ?? 0, batch[index + 1] ?? 0)
    }
    levels = new Map([...levels].sort(([a], [b]) => (name === 'bids' ? b - a : a - b)).slice(0, levelsMax))
  }
  return [...levels].map((level) => [...level])
}

test('a side is what a sorted map cut to its best levels would be, whatever changes come', () => {
  fc.assert(
    fc.property(
      side,
      changes,
      fc.array(changes, { maxLength: 40 }),
      fc.integer({ min: 1, max: 60 }),
      (name, start, batches, levelsMax) => {
        const own = new BookSide(name, levelsMax)
        own.replace(start)
        for (const batch of batches) own.apply(batch)
        const expected = reference(name, [start, ...batches], levelsMax)
        expect(own.top(1_000)).toEqual(expected)
        expect(own.size).toBe(expected.length)
        expect(own.best).toBe(
          expected[0]?.[0] ?? (name === 'bids' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY),
        )
        expect(own.top(3)).toEqual(expected.slice(0, 3))
        expect(own.few(3)).toEqual(expected.slice(0, 3))
      },
    ),
  )
})

test('it grows past the room that it began with', () => {
  const own = new BookSide('asks', 10_000)
  for (let ticks = 5_000; ticks > 0; ticks--) own.apply([ticks, 1])
  expect(own.size).toBe(5_000)
  expect(own.best).toBe(1)
  expect(own.top(5_000).map(([at]) => at)).toEqual(Array.from({ length: 5_000 }, (_, index) => index + 1))
})
