import exp from '@stdlib/math-base-special-exp'
import ln from '@stdlib/math-base-special-ln'
import { invariant } from '../../oracle-node/core/errors.ts'
import { requireFinite } from './finite.ts'
import { mulberry32 } from './generator.ts'

/** One day's forecast and what came, as ratios of the price; a gain is a negative loss. */
export type TailForecast = { readonly loss: number; readonly valueAtRisk: number; readonly expectedShortfall: number }

/**
 * Acerbi and Székely's second statistic (2014), for losses: 1 − mean(loss · [loss > VaR] / ((1 − level) · ES)). Zero when shortfall and
 * coverage are right, negative when risk was understated; −0.7 is their rule of thumb for a 5 % test.
 */
export function acerbiSzekely(forecasts: readonly TailForecast[], level: number): number {
  requireForecasts(forecasts)
  requireLevel(level)
  let sum = 0
  for (const { loss, valueAtRisk, expectedShortfall } of forecasts) {
    if (loss > valueAtRisk) sum += loss / expectedShortfall
  }
  return 1 - sum / (forecasts.length * (1 - level))
}

/**
 * Acerbi and Székely's first statistic (2014), for losses: 1 − mean(loss / ES) over the days beyond VaR alone. How bad those days were against
 * the forecast, whatever their number: zero when shortfall is right, negative when it was understated.
 * @returns undefined without a day beyond: it says nothing then.
 */
export function acerbiSzekelySeverity(forecasts: readonly TailForecast[]): number | undefined {
  requireForecasts(forecasts)
  let sum = 0
  let beyond = 0
  for (const { loss, valueAtRisk, expectedShortfall } of forecasts) {
    if (loss <= valueAtRisk) continue
    sum += loss / expectedShortfall
    beyond++
  }
  return beyond === 0 ? undefined : 1 - sum / beyond
}

/**
 * The chance of a second statistic as low as the one seen if the forecasts were right, by simulation as Acerbi and Székely do: each day is
 * beyond VaR with 1 − level, and then by a generalised Pareto excess whose mean is ES − VaR, so that both forecasts hold. One-sided; a small
 * p says that risk was understated. Days are drawn independently: pool assets of one day before, or the p is too small.
 * The seen one counts as a draw (Davison and Hinkley 1997), so p is never zero.
 * @param tailShape the Pareto's ξ: 0 an exponential tail, about 0.3 for daily returns; a heavier tail gives a larger p.
 */
export function acerbiSzekelyPValue(parts: {
  readonly forecasts: readonly TailForecast[]
  readonly level: number
  readonly tailShape: number
  readonly draws: number
  readonly seed: number
}): number {
  const { forecasts, level, tailShape, draws } = parts
  const seen = acerbiSzekely(forecasts, level)
  invariant(tailShape >= 0 && tailShape < 1, `a tail with a mean has a shape of 0 to below 1, got ${tailShape}`)
  invariant(Number.isInteger(draws) && draws > 0, `a simulation needs draws, got ${draws}`)
  for (const { valueAtRisk, expectedShortfall } of forecasts) {
    invariant(expectedShortfall >= valueAtRisk, `a shortfall of ${expectedShortfall} is below its VaR, ${valueAtRisk}`)
  }
  const next = mulberry32(parts.seed)
  let asLow = 0
  for (let draw = 0; draw < draws; draw++) {
    let sum = 0
    for (const { valueAtRisk, expectedShortfall } of forecasts) {
      // Midway between two numbers of the generator, so that it is never zero; below 1 − level it is uniform again when divided by that.
      const chance = next() + HALF_STEP
      if (chance >= 1 - level) continue
      const excess = (expectedShortfall - valueAtRisk) * paretoOfMeanOne(chance / (1 - level), tailShape)
      sum += (valueAtRisk + excess) / expectedShortfall
    }
    if (1 - sum / (forecasts.length * (1 - level)) <= seen) asLow++
  }
  return (asLow + 1) / (draws + 1)
}

const HALF_STEP = 1 / 2 ** 33

/** The value that a generalised Pareto variable with mean one is beyond with the probability given. */
function paretoOfMeanOne(probability: number, shape: number): number {
  const lnInverse = -ln(probability)
  return shape === 0 ? lnInverse : ((1 - shape) / shape) * (exp(shape * lnInverse) - 1)
}

/**
 * The FZ0 loss of Patton, Ziegel and Chen (2019), written for losses: it scores value at risk and shortfall together, and no other pair
 * than the true one does better on average.
 */
export function fzLoss(forecast: TailForecast, level: number): number {
  requireForecasts([forecast])
  const { loss, valueAtRisk, expectedShortfall } = forecast
  const beyond = Math.max(0, loss - valueAtRisk)
  return beyond / ((1 - level) * expectedShortfall) + valueAtRisk / expectedShortfall + ln(expectedShortfall) - 1
}

/** The pinball loss of a quantile forecast (Koenker and Bassett 1978). */
export function pinballLoss(parts: {
  readonly outcome: number
  readonly quantile: number
  readonly level: number
}): number {
  requireFinite('a pinball loss', [parts.outcome, parts.quantile, parts.level])
  const miss = parts.outcome - parts.quantile
  return miss >= 0 ? parts.level * miss : (parts.level - 1) * miss
}

function requireForecasts(forecasts: readonly TailForecast[]): void {
  invariant(forecasts.length > 0, 'a shortfall test needs forecasts')
  for (const { loss, valueAtRisk, expectedShortfall } of forecasts) {
    requireFinite('a shortfall test', [loss, valueAtRisk, expectedShortfall])
    invariant(expectedShortfall > 0, `a shortfall is positive, got ${expectedShortfall}`)
  }
}

function requireLevel(level: number): void {
  invariant(level > 0 && level < 1, `a level is between 0 and 1, got ${level}`)
}
