import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { MarketSetup } from '../../backtests/lending/market.ts'
import { makePolicy } from '../../backtests/policies/make-policy.ts'
import type { PolicyParameters, PolicyView } from '../../backtests/policies/policy.ts'
import type { BuiltInChoice } from '../../backtests/policies/policy-choice.ts'
import { scaledShortfall } from '../../backtests/policies/steward.ts'
import { nextParameters, PARAMETERS } from '../../oracle-node/core/policy.ts'
import { DEFAULT_POLICY, defaultBounds } from '../../oracle-node/core/policy-defaults.ts'
import type { RiskRecord } from '../../oracle-node/core/record.ts'
import { bps, unixSeconds } from '../../oracle-node/core/units.ts'
import { RECORD, SETUP } from './policy-samples.ts'

const START: number = RECORD.observedAt
const HOUR = 3_600
/** Two loosening moves are further apart than this, so that the clocks matter. */
const STEP = 1_500
const recordOf = (changes: Partial<RiskRecord> = {}): RiskRecord => ({ ...RECORD, ...changes })

const parametersOf = ({
  ltvBps,
  liquidationThresholdBps,
  supplyCap,
  borrowCap,
}: PolicyParameters): PolicyParameters => ({
  ltvBps,
  liquidationThresholdBps,
  supplyCap,
  borrowCap,
})

function viewOf(
  record: RiskRecord | undefined,
  current: PolicyParameters = parametersOf(SETUP),
  now = START,
): PolicyView {
  return { asset: 'ETH', now, record, current, oraclePriceUsd: 2_000, collateralUsd: 1e8, debtUsd: 5e7 }
}

/** What comes of a list of records, a step apart, for each of them. */
function course(choice: BuiltInChoice, records: readonly (RiskRecord | undefined)[], knob: number): PolicyParameters[] {
  const policy = makePolicy(choice, SETUP, knob)
  let current = parametersOf(SETUP)
  return records.map((record, step) => {
    current = parametersOf(policy.next(viewOf(record, current, START + step * STEP)))
    return current
  })
}

const anyRecord = fc
  .record({
    shortfall: fc.integer({ min: 0, max: 12_000 }),
    depth: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 400_000_000 })),
    price: fc.oneof(fc.constant(0n), fc.bigInt({ min: 1n, max: 10n ** 13n })),
    confidence: fc.integer({ min: 0, max: 140 }),
  })
  .map(({ shortfall, depth, price, confidence }) =>
    recordOf({
      expectedShortfall99Bps: bps(shortfall),
      depthUsd: depth,
      priceE8: price,
      confidenceBps: bps(confidence),
    }),
  )
const anyRecords = fc
  .array(fc.option(anyRecord, { nil: undefined, freq: 6 }), { minLength: 1, maxLength: 40 })
  .map((records) =>
    records.map((each, step) =>
      each === undefined ? each : { ...each, observedAt: unixSeconds(START + step * STEP) },
    ),
  )

