import { describe, expect, test } from 'vitest'
import { fitGuard } from '../../models/training/fit-guard.ts'
import { baselineModels } from '../../oracle-node/adapters/baseline-models.ts'
import { roundObserver } from '../../oracle-node/app/observe-round.ts'
import type { Bar } from '../../oracle-node/core/bar.ts'
import { RETURNS_OFFSET } from '../../oracle-node/core/feature-spec.ts'
import { extractFeatures } from '../../oracle-node/core/features.ts'
import { feedOf } from '../../oracle-node/core/feed.ts'
import type { AssetMarket } from '../../oracle-node/core/market.ts'
import { fallbackFeeds, type Observation } from '../../oracle-node/core/observation.ts'
import type { FeatureVector, RiskPrediction } from '../../oracle-node/core/prediction.ts'
import { nodeIndex, type UnixSeconds } from '../../oracle-node/core/units.ts'
import { MODEL_SET } from '../contracts/samples.ts'
import { endOf, FIRST_HOUR, walkBars } from '../models/sample-bars.ts'
import { memoryTelemetry } from '../support/memory-telemetry.ts'

/*
 * What becomes of an asset that the models must not or cannot judge, with a real guard and the real baselines; the models alone are
 * played, so that a test can say who judged.
 */

const BARS = walkBars({ count: 400, stepRatio: 0.01, seed: 3 })
const NOW = endOf(BARS)
const BY_MODEL: RiskPrediction = { volatility: 0.6, valueAtRisk99: 0.08, expectedShortfall99: 0.11 }
const risk = { predict: async () => BY_MODEL }
const depth = { predict: async () => 5_000_000 }

function featuresOf(bars: readonly Bar[], now: UnixSeconds = NOW): FeatureVector {
  const extracted = extractFeatures(bars, now)
  if (!extracted.ok) throw new Error(extracted.detail)
  return extracted.features
}
const guard = fitGuard(
  [0.005, 0.02, 0.04].flatMap((stepRatio) => {
    const bars = walkBars({ count: 400, stepRatio, seed: 5 })
    return Array.from({ length: 30 }, (_, index) => {
      const now = (FIRST_HOUR + (220 + 6 * index) * 3_600) as UnixSeconds
      const closed = bars.filter(({ openTime }) => openTime + 3_600 <= now)
      return { kind: 'volatile', features: featuresOf(closed, now).values }
    })
  }),
)
const fallback = baselineModels({
  risk: { decayPerDay: 0.55, multipliers: [24.2, 2.81, 3.73], floor: [0.0019, 0.0009, 0.002], cap: [1_000, 1, 1] },
  depth: { scale: 0.14, sigmaFloor: 0.0053, lowQuantileShare: 0.556, capUsd: 1_099_511_627_775 },
})

const market = (bars: readonly Bar[]): AssetMarket => ({
  priceUsd: 2_000,
  dispersion: 0.0002,
  bars,
  ladders: [],
  sources: ['kraken:ETH/USD'],
})
/** Every hour closes where it opened, but for one fall of a fifth. */
const JUMPED = BARS.map((bar, hour) => {
  const price = hour < 350 ? 100 : 80
  const open = hour === 350 ? 100 : price
  return { ...bar, open, high: open, low: price, close: price }
})
const WILD = walkBars({ count: 400, stepRatio: 0.2, seed: 3 })

type Options = Parameters<typeof roundObserver>[0]

async function observed(markets: Readonly<Record<string, readonly Bar[]>>, changes: Partial<Options> = {}) {
  const telemetry = memoryTelemetry()
  const seen = new Map(Object.entries(markets).map(([asset, bars]) => [asset, market(bars)]))
  const observe = roundObserver({
    node: nodeIndex(2),
    epoch: 4,
    watch: async () => ({ markets: seen, abstentions: [], rejections: [], ticks: [], quoteRates: [] }),
    risk,
    depth,
    guard,
    fallback,
    modelSet: MODEL_SET,
    validForSeconds: 1_800,
    telemetry,
    ...changes,
  })
  const observation = await observe(9, NOW)
  return { observation, telemetry }
}

const recordOf = (observation: Observation | undefined, asset: string) =>
  observation?.values.find(({ feed }) => feed === feedOf(asset))?.record
const fellBack = (observation: Observation | undefined) => observation && fallbackFeeds(observation)
const ceilBps = (ratio: number): number => Math.ceil(ratio * 10_000)

test('an asset that the models know is theirs, and nothing is flagged', async () => {
  const { observation, telemetry } = await observed({ WBTC: BARS, WETH: BARS })
  expect(observation?.fallbacks).toBe(0n)
  expect(recordOf(observation, 'WETH')?.volatilityBps).toBe(6_000)
  expect(telemetry.counted('plimsoll_fallbacks_total')).toBe(0)
})

