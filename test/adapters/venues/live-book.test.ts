import { describe, expect, test } from 'vitest'
import { type BookMessage, LiveBook, type LiveBookRules } from '../../../oracle-node/adapters/venues/live-book.ts'

const RULES: LiveBookRules = { levelsMax: 100, keepsUpdates: false }

function message(kind: BookMessage['kind'], parts: Partial<BookMessage> = {}): BookMessage {
  return { market: 'X', kind, bids: [], asks: [], ...parts }
}
const snapshot = (last?: number, bids = [99, 1], asks = [101, 1]): BookMessage =>
  message('snapshot', { bids, asks, ...(last === undefined ? {} : { last }) })
const update = (previous: number, last: number, bids: number[] = []): BookMessage =>
  message('update', { previous, last, bids })
const timed = (last: number, bids: number[] = []): BookMessage => message('update', { last, bids })

describe('numbered states', () => {
  test('an update that follows on is applied, one that was applied already is ignored', () => {
    const book = new LiveBook(RULES)
    expect(book.receive(snapshot(5))).toEqual({ kind: 'ready' })
    expect(book.receive(update(5, 7, [98, 2]))).toEqual({ kind: 'applied' })
    expect(book.receive(update(5, 7, [98, 3]))).toEqual({ kind: 'ignored' })
    expect(book.receive(update(6, 9, [97, 4]))).toEqual({ kind: 'applied' })
    expect(book.ladder(9).bids).toEqual([
      [99, 1],
      [98, 2],
      [97, 4],
    ])
  })

  test('a missing update is a gap: the book is gone until the next snapshot', () => {
    const book = new LiveBook(RULES)
    book.receive(snapshot(5))
    expect(book.receive(update(6, 7))).toMatchObject({ kind: 'gap' })
    expect(book.isLive).toBe(false)
    expect(book.ladder(9)).toEqual({ bids: [], asks: [] })
    expect(book.receive(update(7, 8))).toEqual({ kind: 'ignored' })
    expect(book.receive(snapshot(8))).toEqual({ kind: 'ready' })
    expect(book.receive(update(8, 9))).toEqual({ kind: 'applied' })
  })

  test('a venue that goes on from its number to a lower one, as OKX after maintenance, is followed', () => {
    const book = new LiveBook(RULES)
    book.receive(snapshot(50))
    expect(book.receive(update(50, 3))).toEqual({ kind: 'applied' })
    expect(book.receive(update(3, 4))).toEqual({ kind: 'applied' })
  })
})

describe('a snapshot that comes by another way', () => {
  const rules = { ...RULES, keepsUpdates: true }

  test('updates before it are kept, and those that it holds already are left out', () => {
    const book = new LiveBook(rules)
    expect(book.receive(update(4, 6, [98, 1]))).toEqual({ kind: 'waiting' })
    expect(book.receive(update(6, 8, [97, 1]))).toEqual({ kind: 'waiting' })
    expect(book.receive(snapshot(6))).toEqual({ kind: 'ready' })
    expect(book.ladder(9).bids).toEqual([
      [99, 1],
      [97, 1],
    ])
    expect(book.receive(update(8, 9))).toEqual({ kind: 'applied' })
  })

  test('one from before the first kept update is of no use', () => {
    const book = new LiveBook(rules)
    book.receive(update(7, 8))
    expect(book.receive(snapshot(6))).toEqual({ kind: 'waiting' })
    expect(book.isLive).toBe(false)
    expect(book.receive(snapshot(7))).toEqual({ kind: 'ready' })
  })

  test('a hole among the kept updates is found', () => {
    const book = new LiveBook(rules)
    book.receive(update(4, 6))
    book.receive(update(7, 8))
    expect(book.receive(snapshot(5))).toMatchObject({ kind: 'gap' })
    expect(book.isLive).toBe(false)
  })

  test('no more than a thousand are kept', () => {
    const book = new LiveBook(rules)
    for (let state = 0; state < 1_000; state++) expect(book.receive(update(state, state + 1)).kind).toBe('waiting')
    expect(book.receive(update(1_000, 1_001))).toMatchObject({ kind: 'gap' })
    expect(book.hasKept).toBe(false)
  })
})

describe('times instead of numbers', () => {
  test('what is not newer than the snapshot is left out; what is out of order is a gap', () => {
    const book = new LiveBook(RULES)
    book.receive(snapshot(100))
    expect(book.receive(timed(90, [98, 1]))).toMatchObject({ kind: 'ignored' })
    expect(book.receive(timed(110, [98, 1]))).toEqual({ kind: 'applied' })
    expect(book.receive(timed(110, [97, 1]))).toEqual({ kind: 'applied' })
    expect(book.receive(timed(109))).toMatchObject({ kind: 'gap' })
  })

  test('without any time there is no order to keep', () => {
    const book = new LiveBook(RULES)
    book.receive(snapshot())
    expect(book.receive(message('update', { bids: [98, 1] }))).toEqual({ kind: 'applied' })
  })
})

test('a checksum that differs is a gap, in a snapshot, an update or alone', () => {
  const rules: LiveBookRules = { ...RULES, checksum: ({ bids }) => bids[0]?.[0] ?? 0, checksumLevels: 1 }
  const book = new LiveBook(rules)
  expect(book.receive({ ...snapshot(), checksum: 98 })).toMatchObject({ kind: 'gap' })
  expect(book.receive({ ...snapshot(), checksum: 99 })).toEqual({ kind: 'ready' })
  expect(book.receive(message('update', { bids: [100, 1], checksum: 100 }))).toEqual({ kind: 'applied' })
  expect(book.receive(message('checksum', { checksum: 100 }))).toEqual({ kind: 'applied' })
  expect(book.receive(message('checksum', { checksum: 1 }))).toMatchObject({ kind: 'gap' })
})

test('a crossed book says so', () => {
  const book = new LiveBook(RULES)
  book.receive(snapshot(1))
  expect(book.isCrossed).toBe(false)
  book.receive(update(1, 2, [101, 1]))
  expect(book.isCrossed).toBe(true)
})
