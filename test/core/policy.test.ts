import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  type Bounds,
  CAP_MAX,
  inDoubt,
  type LendingParameters,
  nextParameters,
  type PolicyConfig,
  type PolicyInput,
} from '../../oracle-node/core/policy.ts'
import { bps } from '../../oracle-node/core/units.ts'

const CONFIG: PolicyConfig = {
  bufferBps: 250,
  liquidatedShareBps: 500,
  optimalUtilisationBps: 8_000,
  depthReferenceBps: 200,
  doubtAboveBps: 100,
}
const FREE: Bounds = {
  floor: 1,
  ceiling: 10_000,
  tightenStep: 10_000,
  loosenStep: 10_000,
  tightenDelay: 0,
  loosenDelay: 0,
  deadband: 0,
}
const FREE_CAP: Bounds = { ...FREE, ceiling: CAP_MAX }
const NEVER = { ltv: 0, liquidationThreshold: 0, supplyCap: 0, borrowCap: 0 }
const CURRENT: LendingParameters = {
  ltvBps: 8_050,
  liquidationThresholdBps: 8_300,
  supplyCap: 50_000,
  borrowCap: 40_000,
}

function input(changes: Partial<PolicyInput> = {}): PolicyInput {
  return {
    record: { expectedShortfall99Bps: bps(1_200), depthUsd: 20_000_000, priceE8: 200_000_000_000n },
    doubt: false,
    bonusBps: 500,
    current: CURRENT,
    config: CONFIG,
    bounds: { ltv: FREE, liquidationThreshold: FREE, supplyCap: FREE_CAP, borrowCap: FREE_CAP },
    changedAt: NEVER,
    now: 1_700_000_000,
    ...changes,
  }
}

function withBounds(parameter: keyof PolicyInput['bounds'], changes: Partial<Bounds>): PolicyInput['bounds'] {
  const { bounds } = input()
  return { ...bounds, [parameter]: { ...bounds[parameter], ...changes } }
}

test('the formulae give what a hand computes', () => {
  // Within the bonus of 5 % there are 20 M × 500/200 = 50 M USD; twice that at 2 000 USD is 50 000 tokens.
  // A twentieth of it is 5 M USD, which moves the price by 5 M × 200 / (2 × 20 M) = 25 bps.
  // 10 000 − 1 200 − 500 − 25 = 8 275; less the buffer, 8 025.
  const moves = nextParameters(input())
  expect(moves.supplyCap).toEqual({ from: 50_000, to: 50_000, target: 50_000, reason: 'at-target' })
  expect(moves.liquidationThreshold).toEqual({ from: 8_300, to: 8_275, target: 8_275, reason: 'moved' })
  expect(moves.ltv).toEqual({ from: 8_050, to: 8_025, target: 8_025, reason: 'moved' })
  expect(moves.borrowCap).toEqual({ from: 40_000, to: 40_000, target: 40_000, reason: 'at-target' })
})

test('a threshold stays where liquidation pays, strictly, however calm the market', () => {
  const calm = { expectedShortfall99Bps: bps(0), depthUsd: 1_000_000_000, priceE8: 1n }
  const { target } = nextParameters(input({ record: calm, bonusBps: 1_000 })).liquidationThreshold
  // 10 000 − 1 000 and one more for the slippage, which is rounded up.
  expect(target).toBe(8_999)
  expect(nextParameters(input({ record: calm, bonusBps: 0 })).liquidationThreshold.target).toBe(9_999)
})

test('a market that cannot be sold into has a threshold at its floor', () => {
  const dry = { expectedShortfall99Bps: bps(0), depthUsd: 0, priceE8: 200_000_000_000n }
  const moves = nextParameters(input({ record: dry }))
  expect(moves.liquidationThreshold).toMatchObject({ to: 1, target: 0, reason: 'limited-by-floor' })
  expect(moves.supplyCap).toMatchObject({ to: 1, target: 0, reason: 'limited-by-floor' })
  expect(nextParameters(input({ record: { ...dry, depthUsd: 1, priceE8: 0n } })).liquidationThreshold.target).toBe(0)
})

test('rounding goes against the borrower: slippage up, caps down', () => {
  const odd = { expectedShortfall99Bps: bps(1_200), depthUsd: 19_999_999, priceE8: 200_000_000_000n }
  const moves = nextParameters(input({ record: odd }))
  expect(moves.supplyCap.target).toBe(49_999)
  // 4 999 900 × 200 / 39 999 998 is 24.9995…
  expect(moves.liquidationThreshold.target).toBe(8_275)
  expect(moves.borrowCap.target).toBe(39_999)
})

test('a step is clamped down and up, each by its own size', () => {
  const bounds = withBounds('liquidationThreshold', { tightenStep: 100, loosenStep: 25 })
  const down = input({ bounds, record: { ...input().record, expectedShortfall99Bps: bps(4_000) } })
  expect(nextParameters(down).liquidationThreshold).toMatchObject({ to: 8_200, reason: 'limited-by-step' })
  const up = input({ bounds, record: { ...input().record, expectedShortfall99Bps: bps(100) } })
  expect(nextParameters(up).liquidationThreshold).toMatchObject({ to: 8_325, reason: 'limited-by-step' })
})

