import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { packRecord } from '../../oracle-node/core/record.ts'
import { liquidityScore, riskScore, type ScoreInput, scoreRisk } from '../../oracle-node/core/score.ts'
import { unixSeconds } from '../../oracle-node/core/units.ts'

const sound: ScoreInput = {
  prediction: { volatility: 0.65321, valueAtRisk99: 0.10001, expectedShortfall99: 0.12345 },
  depthUsd: 10_000_000.9,
  priceUsd: 20_230.08,
  dispersion: 0.00011,
  observedAt: unixSeconds(1_700_000_000),
  validForSeconds: 3_600,
}

const ratio = (max: number): fc.Arbitrary<number> => fc.double({ min: 0, max, noNaN: true })
const anyInput: fc.Arbitrary<ScoreInput> = fc
  .record({
    volatility: ratio(1_600),
    tail: fc.tuple(ratio(1), ratio(1)),
    depthUsd: ratio(1e12),
    price: ratio(1e6),
    dispersion: ratio(1),
  })
  .map(({ volatility, tail: [a, b], depthUsd, price, dispersion }) => ({
    ...sound,
    prediction: { volatility, valueAtRisk99: Math.min(a, b), expectedShortfall99: Math.max(a, b) },
    depthUsd,
    priceUsd: price + 1e-6,
    dispersion,
  }))

function recordOf(input: ScoreInput) {
  const score = scoreRisk(input)
  if (!score.ok) throw new Error(score.detail)
  return score.record
}

/** The double next above (or below) a positive one. */
function ulp(value: number, steps: number): number {
  const view = new DataView(new ArrayBuffer(8))
  view.setFloat64(0, value)
  const bits = view.getBigInt64(0) + BigInt(steps)
  view.setBigInt64(0, bits < 0n ? 0n : bits)
  return view.getFloat64(0)
}

