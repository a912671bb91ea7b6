import { describe, expect, test } from 'vitest'
import { committedDepth } from '../../backtests/oracle/committed-depth.ts'
import { recordsOf } from '../../backtests/oracle/committee.ts'
import type { ForecastColumns } from '../../backtests/oracle/forecast-columns.ts'
import { encodeColumns } from '../../backtests/oracle/forecast-file.ts'
import { forecastColumns } from '../../backtests/oracle/forecast-series.ts'
import { type FittedFrom, fittedAt, predictorOf } from '../../backtests/oracle/forecasters.ts'
import { hourlyFeatures } from '../../backtests/oracle/hourly-features.ts'
import { recordedSamples, refitTimes } from '../../backtests/oracle/training-samples.ts'
import { depthModel } from '../../models/baselines/depth.ts'
import { type Sample, samplesOf } from '../../models/training/dataset.ts'
import { baselineModels } from '../../oracle-node/adapters/baseline-models.ts'
import { fileCalibrations } from '../../oracle-node/app/calibrations.ts'
import { roundObserver } from '../../oracle-node/app/observe-round.ts'
import type { Bar } from '../../oracle-node/core/bar.ts'
import type { EwmaBaseline } from '../../oracle-node/core/baseline.ts'
import { feedOf } from '../../oracle-node/core/feed.ts'
import { fallbackFeeds } from '../../oracle-node/core/observation.ts'
import type { RiskRecord } from '../../oracle-node/core/record.ts'
import { nodeIndex, type UnixSeconds } from '../../oracle-node/core/units.ts'
import { MODEL_SET } from '../contracts/samples.ts'
import { FIRST_HOUR, walkBars } from '../models/sample-bars.ts'
import { memoryTelemetry } from '../support/memory-telemetry.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { seriesOf } from './oracle-series.ts'

const HOUR = 3_600
const DAY = 24 * HOUR
const depth = committedDepth()

/** What models are fitted on here: three markets, the last a wild one. */
const SAMPLES: readonly Sample[] = [0.004, 0.01, 0.025].flatMap((stepRatio, market) =>
  samplesOf(
    { asset: `M${market}`, file: '', kind: 'volatile' },
    walkBars({ count: 2_400, stepRatio, seed: market + 1 }),
    6,
  ),
)
const START = FIRST_HOUR + 60 * DAY
const REFITS = [START, START + 20 * DAY]
const PLIMSOLL = REFITS.map((from) => fittedAt('plimsoll', from, SAMPLES))
const LOG_HAR = REFITS.map((from) => fittedAt('log-har', from, SAMPLES))

/** The bar that ends at a midnight, when calibrations move. */
const BEFORE_MIDNIGHT = 1_777

/** Ninety days with a crash to a third and back, which the guard refuses, and with holes. */
const CALM = walkBars({ count: 2_160, stepRatio: 0.01, seed: 21 })
const scaled = (bar: Bar, factor: number): Bar => ({
  ...bar,
  open: bar.open * factor,
  high: bar.high * factor,
  low: bar.low * factor,
  close: bar.close * factor,
})
const BARS = CALM.map((bar, hour) => (hour >= 1_900 && hour < 1_906 ? scaled(bar, 0.3) : bar)).filter(
  (_, hour) => !(hour >= 1_700 && hour < 1_705) && hour !== BEFORE_MIDNIGHT,
)
const MARKET = walkBars({ count: 2_160, stepRatio: 0.008, seed: 22 }).filter(
  (_, hour) => !(hour >= 1_600 && hour < 1_604) && !(hour >= 1_800 && hour < 1_809),
)

const columnsOfBars = (bars: readonly Bar[], fits: readonly FittedFrom[], market?: readonly Bar[]): ForecastColumns =>
  forecastColumns({
    series: seriesOf('X', bars),
    market: market && seriesOf('market', market),
    fits,
    depth,
  })

const listsOf = ({ multipliers, floor, cap }: EwmaBaseline) => ({
  multipliers: [...multipliers],
  floor: [...floor],
  cap: [...cap],
})

