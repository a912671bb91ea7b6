import { type Resamples, stationaryBootstrap } from '../metrics/bootstrap.ts'
import { dieboldMariano } from '../metrics/diebold-mariano.ts'
import { modelConfidenceSet } from '../metrics/model-confidence-set.ts'
import type { ForecastResult } from '../result.ts'
import type { AssetPlaces } from './cells.ts'
import { CONFORMAL, plainOf } from './grid.ts'
import type { Horizon, HorizonScores } from './rows.ts'

/** Ten days hold a volatility cluster's core. */
const MEAN_BLOCK_DAYS = 10
const LOSSES = ['qlike', 'fz'] as const

type Where = { readonly asset: AssetPlaces; readonly horizon: Horizon }

/** Diebold and Mariano's test of every model against each of some, on both losses. */
export function comparisonsOf(
  all: readonly HorizonScores[],
  against: readonly string[],
  { asset, horizon }: Where,
): ForecastResult['comparisons'] {
  return against.flatMap((other) =>
    all.flatMap((own) =>
      LOSSES.flatMap((loss) => {
        const base = all.find(({ id }) => id === other)
        if (base === undefined || base.id === own.id) return []
        const [first, second] = [lossesOf(own[loss], asset.places), lossesOf(base[loss], asset.places)]
        const differences = first.map((value, day) => value - (second[day] ?? Number.NaN))
        // Of a day or two, or a difference that never varies, no test can be made.
        if (differences.length < TESTED_DAYS_MIN || isConstant(differences)) return []
        const { meanDifference, pValue } = dieboldMariano(differences)
        return [
          { model: own.id, against: other, asset: asset.asset, horizon, loss, difference: meanDifference, p: pValue },
        ]
      }),
    ),
  )
}

const TESTED_DAYS_MIN = 10

function isConstant(values: readonly number[]): boolean {
  return values[0] !== 0 && values.every((value) => value === values[0])
}

/** Each model's p-value in the confidence set of an asset and horizon, by both losses. */
export function confidenceSetsOf(
  all: readonly HorizonScores[],
  { asset, horizon }: Where,
  resamplesOf: (days: number) => Resamples,
): ForecastResult['confidenceSets'] {
  const ids = new Set(all.map(({ id }) => id))
  return LOSSES.flatMap((loss) => {
    // The conformal layer leaves volatility as it is: two of the same would count double.
    const isTwin = (id: string): boolean => loss === 'qlike' && id.endsWith(CONFORMAL) && ids.has(plainOf(id))
    const models = all
      .filter(({ id }) => !isTwin(id))
      .map((own) => ({ id: own.id, losses: lossesOf(own[loss], asset.places) }))
    const days = models[0]?.losses.length ?? 0
    if (days < TESTED_DAYS_MIN) return []
    const sets = modelConfidenceSet({ models, resamples: resamplesOf(days) })
    const pOf = new Map(sets.map(({ id, pValue }) => [id, pValue]))
    return all.map(({ id }) => {
      const p = pOf.get(isTwin(id) ? plainOf(id) : id) ?? Number.NaN
      return { model: id, asset: asset.asset, horizon, loss, p }
    })
  })
}

/** Resampled days, drawn once for every series of as many. */
export function resampler(draws: number, seed: number): (days: number) => Resamples {
  const drawn = new Map<number, Resamples>()
  return (days) => {
    const known = drawn.get(days) ?? stationaryBootstrap({ days, draws, seed, meanBlockDays: MEAN_BLOCK_DAYS })
    drawn.set(days, known)
    return known
  }
}

/** Without days that have no loss, which are the same for every model. */
function lossesOf(values: Float64Array, places: readonly number[]): number[] {
  return places.map((place) => values[place] ?? Number.NaN).filter((loss) => !Number.isNaN(loss))
}