describe('the baseline judges one asset, flagged, counted and logged, and the models the others, when', () => {
  const only = async (bars: readonly Bar[], changes: Partial<Options> = {}) => {
    const { observation, telemetry } = await observed({ AAVE: BARS, BAD: bars, WETH: BARS }, changes)
    expect(fellBack(observation)).toEqual([feedOf('BAD')])
    expect(observation?.values).toHaveLength(3)
    for (const asset of ['AAVE', 'WETH']) expect(recordOf(observation, asset)?.volatilityBps, asset).toBe(6_000)
    const byBaseline = await fallback.risk.predict(featuresOf(bars))
    expect(recordOf(observation, 'BAD')).toMatchObject({
      volatilityBps: ceilBps(byBaseline.volatility),
      valueAtRisk99Bps: ceilBps(byBaseline.valueAtRisk99),
      expectedShortfall99Bps: ceilBps(byBaseline.expectedShortfall99),
      depthUsd: Math.floor(await fallback.depth.predict(featuresOf(bars))),
    })
    const line = telemetry.lines.find(({ event }) => event === 'asset-fallback')
    const { reason } = line?.fields ?? {}
    expect(line).toMatchObject({ level: 'warn', fields: { round: 9, asset: 'BAD' } })
    expect(telemetry.counted('plimsoll_fallbacks_total')).toBe(1)
    expect(telemetry.counted('plimsoll_fallbacks_total', { asset: 'BAD', reason: String(reason) })).toBe(1)
    expect(telemetry.counted('plimsoll_abstentions_total')).toBe(0)
    return { reason, detail: String(line?.fields['detail']) }
  }
  /** A model that is wrong about the asset with these bars, and right about the others. */
  const wrongAbout = <T>(bars: readonly Bar[], right: T, wrong: () => T) => {
    const returns = (features: FeatureVector): string => features.values.slice(RETURNS_OFFSET).join()
    const wrongs = returns(featuresOf(bars))
    return async (features: FeatureVector) => (returns(features) === wrongs ? wrong() : right)
  }
  const OTHER = walkBars({ count: 400, stepRatio: 0.012, seed: 8 })

  test('a feature is outside what the models were trained on', async () => {
    expect(await only(WILD)).toMatchObject({ reason: 'out-of-range', detail: expect.stringContaining('realized_') })
  })

  test('its week has another shape than the weeks of the training data', async () => {
    const shapeOnly = { ...guard, ranges: {} }
    expect(await only(JUMPED, { guard: shapeOnly })).toMatchObject({ reason: 'drift' })
  })

  test('the risk model fails', async () => {
    const predict = wrongAbout(OTHER, BY_MODEL, () => {
      throw new Error('no memory')
    })
    const { reason, detail } = await only(OTHER, { risk: { predict } })
    expect([reason, detail]).toEqual(['model-failed', 'Error: no memory'])
  })

  test.each([
    ['volatility-out-of-range', { ...BY_MODEL, volatility: Number.NaN }],
    ['expected-shortfall-out-of-range', { ...BY_MODEL, expectedShortfall99: Number.POSITIVE_INFINITY }],
    ['expected-shortfall-below-value-at-risk', { ...BY_MODEL, expectedShortfall99: 0.01 }],
  ])('the risk model’s answer has the fault %s', async (reason, wrong) => {
    const predict = wrongAbout(OTHER, BY_MODEL, () => wrong)
    expect(await only(OTHER, { risk: { predict } })).toMatchObject({ reason })
  })

  test('the depth model’s answer is no number', async () => {
    const predict = wrongAbout(OTHER, 5_000_000, () => Number.NaN)
    expect(await only(OTHER, { depth: { predict } })).toMatchObject({ reason: 'depth-out-of-range' })
  })
})

test('what the books show bounds the baseline’s depth as it does the model’s', async () => {
  const shallow = { ...market(WILD), depth: { sell: [1_000, 1_000, 1_000, 1_000], buy: [1, 1, 1, 1] } } as AssetMarket
  const watch = async () => ({
    markets: new Map([['BAD', shallow]]),
    abstentions: [],
    rejections: [],
    ticks: [],
    quoteRates: [],
  })
  const { observation } = await observed({}, { watch })
  expect(observation?.fallbacks).toBe(1n)
  expect(recordOf(observation, 'BAD')?.depthUsd).toBe(1_000)
})

describe('an asset is left out, its reasons named, when', () => {
  test('the baseline fails too', async () => {
    const broken = {
      ...fallback,
      risk: { predict: () => Promise.reject(new Error('the baseline is broken')) },
    }
    const { observation, telemetry } = await observed({ BAD: WILD, WETH: BARS }, { fallback: broken })
    expect(observation?.values.map(({ feed }) => feed)).toEqual([feedOf('WETH')])
    expect(observation?.fallbacks).toBe(0n)
    expect(telemetry.lines.find(({ event }) => event === 'asset-abstained')?.fields).toMatchObject({
      asset: 'BAD',
      reason: 'model-failed',
      detail: expect.stringMatching(/^Error: the baseline is broken; before the baseline, out-of-range: .*needed/),
    })
    expect(telemetry.counted('plimsoll_fallbacks_total')).toBe(0)
  })

  test('there is no baseline', async () => {
    const { observation, telemetry } = await observed({ BAD: WILD, WETH: BARS }, { fallback: undefined })
    expect(observation?.values).toHaveLength(1)
    expect(telemetry.counted('plimsoll_abstentions_total', { asset: 'BAD', reason: 'out-of-range' })).toBe(1)
  })
})

test('without a guard the models judge whatever they can', async () => {
  const { observation } = await observed({ BAD: WILD, JUMPED }, { guard: undefined })
  expect(observation?.fallbacks).toBe(0n)
})