/** The live node itself, hour after hour, on the same bars. */
async function byNode(fits: readonly FittedFrom[], from: number, hours: number) {
  let fitted = fits[0]?.fitted
  const marketNow: { now: number } = { now: 0 }
  const closed = (bars: readonly Bar[]): Bar[] => {
    const end = bars.findLastIndex((bar) => bar.openTime + HOUR <= marketNow.now) + 1
    return bars.slice(Math.max(0, end - 230), end)
  }
  const market = (bars: readonly Bar[]) => {
    const past = closed(bars)
    return { priceUsd: past.at(-1)?.close ?? 0, dispersion: 0, bars: past, ladders: [], sources: ['kraken:X/USD'] }
  }
  const calibrations = fileCalibrations(`${temporaryFolder()}/calibration.json`, MODEL_SET, memoryTelemetry())
  const said: ({ record: RiskRecord; fallback: boolean } | undefined)[] = []
  const observerOf = () => {
    if (fitted === undefined || !('guard' in fitted)) throw new Error('a model is needed')
    const predict = predictorOf(fitted)
    const { guard, baseline } = fitted
    return roundObserver({
      node: nodeIndex(1),
      epoch: 1,
      watch: async () => ({
        markets: new Map([
          ['market', market(MARKET)],
          ['X', market(BARS)],
        ]),
        abstentions: [],
        rejections: [],
        ticks: [],
        quoteRates: [],
      }),
      marketAsset: 'market',
      risk: { predict: async (features) => predict({ features, row: 0, now: 0, end: 0, noMarket: false }) },
      depth: depthModel('depth', depth),
      guard,
      fallback: baselineModels({ risk: { ...baseline, ...listsOf(baseline) }, depth }),
      calibrations,
      modelSet: MODEL_SET,
      validForSeconds: HOUR,
      telemetry: memoryTelemetry(),
    })
  }
  let observe = observerOf()
  for (let hour = 0; hour < hours; hour++) {
    marketNow.now = from + hour * HOUR
    const due = fits.findLast((fit) => fit.from <= marketNow.now)?.fitted
    if (due !== fitted) {
      fitted = due
      observe = observerOf()
    }
    const observation = await observe(hour, marketNow.now as UnixSeconds)
    const record = observation?.values.find(({ feed }) => feed === feedOf('X'))?.record
    said.push(observation && record && { record, fallback: fallbackFeeds(observation).includes(feedOf('X')) })
  }
  await calibrations.settled()
  return said
}

test('a series says hour by hour what the node itself says, through gaps, a silent market, a crash and a refit', async () => {
  const columns = columnsOfBars(BARS, LOG_HAR, MARKET)
  const first = (START - columns.from) / HOUR
  const rows = columns.known.length - first
  const said = await byNode(LOG_HAR, START, rows)
  const timeline = recordsOf(columns, {
    nodes: 1,
    liars: 0,
    lie: 'calm',
    noiseBps: 0,
    dispersionBps: 0,
    delaySeconds: 0,
    validForSeconds: HOUR,
    seed: 0,
  })
  const here = said.map((_, place) => {
    const row = first + place
    if (columns.known[row] === 0) return undefined
    const record = timeline.at(columns.from + row * HOUR)
    return record && { record, fallback: columns.fallback[row] === 1 }
  })
  expect(here).toEqual(said)
  // All that was to be met was met.
  expect((FIRST_HOUR + (BEFORE_MIDNIGHT + 1) * HOUR) % DAY).toBe(0)
  expect(said.filter((each) => each === undefined).length).toBeGreaterThan(0)
  expect(said.filter((each) => each?.fallback).length).toBeGreaterThan(3)
  expect(said.filter((each) => each && !each.fallback).length).toBeGreaterThan(500)
  expect(new Set(columns.lnMultiplier.subarray(first)).size).toBeGreaterThan(10)
})

