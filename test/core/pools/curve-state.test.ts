import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { curveOf, getDy } from '../../../oracle-node/core/pools/curve.ts'
import { stableSwapLadder, stableSwapMid } from '../../../oracle-node/core/pools/curve-depth.ts'
import {
  AMPLIFICATION_MAX,
  BALANCE_MAX,
  COINS_MAX,
  FEE_MAX,
  IMBALANCE_MAX,
  type PoolQuote,
  quoteMismatch,
  type ValidStableSwap,
  validateStableSwap,
} from '../../../oracle-node/core/pools/curve-state.ts'
import type { StableSwapState } from '../../../oracle-node/core/pools/pool-state.ts'
import { anyStableSwap } from '../../support/arbitrary-stable-swap.ts'

const GOOD: StableSwapState = {
  kind: 'stable-swap',
  balances: [503_780_934_894_720_611_533_031n, 128_361_122_694_816_994_569_276n],
  decimals: [18, 18],
  amplification: 5_000n,
  amplificationPrecision: 100n,
  fee: 4_000_000n,
  adminFee: 5_000_000_000n,
  base: 0,
  quote: 1,
  blockTime: 1_655_895_720,
}

const outcome = (raw: unknown): string => name(validateStableSwap(raw))
const name = (valid: ValidStableSwap): string => (valid.ok ? 'accepted' : valid.reason)

describe('a state from an RPC', () => {
  test('is taken as it is where it can be a pool', () => {
    fc.assert(
      fc.property(anyStableSwap({ imbalance: 3, fee: true }), (state) => {
        expect(validateStableSwap({ ...state, more: 'ignored' })).toEqual({ ok: true, state })
      }),
    )
  })

  test.each<[string, object, string]>([
    ['another kind', { kind: 'concentrated' }, 'malformed'],
    ['no balances', { balances: undefined }, 'malformed'],
    ['one coin', { balances: [1n], decimals: [18] }, 'malformed'],
    [
      'too many coins',
      { balances: Array(COINS_MAX + 1).fill(1n), decimals: Array(COINS_MAX + 1).fill(18) },
      'malformed',
    ],
    ['a balance that is no bigint', { balances: [1, 1n] }, 'malformed'],
    ['a negative balance', { balances: [-1n, 1n] }, 'malformed'],
    ['an empty coin', { balances: [0n, 1n] }, 'empty'],
    ['more than there can be', { balances: [BALANCE_MAX + 1n, BALANCE_MAX] }, 'malformed'],
    ['a coin that is all but gone', { balances: [10n ** 18n * IMBALANCE_MAX + 1n, 10n ** 18n] }, 'thin-book'],
    ['decimals of one coin only', { decimals: [18] }, 'malformed'],
    ['decimals above 18', { decimals: [18, 19] }, 'malformed'],
    ['decimals that are not whole', { decimals: [18, 6.5] }, 'malformed'],
    ['A below 1', { amplification: 99n }, 'malformed'],
    ['A above its bound', { amplification: AMPLIFICATION_MAX * 100n + 1n }, 'malformed'],
    ['a precision that no pool has', { amplificationPrecision: 10n }, 'malformed'],
    ['a fee above one half', { fee: FEE_MAX + 1n }, 'malformed'],
    ['an admin who takes more than the fee', { adminFee: 10n ** 10n + 1n }, 'malformed'],
    ['one coin in itself', { quote: 0 }, 'malformed'],
    ['a coin that is not there', { base: 2 }, 'malformed'],
    ['no block time', { blockTime: Number.NaN }, 'malformed'],
  ])('%s is named', (_, change, reason) => {
    expect(outcome({ ...GOOD, ...change })).toBe(reason)
  })

  test('of any shape is judged and never thrown at', () => {
    fc.assert(fc.property(fc.anything({ withBigInt: true }), (raw) => void outcome(raw)))
    const hostile = fc.oneof(
      fc.bigInt(),
      fc.integer(),
      fc.double(),
      fc.anything(),
      fc.array(fc.bigInt(), { maxLength: 6 }),
    )
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(GOOD)), hostile, (field, value) => {
        expect(['accepted', 'malformed', 'empty', 'thin-book']).toContain(outcome({ ...GOOD, [field]: value }))
      }),
      { numRuns: 500 },
    )
  })

  test('that is accepted has a price and a ladder, however odd it is', () => {
    const balance = fc.oneof(fc.bigInt({ min: 1n, max: 1_000_000n }), fc.bigInt({ min: 1n, max: BALANCE_MAX }))
    const odd = fc.record({
      balances: fc.array(balance, { minLength: 2, maxLength: 2 }),
      decimals: fc.array(fc.integer({ min: 0, max: 18 }), { minLength: 2, maxLength: 2 }),
      amplification: fc.bigInt({ min: 100n, max: AMPLIFICATION_MAX * 100n }),
      fee: fc.bigInt({ min: 0n, max: FEE_MAX }),
    })
    let accepted = 0
    fc.assert(
      fc.property(odd, (change) => {
        const valid = validateStableSwap({ ...GOOD, ...change })
        if (!valid.ok) return
        accepted += 1
        expect(stableSwapMid(valid.state)).toBeGreaterThan(0)
        const { bids, asks } = stableSwapLadder(valid.state)
        for (const [price, amount] of [...bids, ...asks]) {
          expect(price).toBeGreaterThan(0)
          expect(Number.isFinite(price)).toBe(true)
          expect(amount).toBeGreaterThan(0)
        }
      }),
      { numRuns: 300 },
    )
    expect(accepted).toBeGreaterThan(20)
  })
})

describe("the pool's own quotes", () => {
  /** What a pool pays whose coin 1 counts for `rate` (1 + 2 % is 102n) of a coin, as a metapool's or a lending pool's does. */
  function ratedQuote(dx: bigint, rate: bigint): PoolQuote {
    const [first = 0n, second = 0n] = GOOD.balances
    const rated = curveOf({ ...GOOD, balances: [first, (second * rate) / 100n] })
    const dy = rated === undefined ? 0n : (getDy(rated, 0, 1, dx) ?? 0n)
    return { i: 0, j: 1, dx, dy: (dy * 100n) / rate }
  }
  const DX = 5_037_809_348_947_206_115_330n

  test('are a plain pool’s: the same, or a few units off as its version rounds', () => {
    const quote = ratedQuote(DX, 100n)
    expect(quoteMismatch(GOOD, [quote])).toBeUndefined()
    expect(quoteMismatch(GOOD, [{ ...quote, dy: quote.dy + 3n }])).toBeUndefined()
    expect(quoteMismatch(GOOD, [])).toBeUndefined()
  })

  test('give away a pool of another kind, another A or another fee', () => {
    const quote = ratedQuote(DX, 100n)
    expect(quoteMismatch(GOOD, [quote, ratedQuote(DX, 102n)])).toContain('the pool pays')
    expect(quoteMismatch({ ...GOOD, amplification: 5_001n }, [quote])).toContain('the pool pays')
    expect(quoteMismatch({ ...GOOD, fee: 4_000_001n }, [quote])).toContain('the pool pays')
    expect(quoteMismatch(GOOD, [{ ...quote, dy: 0n }])).toContain('the pool pays')
  })
})
