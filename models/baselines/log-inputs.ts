import ln from '@stdlib/math-base-special-ln'
import { featureIndex } from '../../oracle-node/core/feature-spec.ts'

/** Below a basis point a day a market's scale is a tick, not a volatility. */
export const SCALE_FLOOR = 1e-4
/** A volatility's share of the week's that it is never read below: an hour that stood still is no forecast of a still day. */
export const SHARE_OF_WEEK = 0.05

/** What each logarithm is of, beside the week that it is softened by. */
const LOGS: ReadonlyArray<readonly [name: string, week: string]> = [
  ...[
    'realized_1h',
    'realized_6h',
    'realized_24h',
    'realized_7d',
    'parkinson_24h',
    'parkinson_7d',
    'garman_klass_24h',
    'rogers_satchell_24h',
    'yang_zhang_24h',
    'bipower_24h',
    'downside_24h',
    'daily_7d',
    'same_hour_7d',
  ].map((name) => [name, 'realized_7d'] as const),
  ...['market_realized_1h', 'market_realized_24h', 'market_realized_7d'].map(
    (name) => [name, 'market_realized_7d'] as const,
  ),
]
/** Falls, counted in the week's volatility: the leverage effect without a scale (Corsi and Renò 2012). */
const FALLS: ReadonlyArray<readonly [name: string, week: string]> = [
  ['fall_24h', 'realized_7d'],
  ['fall_7d', 'realized_7d'],
  ['market_fall_24h', 'market_realized_7d'],
]
const SHARES = ['jump_share_24h', 'weekend_24h'] as const

/** Where each input comes from, for the formula here and for its graph alike. */
export const LOG_INPUTS: ReadonlyArray<
  | { readonly kind: 'log' | 'fall'; readonly name: string; readonly week: string }
  | { readonly kind: 'share'; readonly name: string }
> = [
  ...LOGS.map(([name, week]) => ({ kind: 'log', name, week }) as const),
  ...FALLS.map(([name, week]) => ({ kind: 'fall', name, week }) as const),
  ...SHARES.map((name) => ({ kind: 'share', name }) as const),
]

const PLACES = LOG_INPUTS.map((input) => ({
  kind: input.kind,
  place: featureIndex(input.name),
  week: featureIndex('week' in input ? input.week : input.name),
}))

/**
 * The inputs that log-linear models, trees and networks share: ln √(x² + (w/20)² + ε²) of each volatility x with its week's w, each fall over
 * √(w² + ε²), and shares as they are. No input is ever infinite, and only the levels of the logarithms know the scale.
 */
export function logInputs(values: readonly number[]): Float64Array {
  const inputs = new Float64Array(PLACES.length)
  for (const [index, { kind, place, week }] of PLACES.entries()) {
    const value = values[place] ?? Number.NaN
    const scale = values[week] ?? Number.NaN
    if (kind === 'share') inputs[index] = value
    else if (kind === 'fall') inputs[index] = value / Math.sqrt(scale * scale + SCALE_FLOOR * SCALE_FLOOR)
    else {
      const floor = SHARE_OF_WEEK * SHARE_OF_WEEK * (scale * scale) + SCALE_FLOOR * SCALE_FLOOR
      inputs[index] = ln(value * value + floor) / 2
    }
  }
  return inputs
}