describe('nothing looks ahead', () => {
  test('other bars after an hour change no row up to it, and some after it', () => {
    const cut = 1_850
    const changed = (bars: readonly Bar[]): Bar[] =>
      bars.map((bar) => (bar.openTime >= FIRST_HOUR + cut * HOUR ? scaled(bar, 0.5) : bar))
    const before = columnsOfBars(BARS, PLIMSOLL, MARKET)
    for (const after of [
      columnsOfBars(changed(BARS), PLIMSOLL, MARKET),
      columnsOfBars(BARS, PLIMSOLL, changed(MARKET)),
      columnsOfBars(
        BARS.filter(({ openTime }) => openTime < FIRST_HOUR + cut * HOUR),
        PLIMSOLL,
        MARKET,
      ),
    ]) {
      const upTo = ({ asset, forecaster, from, ...columns }: ForecastColumns) =>
        Object.values(columns).map((column) => column.slice(0, cut))
      expect(upTo(after)).toEqual(upTo(before))
      expect(encodeColumns(after)).not.toEqual(encodeColumns(before))
    }
  })

  test('a fit knows no label that ends after it, whatever the samples of later say', () => {
    const changed = SAMPLES.map((sample) =>
      sample.time + DAY > START ? { ...sample, loss: 0.9, realized: 3, hourLoss: 0.9, hourRealized: 3 } : sample,
    )
    const [first, second] = REFITS.map((from) => fittedAt('log-har', from, changed))
    expect(first).toEqual(LOG_HAR[0])
    expect(second).not.toEqual(LOG_HAR[1])
  })

  test('a fit knows nothing of a crisis that is left out, neither its labels nor weeks that it is in', () => {
    const crisis = { from: START - 20 * DAY, to: START - 17 * DAY }
    const touched = SAMPLES.filter(({ time }) => time + DAY > crisis.from && time - 169 * HOUR < crisis.to)
    const wild = new Set(touched)
    const changed = SAMPLES.map((sample) =>
      wild.has(sample)
        ? { ...sample, features: sample.features.map((value) => value * 7), loss: 0.9, realized: 3 }
        : sample,
    )
    const fitted = (samples: readonly Sample[], leftOut: readonly { from: number; to: number }[]) =>
      REFITS.map((from) => fittedAt('log-har', from, samples, leftOut))
    expect(touched.length).toBeGreaterThan(50)
    expect(fitted(changed, [crisis])).toEqual(fitted(SAMPLES, [crisis]))
    expect(fitted(changed, [])).not.toEqual(fitted(SAMPLES, []))
    expect(fitted(SAMPLES, [crisis])).not.toEqual(LOG_HAR)
  })
})

describe('fits', () => {
  test('say the same to the bit after they went through JSON', () => {
    const read = JSON.parse(JSON.stringify(PLIMSOLL)) as FittedFrom[]
    expect(encodeColumns(columnsOfBars(BARS, read, MARKET))).toEqual(
      encodeColumns(columnsOfBars(BARS, PLIMSOLL, MARKET)),
    )
  })

  test('are due at the times that were asked for', () => {
    expect(refitTimes({ from: START, to: START + 65 * DAY, everyDays: 30 })).toEqual(
      [0, 30, 60].map((day) => START + day * DAY),
    )
    expect(refitTimes({ from: START, to: START + 60 * DAY, everyDays: 30 })).toHaveLength(2)
    expect(() => refitTimes({ from: START, to: START + DAY, everyDays: 0 })).toThrow(/whole days/)
    expect(() => refitTimes({ from: START, to: START, everyDays: 1 })).toThrow(/before/)
  })

  test('too early for samples are refused by their day', () => {
    expect(() => fittedAt('plimsoll', FIRST_HOUR, SAMPLES)).toThrow(/2023-11-14 on 0 samples/)
  })

  test('on recordings that are not there say where they were sought', () => {
    const folder = temporaryFolder()
    expect(() => recordedSamples(folder)).toThrow(folder)
  })

  test('of several forecasters, none, or out of order are refused', () => {
    const series = seriesOf('X', CALM)
    const columns = (fits: readonly FittedFrom[]) => forecastColumns({ series, fits, depth })
    expect(() => columns([])).toThrow(/got none/)
    expect(() => columns([...LOG_HAR, ...PLIMSOLL])).toThrow(/log-har, plimsoll/)
    expect(() => columns(LOG_HAR.toReversed())).toThrow(/ascending/)
  })

  test('nobody judges before the first', () => {
    const { known, from, volatility } = columnsOfBars(CALM, LOG_HAR)
    const first = (START - from) / HOUR
    expect([known[first - 1], volatility[first - 1]]).toEqual([0, Number.NaN])
    expect([known[first], volatility[first]]).toEqual([1, expect.any(Number)])
  })
})

