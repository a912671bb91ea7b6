import { blockBootstrap, type Interval } from '../../backtests/metrics/bootstrap.ts'
import { christoffersen, kupiec } from '../../backtests/metrics/coverage.ts'
import { qlike } from '../../backtests/metrics/qlike.ts'
import { acerbiSzekely, fzLoss, type TailForecast } from '../../backtests/metrics/shortfall.ts'
import type { RiskPrediction } from '../../oracle-node/core/prediction.ts'
import { mean } from '../../oracle-node/core/stats.ts'
import type { Sample } from './dataset.ts'

export const LEVEL = 0.99
const DAY_SECONDS = 86_400
/** Ten days hold a volatility cluster's core; a thousand draws give an interval to two digits. */
const BOOTSTRAP = { blockDays: 10, draws: 1_000, seed: 20_240_808 }

export type Forecaster = { readonly id: string; readonly predict: (features: readonly number[]) => RiskPrediction }

/** One model on one asset of one part, over days that do not overlap (forecasts at 00:00 UTC). */
export type AssetMetrics = {
  readonly model: string
  readonly part: string
  readonly asset: string
  readonly days: number
  readonly exceedances: number
  readonly coverage: number
  readonly kupiecP: number
  readonly christoffersenP: number
  readonly qlike: number
  readonly fzLoss: number
  readonly acerbiSzekely: number
  readonly meanValueAtRisk: number
  readonly meanShortfall: number
}

/** One model on all assets of a kind in one part, with 95 % intervals of the mean by day. */
export type PooledMetrics = {
  readonly model: string
  readonly part: string
  readonly kind: string
  readonly days: number
  readonly forecasts: number
  readonly coverage: number
  readonly coverageInterval: Interval
  readonly qlike: number
  readonly qlikeInterval: Interval
  readonly fzLoss: number
  readonly fzLossInterval: Interval
  readonly acerbiSzekely: number
}

type Scored = TailForecast & { readonly time: number; readonly qlike: number; readonly fz: number }

/** Metrics by asset, in the order that assets appear. Assets with fewer than 60 days are left out: they would tell nothing. */
export function evaluateAssets(model: Forecaster, part: string, samples: readonly Sample[]): AssetMetrics[] {
  const byAsset = Map.groupBy(daily(samples), (sample) => sample.asset)
  return [...byAsset].flatMap(([asset, own]) => {
    const scored = own.map((sample) => scoreSample(model, sample))
    if (scored.length < 60) return []
    const exceeded = scored.map(({ loss, valueAtRisk }) => loss > valueAtRisk)
    const exceedances = exceeded.filter(Boolean).length
    return {
      model: model.id,
      part,
      asset,
      days: scored.length,
      exceedances,
      coverage: 1 - exceedances / scored.length,
      kupiecP: kupiec({ days: scored.length, exceedances, expectedShare: 1 - LEVEL }).pValue,
      christoffersenP: christoffersen(exceeded).pValue,
      qlike: mean(scored.map((each) => each.qlike)),
      fzLoss: mean(scored.map((each) => each.fz)),
      acerbiSzekely: acerbiSzekely(scored, LEVEL),
      meanValueAtRisk: mean(scored.map((each) => each.valueAtRisk)),
      meanShortfall: mean(scored.map((each) => each.expectedShortfall)),
    }
  })
}

/** Metrics over all samples given; whole days are drawn together, so assets that fall together count as they should. */
export function evaluatePooled(
  model: Forecaster,
  part: string,
  kind: string,
  samples: readonly Sample[],
): PooledMetrics {
  const scored = daily(samples).map((sample) => scoreSample(model, sample))
  const days = [...Map.groupBy(scored, (each) => each.time)].sort(([a], [b]) => a - b).map(([, ofDay]) => ofDay)
  const sums = days.map((ofDay) => ({
    count: ofDay.length,
    covered: ofDay.filter((each) => each.loss <= each.valueAtRisk).length,
    qlike: ofDay.reduce((sum, each) => sum + each.qlike, 0),
    fz: ofDay.reduce((sum, each) => sum + each.fz, 0),
  }))
  const statistic =
    (field: 'covered' | 'qlike' | 'fz') =>
    (drawn: readonly number[]): number => {
      let total = 0
      let count = 0
      for (const day of drawn) {
        total += sums[day]?.[field] ?? Number.NaN
        count += sums[day]?.count ?? Number.NaN
      }
      return total / count
    }
  const everyDay = [...sums.keys()]
  const interval = (field: 'covered' | 'qlike' | 'fz'): Interval =>
    blockBootstrap({ ...BOOTSTRAP, days: sums.length, statistic: statistic(field) })
  return {
    model: model.id,
    part,
    kind,
    days: sums.length,
    forecasts: scored.length,
    coverage: statistic('covered')(everyDay),
    coverageInterval: interval('covered'),
    qlike: statistic('qlike')(everyDay),
    qlikeInterval: interval('qlike'),
    fzLoss: statistic('fz')(everyDay),
    fzLossInterval: interval('fz'),
    acerbiSzekely: acerbiSzekely(scored, LEVEL),
  }
}

/** Days without any move have no logarithm of variance; they are few and only of pegs, and are left out for every model alike. */
function daily(samples: readonly Sample[]): Sample[] {
  return samples.filter(({ time, realized }) => time % DAY_SECONDS === 0 && realized > 0)
}

function scoreSample(model: Forecaster, sample: Sample): Scored {
  const { volatility, valueAtRisk99, expectedShortfall99 } = model.predict(sample.features)
  const tail = { loss: sample.loss, valueAtRisk: valueAtRisk99, expectedShortfall: expectedShortfall99 }
  return {
    ...tail,
    time: sample.time,
    qlike: qlike({
      realizedVariance: sample.realized * sample.realized,
      forecastVariance: (volatility * volatility) / 365,
    }),
    fz: fzLoss(tail, LEVEL),
  }
}
