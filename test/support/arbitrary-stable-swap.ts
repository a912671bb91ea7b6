import fc from 'fast-check'
import type { StableSwapState } from '../../oracle-node/core/pools/pool-state.ts'

/**
 * Any plain StableSwap pool of a thousand to a billion tokens a coin.
 * @param options.imbalance How many decades the largest balance may be above the smallest.
 * @param options.fee Of the fee and of the admin's share of it: `false` for none.
 */
export function anyStableSwap(options: {
  readonly imbalance: number
  readonly fee: boolean
}): fc.Arbitrary<StableSwapState> {
  return fc
    .record({
      size: fc.integer({ min: 3, max: 9 - options.imbalance }),
      coins: fc.array(
        fc.record({
          decimals: fc.constantFrom(6, 8, 18),
          millionths: fc.integer({ min: 1_000_000, max: 10 ** (6 + options.imbalance) }),
          dust: fc.bigInt({ min: 0n, max: 999n }),
        }),
        { minLength: 2, maxLength: 4 },
      ),
      A: fc.integer({ min: 2, max: 10_000 }),
      precision: fc.constantFrom(1n, 100n),
      digits: fc.bigInt({ min: 0n, max: 99n }),
      fee: options.fee ? fc.bigInt({ min: 0n, max: 100_000_000n }) : fc.constant(0n),
      adminFee: options.fee ? fc.bigInt({ min: 0n, max: 10_000_000_000n }) : fc.constant(0n),
      base: fc.nat(),
      step: fc.nat(),
    })
    .map(({ size, coins, A, precision, digits, fee, adminFee, base, step }) => {
      const n = coins.length
      return {
        kind: 'stable-swap',
        balances: coins.map(
          ({ decimals, millionths, dust }) => 10n ** BigInt(size + decimals - 6) * BigInt(millionths) + dust,
        ),
        decimals: coins.map(({ decimals }) => decimals),
        amplification: BigInt(A) * precision + (precision === 1n ? 0n : digits),
        amplificationPrecision: precision,
        fee,
        adminFee,
        base: base % n,
        quote: ((base % n) + 1 + (step % (n - 1))) % n,
        blockTime: 1_700_000_000,
      }
    })
}
