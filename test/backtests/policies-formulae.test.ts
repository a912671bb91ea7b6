import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { MarketSetup } from '../../backtests/lending/market.ts'
import { makePolicy } from '../../backtests/policies/make-policy.ts'
import { type PolicyChoice, policyFacts } from '../../backtests/policies/policy-choice.ts'
import { smartCap, smartLtv, smartShortfall } from '../../backtests/policies/smart-ltv.ts'
import type { RiskRecord } from '../../oracle-node/core/record.ts'
import { bps, unixSeconds } from '../../oracle-node/core/units.ts'
import { RECORD, SETUP } from './policy-samples.ts'

const NOW: number = RECORD.observedAt
const VIEW = {
  asset: 'ETH',
  now: NOW,
  record: RECORD,
  current: SETUP,
  oraclePriceUsd: 2_000,
  collateralUsd: 1e8,
  debtUsd: 5e7,
}

describe('the static policy', () => {
  const staticAt = (margin: number, setup: MarketSetup = SETUP) =>
    makePolicy({ kind: 'static' }, setup, margin).next({ ...VIEW, current: setup })

  test('is what Aave had, whatever happens', () => {
    const policy = makePolicy({ kind: 'static' }, SETUP, 0)
    const expected = { ltvBps: 8_050, liquidationThresholdBps: 8_300, supplyCap: 50_000, borrowCap: 40_000 }
    for (let hour = 0; hour < 100; hour++) {
      const record = { ...RECORD, expectedShortfall99Bps: bps(100 * hour), depthUsd: 1_000 * hour }
      expect(policy.next({ ...VIEW, now: NOW + hour * 3_600, record })).toEqual(expected)
    }
  })

  test('a margin lowers both, and less than none raises both to where liquidating still pays out no more than there is', () => {
    expect(staticAt(1_000)).toMatchObject({ ltvBps: 7_050, liquidationThresholdBps: 7_300 })
    expect(staticAt(-400)).toMatchObject({ ltvBps: 8_450, liquidationThresholdBps: 8_700 })
    // 10 000 / 1.05 is 9 523.8.
    expect(staticAt(-5_000)).toMatchObject({ ltvBps: 9_273, liquidationThresholdBps: 9_523 })
    expect(staticAt(9_000)).toMatchObject({ ltvBps: 0, liquidationThresholdBps: 0 })
    expect(staticAt(-400, { ...SETUP, ltvBps: 0 })).toMatchObject({ ltvBps: 0, liquidationThresholdBps: 8_700 })
  })

  test('what it sets can be, for any margin and market, and a larger margin is never looser', () => {
    const market = fc.tuple(fc.integer({ min: 0, max: 2_000 }), fc.nat(10_000), fc.nat(10_000)).map(([bonus, a, b]) => {
      const threshold = Math.min(Math.max(a, b), Math.floor(1e8 / (10_000 + bonus)))
      return {
        ...SETUP,
        liquidationBonusBps: bonus,
        liquidationThresholdBps: threshold,
        ltvBps: Math.min(a, b, threshold),
      }
    })
    fc.assert(
      fc.property(market, fc.integer({ min: -10_000, max: 10_000 }), fc.nat(500), (setup, margin, more) => {
        const [loose, tight] = [staticAt(margin, setup), staticAt(margin + more, setup)]
        expect(loose.ltvBps).toBeGreaterThanOrEqual(tight.ltvBps)
        expect(loose.liquidationThresholdBps).toBeGreaterThanOrEqual(tight.liquidationThresholdBps)
        expect(loose.ltvBps).toBeGreaterThanOrEqual(0)
        expect(loose.ltvBps).toBeLessThanOrEqual(loose.liquidationThresholdBps)
        expect(loose.liquidationThresholdBps * (10_000 + setup.liquidationBonusBps)).toBeLessThanOrEqual(1e8)
      }),
      { seed: 21, numRuns: 500 },
    )
  })
})

