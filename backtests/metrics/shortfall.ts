import ln from '@stdlib/math-base-special-ln'
import { invariant } from '../../oracle-node/core/errors.ts'

/** One day's forecast and what came, as ratios of the price; a gain is a negative loss. */
export type TailForecast = { readonly loss: number; readonly valueAtRisk: number; readonly expectedShortfall: number }

/**
 * Acerbi and Székely's second statistic (2014), for losses: 1 − mean(loss · [loss > VaR] / ((1 − level) · ES)). Zero when shortfall and
 * coverage are right, negative when risk was understated; −0.7 is their rule of thumb for a 5 % test.
 */
export function acerbiSzekely(forecasts: readonly TailForecast[], level: number): number {
  invariant(forecasts.length > 0, 'a shortfall test needs forecasts')
  let sum = 0
  for (const { loss, valueAtRisk, expectedShortfall } of forecasts) {
    if (loss > valueAtRisk) sum += loss / expectedShortfall
  }
  return 1 - sum / (forecasts.length * (1 - level))
}

/**
 * The FZ0 loss of Patton, Ziegel and Chen (2019), written for losses: it scores value at risk and shortfall together, and no other pair
 * than the true one does better on average.
 */
export function fzLoss({ loss, valueAtRisk, expectedShortfall }: TailForecast, level: number): number {
  invariant(expectedShortfall > 0, `a shortfall is positive, got ${expectedShortfall}`)
  const beyond = Math.max(0, loss - valueAtRisk)
  return beyond / ((1 - level) * expectedShortfall) + valueAtRisk / expectedShortfall + ln(expectedShortfall) - 1
}

/** The pinball loss of a quantile forecast (Koenker and Bassett 1978). */
export function pinballLoss(parts: {
  readonly outcome: number
  readonly quantile: number
  readonly level: number
}): number {
  const miss = parts.outcome - parts.quantile
  return miss >= 0 ? parts.level * miss : (parts.level - 1) * miss
}
