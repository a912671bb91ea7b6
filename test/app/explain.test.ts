import { describe, expect, test } from 'vitest'
import {
  type AskedModel,
  type ExplainAnswer,
  type Explanation,
  explainer,
  ROUNDS_KEPT,
} from '../../oracle-node/app/explain.ts'
import { FEATURE_COUNT, FEATURE_SPEC_HASH, featureIndex, RETURNS_OFFSET } from '../../oracle-node/core/feature-spec.ts'
import type { FeatureVector, RiskPrediction } from '../../oracle-node/core/prediction.ts'
import { unixSeconds } from '../../oracle-node/core/units.ts'

const DAY = featureIndex('realized_24h')
const VOLUME = featureIndex('ln_usd_volume_24h')

/** A vector that is 0.01 everywhere but where told. */
function vectorWith(changes: Readonly<Record<number, number>> = {}): FeatureVector {
  const values = Array.from({ length: FEATURE_COUNT }, (_, index) => changes[index] ?? 0.01)
  return { specHash: FEATURE_SPEC_HASH, values }
}
const reference = vectorWith()

const linear = ({ values }: FeatureVector): RiskPrediction => {
  const [day = 0, newest = 0] = [values[DAY], values[FEATURE_COUNT - 1]]
  return { volatility: 20 * day, valueAtRisk99: 2 * day - newest, expectedShortfall99: 3 * day - newest }
}
const risk: AskedModel<RiskPrediction> = { id: 'linear', predict: async (features) => linear(features) }
const depth: AskedModel<number> = { id: 'depth', predict: async ({ values }) => 1_000_000 * (values[VOLUME] ?? 0) }
const time = unixSeconds(1_700_000_000)

function explaining(options: Partial<Parameters<typeof explainer>[0]> = {}) {
  return explainer({ risk, depth, reference, ...options })
}
function explained(answer: ExplainAnswer): Explanation {
  if (!answer.ok) throw new Error(answer.detail)
  return answer.explanation
}
const judged = (changes: Readonly<Record<number, number>>, asset = 'WETH') => [
  { asset, time, features: vectorWith(changes) },
]

test('an explanation says what each feature adds to each output, the largest part of the shortfall first', async () => {
  const explain = explaining()
  explain.record(7, judged({ [DAY]: 0.05, [VOLUME]: 0.03, [FEATURE_COUNT - 1]: 0.02 }))
  const given = explained(await explain.explain('WETH'))
  expect(given).toMatchObject({ asset: 'WETH', round: 7, time, models: { risk: 'linear', depth: 'depth' } })
  expect(given.prediction.expectedShortfall99Bps).toBeCloseTo(1_300, 6)
  expect(given.reference).toMatchObject({ kind: 'training' })
  expect(given.reference.prediction.expectedShortfall99Bps).toBeCloseTo(200, 6)
  expect(given.method).toBe('exact')
  const [first, second] = given.contributions
  expect(first).toMatchObject({ feature: 'realized_24h', words: 'Volatility, last 24 h', value: 0.05, reference: 0.01 })
  expect(first?.contribution.expectedShortfall99Bps).toBeCloseTo(1_200, 6)
  expect(first?.contribution.volatilityBps).toBeCloseTo(8_000, 6)
  expect(second?.feature).toBe('returns_1h')
  expect(second?.contribution.expectedShortfall99Bps).toBeCloseTo(-100, 6)
  const volume = given.contributions.find(({ feature }) => feature === 'ln_usd_volume_24h')
  expect(volume?.contribution.depthUsd).toBeCloseTo(20_000, 4)
  for (const output of ['volatilityBps', 'valueAtRisk99Bps', 'expectedShortfall99Bps', 'depthUsd'] as const) {
    const together = given.contributions.reduce((sum, each) => sum + each.contribution[output], 0)
    expect(together).toBeCloseTo(given.prediction[output] - given.reference.prediction[output], 5)
  }
})