describe('SmartLTV', () => {
  test('gives what its own contract’s tests say', () => {
    // backstop-protocol/smart-ltv, test/unit/core/SmartLTV.t.sol, and the older test/SmartLTV.js: c is .007 and σ 21.8 there.
    expect(smartLtv({ confidence: 3, volatility: 0.1, liquidity: 1e6, cap: 2e5, bonus: 0.05 })).toBeCloseTo(
      0.82444657,
      8,
    )
    const older = smartLtv({ confidence: 0.007, volatility: 21.8, liquidity: 1e5, cap: 7e5, bonus: 0.05 })
    expect(older).toBeCloseTo(0.61781662935814, 9)
    expect(smartLtv({ confidence: 4.9, volatility: 9.99, liquidity: 1e7, cap: 1e7, bonus: 0.19 })).toBe(0)
    expect(smartLtv({ confidence: 1, volatility: 0.1, liquidity: 0, cap: 1, bonus: 0.05 })).toBe(0)
  })

  test('the cap is the LTV’s inverse', () => {
    const input = fc.record({
      confidence: fc.double({ min: 0.5, max: 20, noNaN: true }),
      volatility: fc.double({ min: 0.005, max: 0.2, noNaN: true }),
      liquidity: fc.double({ min: 1e3, max: 1e9, noNaN: true }),
      bonus: fc.double({ min: 0, max: 0.15, noNaN: true }),
      ltv: fc.double({ min: 0.01, max: 0.8, noNaN: true }),
    })
    fc.assert(
      fc.property(input, (given) => {
        const cap = smartCap(given)
        expect(cap).toBeGreaterThan(0)
        expect(smartLtv({ ...given, cap })).toBeCloseTo(given.ltv, 10)
      }),
      { seed: 22, numRuns: 500 },
    )
    // Not even without slippage is there room for an LTV and a bonus of one together.
    expect(smartCap({ confidence: 1, volatility: 0.1, liquidity: 1e6, bonus: 0.1, ltv: 0.9 })).toBe(0)
  })

  test('moves by the steward’s steps to its own LTV, the threshold a buffer above', () => {
    // A day's σ is .6 / √365 = .031405; l = 20 M · 500 / 200 = 50 M, d = 100 M: exp(−4 · .031405 · √2) − .05 = .7872.
    const market = { confidence: 4, supplyCap: 50_000, bonusBps: 500, bufferBps: 250, depthReferenceBps: 200 }
    expect(smartShortfall(RECORD, market)).toBe(10_000 - 500 - 250 - 7_872)
    const policy = makePolicy({ kind: 'smart-ltv', roundsPerHour: 1 }, SETUP, 4)
    let current = policy.next(VIEW)
    expect(current.reasons?.liquidationThresholdBps).toBe(
      'limited-by-step: target 8122, shortfall by SmartLTV 1378 bps, depth 20000000 USD',
    )
    expect(current).toMatchObject({ liquidationThresholdBps: 8_200, ltvBps: 7_950 })
    for (let hour = 1; hour < 4; hour++) {
      const record = { ...RECORD, observedAt: unixSeconds(NOW + hour * 3_600) }
      current = policy.next({ ...VIEW, now: NOW + hour * 3_600, record, current })
    }
    expect(current).toMatchObject({
      liquidationThresholdBps: 8_122,
      ltvBps: 7_872,
      supplyCap: 50_000,
      borrowCap: 40_000,
    })
  })

  test('a larger c, a wilder day, a larger cap and a thinner book are never looser', () => {
    const market = { confidence: 10, supplyCap: 50_000, bonusBps: 500, bufferBps: 250, depthReferenceBps: 200 }
    const at = (change: Partial<RiskRecord>, setting: Partial<typeof market> = {}): number =>
      smartShortfall({ ...RECORD, ...change }, { ...market, ...setting })
    fc.assert(
      fc.property(fc.nat(20_000), fc.nat(20_000), fc.nat(100_000_000), fc.nat(100_000_000), (a, b, c, d) => {
        const [low, high] = [Math.min(a, b), Math.max(a, b)]
        const [thin, thick] = [Math.min(c, d), Math.max(c, d)]
        expect(at({ volatilityBps: bps(low) })).toBeLessThanOrEqual(at({ volatilityBps: bps(high) }))
        expect(at({}, { confidence: low / 1_000 })).toBeLessThanOrEqual(at({}, { confidence: high / 1_000 }))
        expect(at({}, { supplyCap: 1 + low })).toBeLessThanOrEqual(at({}, { supplyCap: 1 + high }))
        expect(at({ depthUsd: thick })).toBeLessThanOrEqual(at({ depthUsd: thin }))
      }),
      { seed: 23, numRuns: 300 },
    )
    expect(at({ depthUsd: 0 })).toBe(9_250)
  })
})

test('a static policy may keep its threshold nearer to the LTV, and never further than Aave had it', () => {
  const near = makePolicy({ kind: 'static', gapBps: 100 }, SETUP, 500).next(VIEW)
  expect(near.liquidationThresholdBps).toBe(near.ltvBps + 100)
  expect(near.ltvBps).toBe(SETUP.ltvBps - 500)
  const wide = makePolicy({ kind: 'static', gapBps: 9_000 }, SETUP, 0).next(VIEW)
  expect(wide).toMatchObject({ ltvBps: SETUP.ltvBps, liquidationThresholdBps: SETUP.liquidationThresholdBps })
})

test('every policy says what it is, what its knob means and whose records it reads', () => {
  const facts = (choice: PolicyChoice) => policyFacts(choice)
  expect(facts({ kind: 'static' })).toMatchObject({ id: 'static', reads: 'none', defaultKnob: 0 })
  expect(facts({ kind: 'plimsoll', id: 'bold', title: 'Bold' })).toMatchObject({
    id: 'bold',
    title: 'Bold',
    reads: 'plimsoll',
  })
  expect(facts({ kind: 'ewma' })).toMatchObject({ reads: 'ewma', defaultKnob: 1 })
  expect(facts({ kind: 'smart-ltv' })).toMatchObject({ reads: 'range', defaultKnob: 10 })
  expect(facts({ kind: 'smart-ltv', reads: 'plimsoll' })).toMatchObject({ reads: 'plimsoll' })
  expect(facts({ kind: 'function', path: 'policies/mine.v2.ts' })).toMatchObject({ id: 'mine.v2', reads: 'plimsoll' })
  expect(facts({ kind: 'function', path: 'mine.ts', reads: 'none', id: 'x' })).toMatchObject({ id: 'x', reads: 'none' })
})