describe('score', () => {
  test('risk is rounded up, depth down, price to the nearest 1e-8', () => {
    expect(recordOf(sound)).toEqual({
      priceE8: 2_023_008_000_000n,
      volatilityBps: 6_533,
      valueAtRisk99Bps: 1_001,
      expectedShortfall99Bps: 1_235,
      depthUsd: 10_000_000,
      liquidityScoreBps: 5_000,
      riskScoreBps: 10_000 - Math.floor((7_530 * 5_000) / 10_000),
      confidenceBps: 2,
      observedAt: 1_700_000_000,
      validForSeconds: 3_600,
    })
  })

  test('every score packs into one slot, and never says less risk than the prediction', () => {
    fc.assert(
      fc.property(anyInput, (input) => {
        const record = recordOf(input)
        packRecord(record)
        expect(record.volatilityBps).toBeGreaterThanOrEqual(Math.min(input.prediction.volatility * 10_000, 2 ** 24 - 1))
        expect(record.expectedShortfall99Bps).toBeGreaterThanOrEqual(record.valueAtRisk99Bps)
        expect(record.expectedShortfall99Bps).toBeLessThanOrEqual(10_000)
        expect(record.depthUsd).toBeLessThanOrEqual(input.depthUsd)
      }),
    )
  })

  test('noise in the last bits moves a field by 1 at most, and the risk score, which follows from two of them, by 3', () => {
    const steps = fc.integer({ min: -8, max: 8 })
    fc.assert(
      fc.property(anyInput, steps, steps, steps, steps, (input, a, b, c, d) => {
        const { volatility, valueAtRisk99, expectedShortfall99 } = input.prediction
        const shortfall = Math.min(1, ulp(expectedShortfall99, c))
        const noisy: ScoreInput = {
          ...input,
          prediction: {
            volatility: ulp(volatility, a),
            valueAtRisk99: Math.min(ulp(valueAtRisk99, b), shortfall),
            expectedShortfall99: shortfall,
          },
          depthUsd: ulp(input.depthUsd, d),
          dispersion: Math.min(1, ulp(input.dispersion, a)),
        }
        const [first, second] = [recordOf(input), recordOf(noisy)]
        for (const field of [
          'volatilityBps',
          'valueAtRisk99Bps',
          'expectedShortfall99Bps',
          'depthUsd',
          'liquidityScoreBps',
          'confidenceBps',
        ] as const) {
          expect(Math.abs(first[field] - second[field]), field).toBeLessThanOrEqual(1)
        }
        expect(Math.abs(first.riskScoreBps - second.riskScoreBps)).toBeLessThanOrEqual(3)
      }),
      { numRuns: 2_000 },
    )
  })

  test('noise at a whole basis point moves it by one and no more', () => {
    for (const whole of [1, 999, 1_000, 1_235, 9_999]) {
      const at = (noise: number): number => {
        const shortfall = ulp(whole / 10_000, noise)
        return recordOf({ ...sound, prediction: { volatility: 1, valueAtRisk99: 0, expectedShortfall99: shortfall } })
          .expectedShortfall99Bps
      }
      for (const noise of [-3, -1, 0, 1, 3]) expect([whole, whole + 1]).toContain(at(noise))
    }
  })

  test('more depth is never a worse score, more shortfall never a better one', () => {
    const depth = fc.integer({ min: 0, max: 2 ** 40 - 1 })
    const part = fc.integer({ min: 0, max: 10_000 })
    fc.assert(
      fc.property(depth, depth, part, part, part, (a, b, shortfall, x, y) => {
        expect(liquidityScore(Math.max(a, b))).toBeLessThanOrEqual(liquidityScore(Math.min(a, b)))
        const risk = (expectedShortfallBps: number, liquidityScoreBps: number): number =>
          riskScore({ expectedShortfallBps, liquidityScoreBps })
        expect(risk(shortfall, Math.max(x, y))).toBeGreaterThanOrEqual(risk(shortfall, Math.min(x, y)))
        expect(risk(Math.max(x, y), shortfall)).toBeGreaterThanOrEqual(risk(Math.min(x, y), shortfall))
        expect(risk(shortfall, x)).toBeGreaterThanOrEqual(Math.max(x, Math.min(10_000, 2 * shortfall)))
        expect(risk(shortfall, x)).toBeLessThanOrEqual(10_000)
      }),
    )
  })

  test('a score is 10 000 without depth or when half may be lost, and 0 when nothing can be', () => {
    expect(liquidityScore(0)).toBe(10_000)
    expect(liquidityScore(10_000_000)).toBe(5_000)
    expect(riskScore({ expectedShortfallBps: 5_000, liquidityScoreBps: 0 })).toBe(10_000)
    expect(riskScore({ expectedShortfallBps: 0, liquidityScoreBps: 0 })).toBe(0)
  })

  test.each([
    [5e-9, 1n],
    [0.123456785, 12_345_679n],
    [1, 100_000_000n],
    [123_456_789.125, 12_345_678_912_500_000n],
    [184_467_440_737, 18_446_744_073_700_000_000n],
  ])('a price of %d USD is %d in 1e-8', (priceUsd, priceE8) => {
    expect(recordOf({ ...sound, priceUsd }).priceE8).toBe(priceE8)
  })

  const bad = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -1e-12]
  const prediction = (change: object): Partial<ScoreInput> => ({ prediction: { ...sound.prediction, ...change } })
  const cases: ReadonlyArray<readonly [string, (value: number) => Partial<ScoreInput>, readonly number[]]> = [
    ['price-out-of-range', (priceUsd) => ({ priceUsd }), [...bad, 0, 1e-10, 2e11]],
    ['volatility-out-of-range', (volatility) => prediction({ volatility }), [...bad, 1_678]],
    ['value-at-risk-out-of-range', (valueAtRisk99) => prediction({ valueAtRisk99 }), [...bad, 1.0001]],
    ['expected-shortfall-out-of-range', (expectedShortfall99) => prediction({ expectedShortfall99 }), [...bad, 1.0001]],
    ['expected-shortfall-below-value-at-risk', (expectedShortfall99) => prediction({ expectedShortfall99 }), [0.1, 0]],
    ['depth-out-of-range', (depthUsd) => ({ depthUsd }), [...bad, 2 ** 40]],
    ['dispersion-out-of-range', (dispersion) => ({ dispersion }), [...bad, 1.1]],
    ['validity-out-of-range', (validForSeconds) => ({ validForSeconds }), [...bad, 0, 1.5, 65_536]],
  ]
  test.each(cases)('%s names itself and the value that was given', (reason, change, values) => {
    for (const value of values) {
      expect(scoreRisk({ ...sound, ...change(value) })).toMatchObject({ ok: false, reason, detail: /got .*, needed / })
    }
  })
})