test('many features that differ are sampled, and a linear model’s contributions come out exact all the same', async () => {
  const all = Object.fromEntries(Array.from({ length: FEATURE_COUNT }, (_, index) => [index, 0.02 + index / 1_000]))
  const explain = explaining()
  explain.record(1, judged(all))
  const given = explained(await explain.explain('WETH'))
  expect(given.method).toBe('sampled')
  const day = given.contributions.find(({ feature }) => feature === 'realized_24h')
  expect(day?.contribution.expectedShortfall99Bps).toBeCloseTo(30_000 * (0.02 + DAY / 1_000 - 0.01), 6)
  expect(day?.standardError.expectedShortfall99Bps).toBeLessThan(1e-6)
})

describe('what changed since the last round', () => {
  test('is told against the vector of that round: the same question with another reference', async () => {
    const explain = explaining()
    explain.record(1, judged({ [DAY]: 0.02 }))
    explain.record(2, judged({ [DAY]: 0.05 }))
    const { sinceLast } = explained(await explain.explain('WETH'))
    expect(sinceLast?.reference).toMatchObject({ kind: 'round', round: 1, time })
    expect(sinceLast?.reference.prediction.expectedShortfall99Bps).toBeCloseTo(500, 6)
    expect(sinceLast?.contributions[0]?.contribution.expectedShortfall99Bps).toBeCloseTo(900, 6)
    expect(
      sinceLast?.contributions.slice(1).every(({ contribution }) => contribution.expectedShortfall99Bps === 0),
    ).toBe(true)
  })

  test('is nothing in the first round', async () => {
    const explain = explaining()
    explain.record(1, judged({}))
    expect(explained(await explain.explain('WETH')).sinceLast).toBeNull()
  })

  test('reaches over rounds of the same hours, whatever the books said, and names the round it reached', async () => {
    const explain = explaining()
    const books = featureIndex('ln_book_depth')
    for (const [round, day] of [0.02, 0.05, 0.05, 0.05].entries()) {
      explain.record(round, judged({ [DAY]: day, [RETURNS_OFFSET + 167]: day, [books]: round }))
    }
    expect(explained(await explain.explain('WETH'))).toMatchObject({ round: 3, sinceLast: { reference: { round: 0 } } })
    const still = explaining()
    for (const round of [1, 2]) still.record(round, judged({}))
    const { sinceLast } = explained(await still.explain('WETH'))
    expect(sinceLast?.reference).toMatchObject({ round: 1 })
    expect(sinceLast?.contributions.every(({ contribution }) => contribution.expectedShortfall99Bps === 0)).toBe(true)
  })

  test('is of the newest round, also where an older one’s observation ends after it', async () => {
    const explain = explaining()
    for (const round of [1, 3, 2]) explain.record(round, judged({ [DAY]: round / 100, [RETURNS_OFFSET]: round }))
    expect(explain.newest()).toMatchObject([{ round: 3 }])
    expect(explained(await explain.explain('WETH'))).toMatchObject({ round: 3, sinceLast: { reference: { round: 1 } } })
  })

  test('can be asked against any round that is kept, a day of them', async () => {
    const explain = explaining()
    for (let round = 1; round <= ROUNDS_KEPT + 3; round += 1) explain.record(round, judged({ [DAY]: round / 100 }))
    const given = explained(await explain.explain('WETH', 10))
    expect(given.sinceLast?.reference).toMatchObject({ round: 10 })
    expect(given.sinceLast?.contributions[0]?.contribution.expectedShortfall99Bps).toBeCloseTo(90 * 300, 5)
    for (const round of [3, ROUNDS_KEPT + 3, 999]) {
      expect(await explain.explain('WETH', round), String(round)).toMatchObject({
        ok: false,
        reason: 'unknown-round',
        detail: expect.stringContaining(`rounds 4 to ${ROUNDS_KEPT + 2}`),
      })
    }
  })
})

