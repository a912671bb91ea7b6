import { sha256 } from '@noble/hashes/sha2.js'
import { utf8ToBytes } from '@noble/hashes/utils.js'
import { invariant } from './errors.ts'

/**
 * Pairs of orders of `count` players: one drawn uniformly (Fisher and Yates) and its reverse. Chance comes from the seed by SHA-256
 * in counter mode, so every machine draws the same.
 * @throws {InvariantError} unless there are at least 2 pairs, since one alone has no standard error.
 */
export function antitheticOrders(options: {
  readonly count: number
  readonly pairs: number
  readonly seed: string
}): number[][] {
  const { count, pairs, seed } = options
  invariant(Number.isInteger(pairs) && pairs >= 2, `at least 2 pairs of orders are needed, got ${pairs}`)
  const below = drawer(seed)
  return Array.from({ length: pairs }, () => {
    const order = Array.from({ length: count }, (_, index) => index)
    for (let last = count - 1; last > 0; last--) {
      const other = below(last + 1)
      const kept = order[last] ?? 0
      order[last] = order[other] ?? 0
      order[other] = kept
    }
    return [order, order.toReversed()]
  }).flat()
}

const WORDS_A_HASH = 8
const WORD_RANGE = 2 ** 32

/** Whole numbers from 0 to limit − 1, each as likely: a word past the last whole multiple of the limit is thrown away. */
function drawer(seed: string): (limit: number) => number {
  let drawn = 0
  let words = new DataView(new ArrayBuffer(4 * WORDS_A_HASH))
  const next = (): number => {
    const place = drawn % WORDS_A_HASH
    if (place === 0) words = new DataView(sha256(utf8ToBytes(`${seed}:${drawn / WORDS_A_HASH}`)).buffer)
    drawn += 1
    return words.getUint32(4 * place)
  }
  return (limit) => {
    const fair = WORD_RANGE - (WORD_RANGE % limit)
    for (;;) {
      const word = next()
      if (word < fair) return word % limit
    }
  }
}
