import { expect } from 'vitest'
import type { StableSwapState } from '../../oracle-node/core/pools/pool-state.ts'
import { SHARED_DATA } from '../data/shared-data.ts'
import { csvRows } from './csv-rows.ts'

/** What is public of each pool and constant over the recorded time; coins in the contract's order. */
const POOLS = {
  '3crv': {
    coins: ['DAI Balance', 'USDC Balance', 'USDT Balance'],
    state: { decimals: [18, 6, 6], amplification: 2_000n, amplificationPrecision: 1n, fee: 1_000_000n },
  },
  stETH: {
    coins: ['ETH Balance', 'stETH Balance'],
    state: { decimals: [18, 18], amplification: 5_000n, amplificationPrecision: 100n, fee: 4_000_000n },
  },
  sUSD: {
    coins: ['DAI Balance', 'USDC Balance', 'USDT Balance', 'sUSD Balance'],
    state: { decimals: [18, 6, 6, 18], amplification: 256n, amplificationPrecision: 1n, fee: 2_000_000n },
  },
} as const
export type RecordedPool = keyof typeof POOLS

/** A pool's recorded days, a state each; rows that were written in floating point are left out. */
export function recordedCurve(
  pool: RecordedPool,
  priced: { readonly base: number; readonly quote: number },
): readonly StableSwapState[] {
  const rows = csvRows(`${SHARED_DATA}dex/curve_${pool}_balances_daily.csv.gz`)
  expect(rows.length, 'the recorded Curve balances').toBeGreaterThan(300)
  const { coins, state } = POOLS[pool]
  return rows.flatMap((row) => {
    const balances = coins.map((coin) => row[coin] ?? '')
    if (!balances.every((balance) => /^\d+$/.test(balance))) return []
    return [
      {
        kind: 'stable-swap' as const,
        balances: balances.map(BigInt),
        ...state,
        adminFee: 5_000_000_000n,
        ...priced,
        blockTime: Number(row['ts']),
      },
    ]
  })
}
