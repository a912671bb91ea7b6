import exp from '@stdlib/math-base-special-exp'
import ln from '@stdlib/math-base-special-ln'
import { FEATURE_COUNT, FEATURE_SPEC_HASH, featureIndex, RETURNS_OFFSET, WINDOW_HOURS } from './feature-spec.ts'
import type { FeatureVector, RiskPrediction } from './prediction.ts'

/**
 * Of `models/baselines/ewma.ts`, which says what each means and how it is fitted. The lists begin with the three numbers of a record, in the
 * order of `RISK_OUTPUTS`: annualised volatility, value at risk, expected shortfall; the rest of them is not read.
 */
export type EwmaBaseline = {
  readonly decayPerDay: number
  readonly multipliers: readonly number[]
  readonly floor: readonly number[]
  readonly cap: readonly number[]
}

/** Of `models/baselines/depth.ts`, likewise. */
export type DepthBaseline = {
  readonly scale: number
  readonly sigmaFloor: number
  readonly lowQuantileShare: number
  readonly capUsd: number
}

/** A baseline's answer, or why it has none: it is asked when models have failed, so nothing about the vector goes without saying. */
export type BaselineAnswer<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly detail: string }

/**
 * The risk of a vector whose hourly returns are sound, whatever the rest of it says: filtered historical simulation (Barone-Adesi 1999) over
 * an EWMA of the squared returns (RiskMetrics 1996), cut off after seven days. The same bits as the formula that was fitted.
 */
export function baselineRisk(features: FeatureVector, baseline: EwmaBaseline): BaselineAnswer<RiskPrediction> {
  const detail = unreadable(
    features,
    Array.from({ length: WINDOW_HOURS }, (_, hour) => RETURNS_OFFSET + hour),
  )
  if (detail !== undefined) return { ok: false, detail }
  const sigma = ewmaSigma(features.values.slice(RETURNS_OFFSET), exp(ln(baseline.decayPerDay) / 24))
  const { multipliers, floor, cap } = baseline
  const at = (list: readonly number[], index: number): number => list[index] ?? Number.NaN
  const output = (index: number): number =>
    Math.min(Math.max(sigma * at(multipliers, index), at(floor, index)), at(cap, index))
  return { ok: true, value: { volatility: output(0), valueAtRisk99: output(1), expectedShortfall99: output(2) } }
}

/** A day's volatility. Weights are scaled to a sum of 24 before they are used, as in training, where they are a graph's constants. */
function ewmaSigma(returns: readonly number[], decayPerHour: number): number {
  const weights = new Float64Array(WINDOW_HOURS)
  let sum = 0
  for (let hour = WINDOW_HOURS - 1, weight = 1; hour >= 0; hour--, weight *= decayPerHour) {
    weights[hour] = weight
    sum += weight
  }
  let variance = 0
  for (const [hour, r] of returns.entries()) variance += ((24 * (weights[hour] ?? Number.NaN)) / sum) * (r * r)
  return Math.sqrt(variance)
}

const LN_VOLUMES = ['ln_usd_volume_24h', 'ln_usd_volume_7d'] as const
const SIGMAS = ['realized_24h', 'realized_7d'] as const

/**
 * USD that can be sold in the next 24 h before the price falls 2 %, at its 5 % quantile, of a vector whose volumes and volatilities are sound:
 * market microstructure invariance (Kyle and Obizhaeva 2016), scale · volume^(2/3) · σ^(−4/3). The same bits as the formula that was fitted.
 */
export function baselineDepth(features: FeatureVector, baseline: DepthBaseline): BaselineAnswer<number> {
  const detail = unreadable(features, [...LN_VOLUMES, ...SIGMAS].map(featureIndex))
  if (detail !== undefined) return { ok: false, detail }
  const at = (name: string): number => features.values[featureIndex(name)] ?? Number.NaN
  const lnVolume = Math.min(...LN_VOLUMES.map(at))
  const sigma = Math.max(...SIGMAS.map(at), baseline.sigmaFloor)
  const now = exp(ln(baseline.scale) + (2 / 3) * lnVolume + (-4 / 3) * ln(sigma))
  return { ok: true, value: Math.min(now * baseline.lowQuantileShare, baseline.capUsd) }
}

/** Why these places of a vector cannot be read; the others are not looked at. */
function unreadable({ specHash, values }: FeatureVector, places: readonly number[]): string | undefined {
  if (specHash !== FEATURE_SPEC_HASH) return `the vector follows feature spec ${specHash}, needed ${FEATURE_SPEC_HASH}`
  if (values.length !== FEATURE_COUNT)
    return `the vector holds ${values.length} values, the feature spec ${FEATURE_COUNT}`
  const bad = places.find((place) => !Number.isFinite(values[place]))
  return bad === undefined ? undefined : `feature ${bad} is ${values[bad]}, the baseline needs a finite number`
}