test("a cap's step is a share of its value, at least one token", () => {
  const bounds = withBounds('supplyCap', { tightenStep: 1_000 })
  const dry = { ...input().record, depthUsd: 0 }
  expect(nextParameters(input({ bounds, record: dry })).supplyCap).toMatchObject({ to: 45_000 })
  const small = input({ bounds, record: dry, current: { ...CURRENT, supplyCap: 5 } })
  expect(nextParameters(small).supplyCap).toMatchObject({ to: 4, reason: 'limited-by-step' })
})

test('a delay holds to its last second', () => {
  const bounds = withBounds('liquidationThreshold', { tightenDelay: 3_600 })
  const at = (now: number): string =>
    nextParameters(input({ bounds, now, changedAt: { ...NEVER, liquidationThreshold: 1_000_000 } }))
      .liquidationThreshold.reason
  expect(at(1_003_599)).toBe('held-by-delay')
  expect(at(1_003_600)).toBe('moved')
})

test('a distance within the deadband is not worth a change, one past it is', () => {
  const at = (deadband: number): string =>
    nextParameters(input({ bounds: withBounds('liquidationThreshold', { deadband }) })).liquidationThreshold.reason
  expect(at(25)).toBe('within-deadband')
  expect(at(24)).toBe('moved')
})

test('doubt begins above the limit, and forbids loosening only', () => {
  expect(inDoubt({ confidenceBps: bps(100) }, CONFIG)).toBe(false)
  expect(inDoubt({ confidenceBps: bps(101) }, CONFIG)).toBe(true)
  const up = { ...input().record, expectedShortfall99Bps: bps(0) }
  expect(nextParameters(input({ doubt: true, record: up })).liquidationThreshold.reason).toBe('held-by-doubt')
  expect(nextParameters(input({ doubt: true })).liquidationThreshold.reason).toBe('moved')
})

test('an LTV of 0 is not released', () => {
  expect(nextParameters(input({ current: { ...CURRENT, ltvBps: 0 } })).ltv).toMatchObject({
    to: 0,
    reason: 'held-by-governance',
  })
})

test('a threshold waits for an LTV that may not move', () => {
  const bounds = withBounds('ltv', { tightenDelay: 1e9 })
  const moves = nextParameters(
    input({
      bounds,
      record: { ...input().record, expectedShortfall99Bps: bps(3_000) },
      changedAt: { ...NEVER, ltv: 1_699_999_999 },
    }),
  )
  expect(moves.ltv).toMatchObject({ to: 8_050, reason: 'held-by-delay' })
  expect(moves.liquidationThreshold).toMatchObject({ to: 8_050, reason: 'held-by-ltv' })
})

test('no cap at all becomes the ceiling', () => {
  const bounds = withBounds('supplyCap', { ceiling: 90_000 })
  expect(nextParameters(input({ bounds, current: { ...CURRENT, supplyCap: 0 } })).supplyCap).toEqual({
    from: 0,
    to: 90_000,
    target: 50_000,
    reason: 'limited-by-ceiling',
  })
})

test('a reference of 0 is a bug of the caller', () => {
  expect(() => nextParameters(input({ config: { ...CONFIG, depthReferenceBps: 0 } }))).toThrow('depthReferenceBps')
})

const anyRecord = fc.record({
  expectedShortfall99Bps: fc.integer({ min: 0, max: 65_535 }).map(bps),
  depthUsd: fc.integer({ min: 0, max: 2 ** 40 - 1 }),
  priceE8: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
})

test('under any record the LTV stays at or below the threshold and caps above 0', () => {
  fc.assert(
    fc.property(anyRecord, fc.boolean(), (record, doubt) => {
      const moves = nextParameters(input({ record, doubt }))
      expect(moves.ltv.to).toBeLessThanOrEqual(moves.liquidationThreshold.to)
      expect(Math.min(moves.supplyCap.to, moves.borrowCap.to)).toBeGreaterThan(0)
    }),
    { seed: 20_261_123, numRuns: 500 },
  )
})

test('repeated under one record, the parameters arrive and stay', () => {
  const bounds = withBounds('liquidationThreshold', { tightenStep: 100, loosenStep: 25 })
  fc.assert(
    fc.property(anyRecord, (record) => {
      let current = CURRENT
      const next = (): LendingParameters => {
        const moves = nextParameters(input({ record, bounds, current }))
        return {
          ltvBps: moves.ltv.to,
          liquidationThresholdBps: moves.liquidationThreshold.to,
          supplyCap: moves.supplyCap.to,
          borrowCap: moves.borrowCap.to,
        }
      }
      for (let each = 0; each < 150; each += 1) current = next()
      expect(next()).toEqual(current)
    }),
    { seed: 20_261_123, numRuns: 100 },
  )
})
