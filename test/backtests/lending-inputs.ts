import type { Borrowers, MarketInput, MarketPath, MarketSetup } from '../../backtests/lending/market.ts'
import { mulberry32 } from '../../backtests/metrics/generator.ts'
import type { Policy, PolicyDecision, PolicyView } from '../../backtests/policies/policy.ts'

export const FROM = 1_700_000_000 - (1_700_000_000 % 3_600)

export const SETUP: MarketSetup = {
  asset: 'X',
  ltvBps: 7_500,
  liquidationThresholdBps: 8_000,
  liquidationBonusBps: 500,
  liquidationProtocolFeeBps: 1_000,
  reserveFactorBps: 1_000,
  supplyCap: 0,
  borrowCap: 0,
}

export function policyOf(next: (view: PolicyView) => PolicyDecision): Policy {
  return { id: 'test', next }
}

export const STILL: Policy = policyOf(({ current }) => current)

/** A path by hour: four points alike. */
export function flatPath(
  prices: readonly number[],
  parts: { depthUsd?: number; oracle?: readonly number[] } = {},
): MarketPath {
  const points = (hourly: readonly number[]): Float64Array =>
    Float64Array.from({ length: 4 * hourly.length }, (_, point) => hourly[Math.floor(point / 4)] ?? Number.NaN)
  return {
    asset: 'X',
    from: FROM,
    priceUsd: points(prices),
    oraclePriceUsd: points(parts.oracle ?? prices),
    depthUsd: points(prices.map(() => parts.depthUsd ?? 1e7)),
  }
}

export function alike(count: number, tokens: number, use: number): Borrowers {
  return {
    collateral: new Float64Array(count).fill(tokens),
    use: new Float64Array(count).fill(use),
    debt: new Float64Array(count).fill(Number.NaN),
  }
}

export function inputOf(parts: Partial<MarketInput>): MarketInput {
  return {
    path: flatPath(new Array(48).fill(1_000)),
    setup: SETUP,
    policy: STILL,
    borrowers: alike(10, 10, 0.8),
    habits: { actEveryDays: 3, defendChance: 0, defendBelowHealth: 1 },
    liquidators: { gasUsd: 10, refillHalfLifeHours: 2, profitMin: 0 },
    rates: { optimalUtilisation: 0.8, base: 0, slope1: 0.04, slope2: 0.75 },
    liquidityOverDebt: 1.2,
    seed: 1,
    warmUpHours: 0,
    ...parts,
  }
}

/** A wild small market: steep prices, a late oracle, thin and broken books, a policy that moves at random. All of it from the seed. */
export function randomMarket(seed: number): MarketInput {
  const draw = mulberry32(seed)
  const between = (low: number, high: number): number => low + (high - low) * draw()
  const points = 4 * Math.floor(between(30, 140))
  const column = (each: (point: number) => number): Float64Array =>
    Float64Array.from({ length: points }, (_, p) => each(p))
  let price = between(1, 3_000)
  const priceUsd = column(() => {
    price *= draw() < 0.01 ? between(0.6, 0.95) : between(0.98, 1.0202)
    return price
  })
  const late = Math.floor(between(0, 6))
  const thick = between(1e4, 1e7)
  const count = Math.floor(between(1, 150))
  const sizes = Float64Array.from({ length: count }, () => 10 ** between(-1, 3))
  const fromFile = draw() < 0.3
  const drift = draw() < 0.5 ? 0 : 0.3
  return {
    path: {
      asset: 'X',
      from: FROM,
      priceUsd,
      oraclePriceUsd: column((point) => priceUsd[Math.max(0, point - late)] ?? Number.NaN),
      depthUsd: column(() => (draw() < 0.05 ? 0 : thick * between(0.2, 1))),
      ...(draw() < 0.5 ? { debtPriceUsd: column(() => between(0.97, 1.01)) } : {}),
    },
    setup: { ...SETUP, supplyCap: draw() < 0.5 ? 0 : Math.ceil(sizes.reduce((a, b) => a + b, 0) * between(0.3, 1)) },
    policy: wanderer(seed, drift),
    borrowers: {
      collateral: sizes,
      use: sizes.map(() => between(0.2, 1)),
      debt: sizes.map((size) => (fromFile && draw() < 0.3 ? size * (priceUsd[0] ?? 0) * between(0, 0.85) : Number.NaN)),
    },
    habits: {
      actEveryDays: between(0.2, 5),
      defendChance: draw() < 0.5 ? 0 : between(0, 1),
      defendBelowHealth: between(1, 1.1),
    },
    liquidators: { gasUsd: between(0, 60), refillHalfLifeHours: between(0, 6), profitMin: between(0, 0.01) },
    rates: { optimalUtilisation: between(0.5, 0.9), base: 0, slope1: 0.04, slope2: between(0, 3) },
    liquidityOverDebt: fromFile ? between(1.2, 2) : between(0.4, 2),
    seed,
    warmUpHours: draw() < 0.5 ? 0 : 12,
  }
}

/** Moves by chance, and the same way each time that it is made: one object serves one run. */
function wanderer(seed: number, chance: number): Policy {
  const draw = mulberry32(seed + 1)
  return policyOf(({ current }) => {
    if (draw() >= chance) return current
    const liquidationThresholdBps = 6_000 + Math.floor(3_000 * draw())
    return {
      ltvBps: Math.floor(liquidationThresholdBps * (0.8 + 0.2 * draw())),
      liquidationThresholdBps,
      supplyCap: current.supplyCap === 0 ? 0 : Math.max(1, Math.floor(current.supplyCap * (0.9 + 0.2 * draw()))),
      borrowCap: current.borrowCap,
    }
  })
}