describe('the steward’s policy', () => {
  test.each([
    ['plimsoll', 1],
    ['plimsoll', 4],
    ['ewma', 4],
  ] as const)(
    '%s is nextParameters over any records, %d rounds an hour, each parameter’s clock its own',
    (kind, roundsPerHour) => {
      let moves = 0
      fc.assert(
        fc.property(anyRecords, (records) => {
          const changedAt = { ltv: 0, liquidationThreshold: 0, supplyCap: 0, borrowCap: 0 }
          let current = parametersOf(SETUP)
          const round = (record: RiskRecord, now: number): void => {
            const next = nextParameters({
              record,
              doubt: record.confidenceBps > 100,
              bonusBps: 500,
              current,
              config: DEFAULT_POLICY,
              bounds: defaultBounds(SETUP),
              changedAt,
              now,
            })
            for (const parameter of PARAMETERS) {
              if (next[parameter].to === next[parameter].from) continue
              changedAt[parameter] = now
              moves += 1
            }
            current = {
              ltvBps: next.ltv.to,
              liquidationThresholdBps: next.liquidationThreshold.to,
              supplyCap: next.supplyCap.to,
              borrowCap: next.borrowCap.to,
            }
          }
          const expected = records.map((record, step) => {
            for (let left = roundsPerHour - 1; record !== undefined && left >= 0; left--) {
              round(record, START + step * STEP - (left * HOUR) / roundsPerHour)
            }
            return current
          })
          expect(course({ kind, roundsPerHour }, records, 1)).toEqual(expected)
        }),
        { seed: 11, numRuns: 150 },
      )
      expect(moves).toBeGreaterThan(1_000)
    },
  )

  test('holds without a record, and acts once on each', () => {
    const policy = makePolicy({ kind: 'plimsoll', roundsPerHour: 1 }, SETUP, 1)
    const record = recordOf({ expectedShortfall99Bps: bps(4_000) })
    expect(policy.next(viewOf(undefined))).toEqual(parametersOf(SETUP))
    const first = policy.next(viewOf(record))
    expect(first).toMatchObject({ liquidationThresholdBps: 8_200, ltvBps: 7_950 })
    expect(first.reasons?.liquidationThresholdBps).toBe(
      'limited-by-step: target 5475, expected shortfall 4000 bps, depth 20000000 USD',
    )
    const again = policy.next(viewOf(record, parametersOf(first), START + HOUR))
    expect(again).toEqual(parametersOf(first))
    const newer = { ...record, observedAt: unixSeconds(START + 1) }
    expect(policy.next(viewOf(newer, parametersOf(first), START + HOUR))).toMatchObject({ ltvBps: 7_850 })
  })

  test('goes as far in an hour as four rounds let it, unless told otherwise', () => {
    const hour = makePolicy({ kind: 'plimsoll' }, SETUP, 1).next(
      viewOf(recordOf({ expectedShortfall99Bps: bps(4_000) })),
    )
    expect(hour).toMatchObject({ liquidationThresholdBps: 7_900, ltvBps: 7_650 })
  })

  test('gives a reason for what moved and for nothing else', () => {
    fc.assert(
      fc.property(anyRecord, (record) => {
        const before = parametersOf(SETUP)
        const decision = makePolicy({ kind: 'plimsoll' }, SETUP, 1).next(viewOf(record))
        const moved = Object.entries(parametersOf(decision)).filter(
          ([name, value]) => before[name as keyof PolicyParameters] !== value,
        )
        expect(Object.keys(decision.reasons ?? {}).toSorted()).toEqual(moved.map(([name]) => name).toSorted())
      }),
      { seed: 12 },
    )
  })

  test('a larger knob never has a looser target', () => {
    const free = { tightenStep: 10_000, loosenStep: 10_000, tightenDelay: 0, loosenDelay: 0, deadband: 0 }
    const choice: BuiltInChoice = { kind: 'plimsoll', bounds: { liquidationThreshold: free, ltv: free } }
    const knob = fc.integer({ min: 200, max: 4_000 }).map((thousandths) => thousandths / 1_000)
    const usual = fc
      .tuple(fc.integer({ min: 200, max: 3_000 }), fc.integer({ min: 2_000_000, max: 80_000_000 }))
      .map(([shortfall, depthUsd]) => recordOf({ expectedShortfall99Bps: bps(shortfall), depthUsd }))
    let apart = 0
    fc.assert(
      fc.property(usual, knob, knob, (record, a, b) => {
        const next = (factor: number) => makePolicy(choice, SETUP, factor).next(viewOf(record))
        const [bold, careful] = [next(Math.min(a, b)), next(Math.max(a, b))]
        expect(careful.liquidationThresholdBps).toBeLessThanOrEqual(bold.liquidationThresholdBps)
        expect(careful.ltvBps).toBeLessThanOrEqual(bold.ltvBps)
        if (careful.ltvBps < bold.ltvBps) apart += 1
      }),
      { seed: 13, numRuns: 300 },
    )
    expect(apart).toBeGreaterThan(150)
  })

  test('the knob scales the shortfall, rounds it up and ends at one', () => {
    expect(scaledShortfall(1_000, 1.1)).toBe(1_100)
    expect(scaledShortfall(1_001, 1.1)).toBe(1_102)
    expect(scaledShortfall(7_000, 2)).toBe(10_000)
    expect(scaledShortfall(1_234, 0)).toBe(0)
    const all = Array.from({ length: 10_001 }, (_, shortfall) => shortfall)
    expect(all.map((shortfall) => scaledShortfall(shortfall, 1))).toEqual(all)
  })

  test('caps stay where they are not to move, and a market without a borrow cap gets none', () => {
    const records = Array.from({ length: 6 }, (_, hour) =>
      recordOf({ depthUsd: 4_000_000, observedAt: unixSeconds(START + hour * STEP) }),
    )
    const still = course({ kind: 'plimsoll', moveCaps: false }, records, 1)
    expect(still.at(-1)).toMatchObject({ supplyCap: 50_000, borrowCap: 40_000 })
    // A twentieth of 100 M USD is 5 M, which moves a book of 4 M by 125 bps: 10 000 − 1 200 − 500 − 125, a buffer below for the LTV.
    expect(still.at(-1)).toMatchObject({ liquidationThresholdBps: 8_175, ltvBps: 7_925 })
    expect(course({ kind: 'plimsoll' }, records, 1).at(-1)?.supplyCap).toBeLessThan(30_000)
    const uncapped = makePolicy({ kind: 'plimsoll' }, { ...SETUP, borrowCap: 0 }, 1)
    const decision = uncapped.next(viewOf(recordOf(), { ...parametersOf(SETUP), borrowCap: 0 }))
    expect(decision.borrowCap).toBe(0)
    expect(decision.reasons).not.toHaveProperty('borrowCap')
  })

  test('governance’s own bounds and constants hold where they are given', () => {
    const choice: BuiltInChoice = {
      kind: 'ewma',
      config: { bufferBps: 400 },
      bounds: { liquidationThreshold: { floor: 8_000, tightenStep: 5_000 }, ltv: { tightenStep: 5_000 } },
    }
    const wild = recordOf({ expectedShortfall99Bps: bps(5_000) })
    expect(makePolicy(choice, SETUP, 1).next(viewOf(wild))).toMatchObject({
      liquidationThresholdBps: 8_000,
      ltvBps: 7_600,
    })
  })

  test.each<[string, BuiltInChoice, Partial<MarketSetup>, number, RegExp]>([
    ['a knob below 0', { kind: 'plimsoll' }, {}, -1, /policy plimsoll is a factor of 0 or more, got -1/],
    ['no number for a knob', { kind: 'smart-ltv' }, {}, Number.NaN, /policy smart-ltv .* got NaN/],
    ['half a bp', { kind: 'static' }, {}, 0.5, /policy static is in whole bps, got 0.5/],
    [
      'a market without a cap',
      { kind: 'ewma', id: 'desk' },
      { supplyCap: 0 },
      1,
      /ETH has no supply cap, and the policy desk/,
    ],
  ])('%s is refused', (_, choice, change, knob, message) => {
    expect(() => makePolicy(choice, { ...SETUP, ...change }, knob)).toThrow(message)
    expect(() => makePolicy(choice, { ...SETUP, ...change }, knob)).toThrow(RangeError)
  })
})
