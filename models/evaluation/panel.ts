import { combinePredictions } from '../../oracle-node/core/combine-predictions.ts'
import { calibrated, conformalStep, NEUTRAL } from '../../oracle-node/core/conformal.ts'
import { invariant } from '../../oracle-node/core/errors.ts'
import { type HorizonRisk, predictionOf, RISK_OUTPUTS, type RiskPrediction } from '../../oracle-node/core/prediction.ts'
import type { Sample } from '../training/dataset.ts'
import { assetOfSeries } from '../training/peers.ts'
import type { Fold } from '../training/walk-forward.ts'
import type { Forecasts } from './walk.ts'

export const DAY_SECONDS = 86_400

/** What came after one forecast of one asset, without its features. */
export type Outcome = Omit<Sample, 'features'>

/** Tested days in the order of time, one an asset and day; an asset's recordings that follow one another are one. */
export type Panel = readonly Outcome[]

/** @throws {InvariantError} when an asset has two forecasts within one day, or time goes back. */
export function panelOf(folds: readonly Fold[]): Panel {
  const last = new Map<string, number>()
  let now = Number.NEGATIVE_INFINITY
  return folds.flatMap(({ test }) =>
    test.map(({ features: _, ...outcome }) => {
      const asset = assetOfSeries(outcome.asset)
      const { time } = outcome
      invariant(time >= now, `a panel is in the order of time, got ${time} after ${now}`)
      const before = last.get(asset) ?? Number.NEGATIVE_INFINITY
      invariant(time - before >= DAY_SECONDS, `${asset} has two forecasts within the day of ${time}`)
      now = time
      last.set(asset, time)
      return { ...outcome, asset }
    }),
  )
}

/**
 * Forecasts with the node's adaptive conformal layer, which goes by asset from day to day: the forecast of a day is stretched by what the days
 * before it taught, and a day's outcome is known when the next is forecast.
 */
export function withConformal(panel: Panel, { id, outputs }: Forecasts): Forecasts {
  const states = new Map<string, typeof NEUTRAL>()
  return {
    id: `${id} + conformal`,
    outputs: panel.map(({ asset, loss }, row) => {
      const state = states.get(asset) ?? NEUTRAL
      const stretched = calibrated(predictionOf(outputs[row] ?? []), state)
      states.set(asset, conformalStep(state, loss > stretched.valueAtRisk99))
      return outputsOf(stretched)
    }),
  }
}

/** The equal-weight mean of models, as the node combines them. */
export function combined(id: string, members: readonly Forecasts[]): Forecasts {
  const [first] = members
  invariant(first !== undefined, `${id} needs members`)
  return {
    id,
    outputs: first.outputs.map((_, row) =>
      outputsOf(combinePredictions(members.map(({ outputs }) => predictionOf(outputs[row] ?? [])))),
    ),
  }
}

/** The twelve outputs that {@link predictionOf} reads. */
export function outputsOf({ outlook }: RiskPrediction): Float64Array {
  invariant(outlook !== undefined, 'a prediction without its outlook has not all outputs')
  const values = ({ day, hour }: { readonly day: HorizonRisk; readonly hour: HorizonRisk }): number[] =>
    [day, hour].flatMap((risk) => RISK_OUTPUTS.map((name) => outputOf(risk, name)))
  return Float64Array.from(values(outlook))
}

function outputOf(risk: HorizonRisk, name: (typeof RISK_OUTPUTS)[number]): number {
  return risk[name]
}
