import { mean } from '../../oracle-node/core/stats.ts'
import { christoffersen, conditionalCoverage, kupiec } from '../metrics/coverage.ts'
import { acerbiSzekely, acerbiSzekelyPValue, acerbiSzekelySeverity, type TailForecast } from '../metrics/shortfall.ts'
import { rollingTrafficLight, trafficLight } from '../metrics/traffic-light.ts'
import type { ForecastCell } from '../result.ts'
import { type Horizon, type HorizonScores, LEVEL } from './rows.ts'

/** A supervisor's year. */
const LIGHT_DAYS = 250
/** Of daily returns' tails. */
const TAIL_SHAPE = 0.3

/** The rows of one asset, in the order of time. */
export type AssetPlaces = { readonly asset: string; readonly places: readonly number[] }

/** One model on one asset at one horizon; every figure straight from the metric of its name. */
export function cellOf(
  scores: HorizonScores,
  { asset, places }: AssetPlaces,
  options: { readonly horizon: Horizon; readonly simulations: number; readonly seed: number },
): ForecastCell {
  const tails = places.map(
    (place): TailForecast => ({
      loss: at(scores.loss, place),
      valueAtRisk: at(scores.valueAtRisk, place),
      expectedShortfall: at(scores.shortfall, place),
    }),
  )
  const exceeded = tails.map(({ loss, valueAtRisk }) => loss > valueAtRisk)
  const [days, hits] = [places.length, exceeded.filter(Boolean).length]
  return {
    model: scores.id,
    asset,
    horizon: options.horizon,
    days,
    qlike: meanQlike(scores, places),
    fz: mean(places.map((place) => at(scores.fz, place))),
    pinball99: mean(places.map((place) => at(scores.pinball99, place))),
    hits,
    kupiecP: kupiec({ days, exceedances: hits, expectedShare: 1 - LEVEL }).pValue,
    // Of one day nothing can be said of what follows a hit.
    independenceP: days > 1 ? christoffersen(exceeded).pValue : 1,
    conditionalP: days > 1 ? conditionalCoverage(exceeded, 1 - LEVEL).pValue : 1,
    severity: acerbiSzekelySeverity(tails) ?? null,
    shortfall: acerbiSzekely(tails, LEVEL),
    shortfallP: acerbiSzekelyPValue({
      forecasts: tails,
      level: LEVEL,
      tailShape: TAIL_SHAPE,
      draws: options.simulations,
      seed: options.seed,
    }),
    light: trafficLight({ days, exceedances: hits }),
    greenShare: days < LIGHT_DAYS ? null : rollingTrafficLight(exceeded, { days: LIGHT_DAYS }).greenShare,
  }
}

/** Over the days that moved; 0 where none did, since whatever was forecast of them is left out. */
export function meanQlike({ qlike }: Pick<HorizonScores, 'qlike'>, places: readonly number[]): number {
  const moved = places.map((place) => at(qlike, place)).filter((loss) => !Number.isNaN(loss))
  return moved.length === 0 ? 0 : mean(moved)
}

function at(values: Float64Array, place: number): number {
  return values[place] ?? Number.NaN
}
