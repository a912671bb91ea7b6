import { isoDay } from '../../data/history/time-format.ts'
import { LEVELS } from '../../models/evaluation/scores.ts'
import type { Sample } from '../../models/training/dataset.ts'
import { featureIndex } from '../../oracle-node/core/feature-spec.ts'
import { RISK_OUTPUT_COUNT, RISK_OUTPUTS } from '../../oracle-node/core/prediction.ts'
import { qlike } from '../metrics/qlike.ts'
import { fzLoss, pinballLoss } from '../metrics/shortfall.ts'
import type { ModelForecasts } from './grid.ts'

/** What came after one forecast, and how wild the week before was. */
export type ForecastRow = Omit<Sample, 'features'> & { readonly weekVolatility: number }

export type Horizon = '24h' | '1h'
export const HORIZONS: readonly Horizon[] = ['24h', '1h']
export const LEVEL = 0.99

/** Of a model at one horizon, a number a row. */
export type HorizonScores = {
  readonly id: string
  /** NaN on a day without any move: it has no logarithm of variance, whatever was forecast. */
  readonly qlike: Float64Array
  readonly fz: Float64Array
  readonly pinball99: Float64Array
  readonly loss: Float64Array
  readonly valueAtRisk: Float64Array
  readonly shortfall: Float64Array
  /** The quantiles of {@link LEVELS}; NaN where the model has none. */
  readonly quantiles: readonly Float64Array[]
}

export function forecastRows(samples: readonly Sample[]): ForecastRow[] {
  const place = featureIndex('realized_7d')
  return samples.map(({ features, ...outcome }) => ({ ...outcome, weekVolatility: features[place] ?? Number.NaN }))
}

/**
 * Every loss of a model's forecasts at a horizon; undefined where it has none of it, as a daily peer of the hour.
 * @throws {Error} that names model, asset and day of a forecast that cannot be one.
 */
export function horizonScores(
  rows: readonly ForecastRow[],
  model: ModelForecasts,
  horizon: Horizon,
): HorizonScores | undefined {
  const { id, outputs } = model
  if (outputs.length !== rows.length * RISK_OUTPUT_COUNT) {
    throw new Error(
      `${id} has ${outputs.length} numbers of ${rows.length} rows, ${RISK_OUTPUT_COUNT} of each were needed`,
    )
  }
  const [offset, yearParts] = horizon === '24h' ? [0, 365] : [RISK_OUTPUTS.length, 8_760]
  const column = (output: number): Float64Array =>
    Float64Array.from(rows, (_, row) => outputs[row * RISK_OUTPUT_COUNT + offset + output] ?? Number.NaN)
  const [volatility, valueAtRisk, shortfall] = [column(0), column(1), column(2)]
  if (volatility.every(Number.isNaN)) return undefined
  const each = (of: (row: ForecastRow, index: number) => number): Float64Array => Float64Array.from(rows, of)
  const at = (values: Float64Array, index: number): number => values[index] ?? Number.NaN
  const loss = each((row) => (horizon === '24h' ? row.loss : row.hourLoss))
  for (const [index, row] of rows.entries()) {
    const fault = faultOf(at(volatility, index), at(valueAtRisk, index), at(shortfall, index))
    if (fault !== undefined)
      throw new Error(`${id} forecast of ${row.asset}, ${isoDay(row.time)}, ${horizon}: ${fault}`)
  }
  return {
    id,
    qlike: each((row, index) => {
      const realized = horizon === '24h' ? row.realized : row.hourRealized
      if (realized === 0) return Number.NaN
      const forecast = at(volatility, index)
      return qlike({ realizedVariance: realized * realized, forecastVariance: (forecast * forecast) / yearParts })
    }),
    fz: each((_, index) =>
      fzLoss(
        { loss: at(loss, index), valueAtRisk: at(valueAtRisk, index), expectedShortfall: at(shortfall, index) },
        LEVEL,
      ),
    ),
    pinball99: each((_, index) =>
      pinballLoss({ outcome: at(loss, index), quantile: at(valueAtRisk, index), level: LEVEL }),
    ),
    loss,
    valueAtRisk,
    shortfall,
    quantiles: LEVELS.map(({ output }) => column(output)),
  }
}

function faultOf(volatility: number, valueAtRisk: number, shortfall: number): string | undefined {
  if (!(volatility > 0 && volatility < Number.POSITIVE_INFINITY)) {
    return `a volatility is positive and finite, got ${volatility}`
  }
  if (!Number.isFinite(valueAtRisk)) return `a value at risk is finite, got ${valueAtRisk}`
  if (shortfall > 0 && shortfall >= valueAtRisk && shortfall < Number.POSITIVE_INFINITY) return undefined
  return `a shortfall is positive, finite and no less than value at risk (${valueAtRisk}), got ${shortfall}`
}
