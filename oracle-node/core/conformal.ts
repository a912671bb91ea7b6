import exp from '@stdlib/math-base-special-exp'
import { invariant } from './errors.ts'
import type { HorizonRisk, RiskPrediction } from './prediction.ts'

/** How an asset's tail forecasts are stretched, value at risk and shortfall times e^θ, and the forecast that is to move θ next. */
export type Conformal = {
  readonly lnMultiplier: number
  /** A value at risk of the 24 h from `madeAt` (unix seconds, a full hour), stretched as it was said. */
  readonly pending?: { readonly madeAt: number; readonly valueAtRisk99: number }
}

export const NEUTRAL: Conformal = { lnMultiplier: 0 }

/** 1 − .99: how often a loss should lie beyond the value at risk. */
const MISS_RATE = 0.01
/**
 * What a day beyond the value at risk adds to θ, and a hundred days within it take away again. Larger holds the share of such days closer to
 * one in a hundred and makes the forecast jump after each.
 */
export const CONFORMAL_STEP = 0.1
/** θ stays within ±ln 2, so that no streak of luck or of bad days more than halves or doubles a forecast. */
export const LN_MULTIPLIER_MAX: number = Math.LN2

/**
 * Adaptive conformal inference (Gibbs and Candès 2021; on the logarithm of the quantile as in conformal PID control, Angelopoulos, Candès and
 * Tibshirani 2023): after each day θ ← θ + step · ([loss > forecast] − 0.01). Whatever the model and the market, the share of
 * days beyond is within (2 ln 2 + step)/(step · days) of one in a hundred, while θ is not at its bound.
 */
export function conformalStep(
  { lnMultiplier }: Pick<Conformal, 'lnMultiplier'>,
  exceeded: boolean,
  step: number = CONFORMAL_STEP,
): Conformal {
  invariant(step >= 0, `a conformal step is 0 or more, got ${step}`)
  const moved = lnMultiplier + step * ((exceeded ? 1 : 0) - MISS_RATE)
  return { lnMultiplier: Math.min(Math.max(moved, -LN_MULTIPLIER_MAX), LN_MULTIPLIER_MAX) }
}

/** Tail forecasts of both horizons, stretched; volatility and the quantiles below 99 % stay. A loss is never more than everything. */
export function calibrated(prediction: RiskPrediction, { lnMultiplier }: Conformal): RiskPrediction {
  const factor = exp(lnMultiplier)
  // A loss of more than everything is the model's fault, which the score must see and name.
  const stretch = (loss: number): number => (loss > 1 ? loss : Math.min(1, loss * factor))
  const { outlook } = prediction
  const horizon = (risk: HorizonRisk): HorizonRisk => ({
    ...risk,
    // Above the 95 % quantile, which is not stretched.
    valueAtRisk99: Math.max(risk.valueAtRisk95, stretch(risk.valueAtRisk99)),
    expectedShortfall99: Math.max(risk.valueAtRisk95, stretch(risk.expectedShortfall99)),
  })
  return {
    ...prediction,
    valueAtRisk99: stretch(prediction.valueAtRisk99),
    expectedShortfall99: stretch(prediction.expectedShortfall99),
    ...(outlook === undefined ? {} : { outlook: { day: horizon(outlook.day), hour: horizon(outlook.hour) } }),
  }
}

const HOUR_SECONDS = 3_600
const HORIZON_HOURS = 24
const DAY_SECONDS = 86_400

/**
 * An asset's state after an hour: a pending forecast whose day is over is held against the loss that came, and θ moves once a day whatever the
 * rounds. Days are those of UTC, so that all nodes judge the same ones; a node that was away at midnight judges none until the next. A forecast whose hours have left the window is dropped: nothing can be said of it.
 * @param end unix seconds at which the newest of the returns ended.
 * @param returns hourly log returns, oldest first.
 * @param valueAtRisk99 what the model says now, before it is stretched.
 */
export function followConformal(
  state: Conformal,
  {
    end,
    returns,
    valueAtRisk99,
  }: { readonly end: number; readonly returns: readonly number[]; readonly valueAtRisk99: number },
): Conformal {
  const { pending } = state
  const begins = end % DAY_SECONDS === 0
  if (pending === undefined && !begins) return state
  const hoursSince = pending === undefined ? Number.POSITIVE_INFINITY : (end - pending.madeAt) / HOUR_SECONDS
  if (pending !== undefined && hoursSince < HORIZON_HOURS) return state
  const { lnMultiplier } =
    pending !== undefined && hoursSince <= returns.length
      ? conformalStep(state, lossAfter(returns, hoursSince) > pending.valueAtRisk99)
      : state
  if (!begins) return { lnMultiplier }
  const stretched = Math.min(1, valueAtRisk99 * exp(lnMultiplier))
  return { lnMultiplier, pending: { madeAt: end, valueAtRisk99: stretched } }
}

/** 1 − price ratio over the day that began so many hours before the end of the returns. */
function lossAfter(returns: readonly number[], hoursSince: number): number {
  let sum = 0
  const from = returns.length - hoursSince
  for (let hour = from; hour < from + HORIZON_HOURS; hour++) sum += returns[hour] ?? Number.NaN
  return 1 - exp(sum)
}
