import { qlike } from '../../backtests/metrics/qlike.ts'
import { fzLoss } from '../../backtests/metrics/shortfall.ts'
import { invariant } from '../../oracle-node/core/errors.ts'
import type { Panel } from './panel.ts'
import type { Forecasts } from './walk.ts'

export const LEVEL = 0.99
/** The quantiles that models give, and the place of each among the outputs of a horizon. */
export const LEVELS: ReadonlyArray<{ readonly level: number; readonly output: number }> = [
  { level: 0.5, output: 3 },
  { level: 0.9, output: 4 },
  { level: 0.95, output: 5 },
  { level: LEVEL, output: 1 },
]
const DAYS = 365
const HOURS = 8_760
const HOUR_OFFSET = 6

/** A model's losses and hits (1 or 0), a number a row of the panel; what it does not forecast is NaN. */
export type Scores = {
  readonly id: string
  readonly qlike: Float64Array
  readonly fz: Float64Array
  readonly valueAtRisk: Float64Array
  readonly shortfall: Float64Array
  /** Whether the day's loss was within each of {@link LEVELS}; the last is value at risk. */
  readonly within: readonly Float64Array[]
  /** Whether the loss was beyond value at risk. */
  readonly hits: readonly boolean[]
  readonly hourQlike: Float64Array
  readonly hourWithin: Float64Array
}

/** @throws {InvariantError} on a forecast of the day that is not positive and finite. */
export function scoresOf(panel: Panel, { id, outputs }: Forecasts): Scores {
  invariant(outputs.length === panel.length, `${id} has ${outputs.length} forecasts of ${panel.length} days`)
  const at = (row: number, output: number): number => outputs[row]?.[output] ?? Number.NaN
  const each = (of: (row: number) => number): Float64Array => Float64Array.from(panel, (_, row) => of(row))
  const outcome = (row: number): Panel[number] => {
    const found = panel[row]
    invariant(found !== undefined, `no row ${row}`)
    return found
  }
  const ratioLoss = (realized: number, volatility: number, yearParts: number): number =>
    qlike({ realizedVariance: realized * realized, forecastVariance: (volatility * volatility) / yearParts })
  const within = (loss: number, quantile: number): number =>
    Number.isNaN(quantile) ? Number.NaN : loss <= quantile ? 1 : 0
  return {
    id,
    qlike: each((row) => ratioLoss(outcome(row).realized, at(row, 0), DAYS)),
    fz: each((row) =>
      fzLoss({ loss: outcome(row).loss, valueAtRisk: at(row, 1), expectedShortfall: at(row, 2) }, LEVEL),
    ),
    valueAtRisk: each((row) => at(row, 1)),
    shortfall: each((row) => at(row, 2)),
    within: LEVELS.map(({ output }) => each((row) => within(outcome(row).loss, at(row, output)))),
    hits: panel.map(({ loss }, row) => loss > at(row, 1)),
    hourQlike: each((row) =>
      Number.isNaN(at(row, HOUR_OFFSET))
        ? Number.NaN
        : ratioLoss(outcome(row).hourRealized, at(row, HOUR_OFFSET), HOURS),
    ),
    hourWithin: each((row) => within(outcome(row).hourLoss, at(row, HOUR_OFFSET + 1))),
  }
}