describe('rules of others', () => {
  const ewmaOf = (bars: readonly Bar[]): ForecastColumns => columnsOfBars(bars, [fittedAt('ewma', 0, [])])
  const without = (from: number, to: number): Bar[] => CALM.filter((_, hour) => !(hour >= from && hour < to))

  /** The last deviation of a day, one hour after another, from closes. */
  function sigmaOf(closes: ArrayLike<number>): number {
    const squares = Array.from({ length: closes.length - 1 }, (_, hour) => {
      const r = Math.log((closes[hour + 1] ?? Number.NaN) / (closes[hour] ?? Number.NaN))
      return r * r
    })
    const decay = 0.94 ** (1 / 24)
    let variance = squares.slice(0, 168).reduce((sum, each) => sum + each, 0) / 168
    for (const each of squares.slice(168)) variance = decay * variance + (1 - decay) * each
    return Math.sqrt(24 * variance)
  }

  test('the EWMA is RiskMetrics’ recursion over all of the past, its tail normal', () => {
    const columns = ewmaOf(CALM)
    const sigma = sigmaOf(CALM.map(({ close }) => close))
    const row = CALM.length - 1
    expect(columns.volatility[row]).toBeCloseTo(sigma * Math.sqrt(365), 10)
    expect(columns.valueAtRisk99[row]).toBeCloseTo(1 - Math.exp(-2.3263478740408408 * sigma), 10)
    expect(columns.expectedShortfall99[row]).toBeCloseTo(1 - Math.exp(-2.665214220345808 * sigma), 10)
    expect(columns.valueAtRisk50[row]).toBe(0)
    expect(columns.known.reduce((sum, each) => sum + each, 0)).toBe(CALM.length - 168)
    expect(new Set(columns.lnMultiplier.subarray(168))).toEqual(new Set([0]))
  })

  test('the EWMA goes on over a hole of hours and begins anew after one of weeks', () => {
    const hours = without(1_000, 1_008)
    expect(ewmaOf(hours).volatility.at(-1)).toBeCloseTo(sigmaOf(seriesOf('X', hours).close) * Math.sqrt(365), 10)
    const weeks = without(1_000, 1_400)
    expect(ewmaOf(weeks).volatility.at(-1)).toBe(ewmaOf(weeks.slice(999)).volatility.at(-1))
  })

  test('the range is Parkinson’s of a week', () => {
    const columns = columnsOfBars(CALM, [fittedAt('range', 0, [])])
    const ranges = CALM.slice(-168).reduce((sum, { high, low }) => sum + Math.log(high / low) ** 2, 0)
    expect(columns.volatility.at(-1)).toBeCloseTo(Math.sqrt(ranges / (28 * Math.LN2)) * Math.sqrt(365), 10)
  })
})

test('depth is the committed formula’s, and its quantile a share of it', () => {
  const { depthUsd, depthNowUsd } = columnsOfBars(CALM, LOG_HAR)
  const row = CALM.length - 1
  expect(depthNowUsd[row]).toBeGreaterThan(0)
  expect(depthUsd[row]).toBe((depthNowUsd[row] ?? Number.NaN) * depth.lowQuantileShare)
})

test('a predictor of a model is asked in any order', () => {
  const [first] = PLIMSOLL
  if (first === undefined) throw new Error('no fit')
  const predict = predictorOf(first.fitted)
  const hours = [...hourlyFeatures(seriesOf('X', CALM.slice(0, 200)))]
  const forward = hours.map(predict)
  expect(hours.toReversed().map(predict).toReversed()).toEqual(forward)
})