describe('the cost', () => {
  /** A model that counts what it is asked, and answers when let go. */
  function counting() {
    const calls: number[] = []
    let open = (): void => undefined
    const gate = new Promise<void>((resolve) => {
      open = resolve
    })
    const model: AskedModel<RiskPrediction> = {
      id: 'counting',
      predict: () => Promise.reject(new Error('one by one')),
      predictBatch: async (vectors) => {
        calls.push(vectors.length)
        await gate
        return vectors.map(linear)
      },
    }
    return { calls, open, model }
  }

  test('is nothing until somebody asks, and is paid once for all who ask the same', async () => {
    const { calls, open, model } = counting()
    const explain = explaining({ risk: model })
    explain.record(1, judged({ [DAY]: 0.05 }))
    expect(calls).toEqual([])
    const answers = Array.from({ length: 100 }, () => explain.explain('WETH'))
    open()
    const first = await answers[0]
    for (const each of await Promise.all(answers)) expect(each).toBe(first)
    expect(await explain.explain('WETH')).toBe(first)
    expect(calls).toEqual([2])
  })

  test('is in small batches, no more vectors than are named for 36 players', async () => {
    const { calls, open, model } = counting()
    open()
    const explain = explaining({ risk: model })
    const all = Object.fromEntries(Array.from({ length: FEATURE_COUNT }, (_, index) => [index, index]))
    explain.record(1, judged(all))
    await explain.explain('WETH')
    expect(Math.max(...calls)).toBe(64)
    expect(calls.reduce((sum, each) => sum + each, 0)).toBeLessThanOrEqual(2 + 32 * (RETURNS_OFFSET + 3 - 1))
  })

  test('is bounded: past 32 that wait, who asks is told to come back, and can', async () => {
    const { open, model } = counting()
    const explain = explaining({ risk: model })
    const assets = Array.from({ length: 33 }, (_, index) => `A${index}`)
    for (const asset of assets) explain.record(1, judged({ [DAY]: 0.05 }, asset))
    const waiting = assets.slice(0, 32).map((asset) => explain.explain(asset))
    expect(await explain.explain('A32')).toMatchObject({ ok: false, reason: 'busy' })
    open()
    await Promise.all(waiting)
    expect(await explain.explain('A32')).toMatchObject({ ok: true })
  })
})

describe('no explanation', () => {
  test('of an asset that was not judged, and the answer names those that were', async () => {
    const explain = explaining()
    expect(await explain.explain('WETH')).toMatchObject({ ok: false, reason: 'unknown-asset' })
    explain.record(3, [...judged({}), ...judged({}, 'WBTC')])
    expect(await explain.explain('DOGE')).toMatchObject({ detail: expect.stringContaining('it has WETH, WBTC') })
    expect(explain.newest()).toEqual([
      { asset: 'WETH', round: 3, time },
      { asset: 'WBTC', round: 3, time },
    ])
  })

  test.each([
    ['that fails', () => Promise.reject(new Error('out of memory')), 'out of memory'],
    ['that gives too few', async () => [], 'gave 0 predictions for 2 vectors'],
    [
      'that gives no number',
      async () => [0, 1].map(() => ({ volatility: Number.NaN, valueAtRisk99: 0, expectedShortfall99: 0 })),
      'finite numbers were needed',
    ],
  ])('from a model %s, and the next who asks gets another try', async (_name, broken, detail) => {
    let isBroken = true
    const model: AskedModel<RiskPrediction> = {
      ...risk,
      predictBatch: (vectors) => (isBroken ? broken() : Promise.all(vectors.map(risk.predict))),
    }
    const explain = explaining({ risk: model })
    explain.record(1, judged({ [DAY]: 0.05 }))
    expect(await explain.explain('WETH')).toMatchObject({
      ok: false,
      reason: 'model-failed',
      detail: expect.stringContaining(detail),
    })
    isBroken = false
    expect(await explain.explain('WETH')).toMatchObject({ ok: true })
  })
})
