import { invariant } from '../../oracle-node/core/errors.ts'
import { mean } from '../../oracle-node/core/stats.ts'
import { normalTwoSided, studentTwoSided } from './distributions.ts'
import { requireFinite } from './finite.ts'

/** Of a loss difference `first − second`: negative where the first forecast is better. */
export type DieboldMariano = {
  readonly statistic: number
  readonly pValue: number
  readonly meanDifference: number
  readonly standardError: number
  readonly days: number
  readonly lagDays: number
}

type Choices = {
  /** How many days' autocovariances count; ⌊n^(1/3)⌋ unless told. For forecasts h days ahead at least h − 1. */
  readonly lagDays?: number
  /** Harvey, Leybourne and Newbold's (1997) correction for h = lag + 1 steps, against Student's t with n − 1 degrees. */
  readonly smallSample?: boolean
}

/**
 * Diebold and Mariano (1995): are two forecasts equally good on average? The mean loss difference d̄ over its standard error √(V/n), with the
 * long-run variance V = γ₀ + 2·Σ (1 − k/(L+1))·γₖ (Newey and West 1987), since losses of neighbouring days hang together. Two-sided,
 * against the normal. Two forecasts with the same loss on every day have statistic 0 and p = 1.
 * @param differences of each day in order: the first forecast's loss less the second's.
 * @throws {InvariantError} on a value that is not finite, under two days, a lag not below the days, or a difference that is the same
 * every day but not zero: no statistic can be had of it.
 */
export function dieboldMariano(differences: readonly number[], choices: Choices = {}): DieboldMariano {
  const days = differences.length
  const lagDays = choices.lagDays ?? defaultLag(days)
  requireFinite('a Diebold-Mariano test', differences)
  invariant(days > 1, `a Diebold-Mariano test needs two days at least, got ${days}`)
  invariant(
    Number.isInteger(lagDays) && lagDays >= 0 && lagDays < days,
    `a lag is whole and below the ${days} days, got ${lagDays}`,
  )
  const meanDifference = mean(differences)
  const common = { meanDifference, days, lagDays }
  if (differences.every((difference) => difference === 0))
    return { statistic: 0, pValue: 1, standardError: 0, ...common }
  const variance = longRunVariance(differences, lagDays)
  invariant(
    variance > (ROUNDING * meanDifference) ** 2,
    `a loss difference of ${meanDifference} on each of ${days} days cannot be tested`,
  )
  const standardError = Math.sqrt(variance / days)
  const plain = meanDifference / standardError
  if (!choices.smallSample) return { statistic: plain, pValue: normalTwoSided(plain), standardError, ...common }
  const steps = lagDays + 1
  const shrink = (days + 1 - 2 * steps + (steps * (steps - 1)) / days) / days
  const statistic = plain * Math.sqrt(shrink)
  return { statistic, pValue: studentTwoSided(statistic, days - 1), standardError, ...common }
}

/** Deviations below this share of the mean are rounding, not variation. */
const ROUNDING = 1e-12

/** One loss difference of one asset at one time. */
export type PanelDifference = { readonly time: number; readonly difference: number }

/**
 * The test over many assets: assets of one day fall together, so a day counts once, with the mean of its assets' differences, whatever
 * their number; the order of the rows is free.
 */
export function pooledDieboldMariano(panel: readonly PanelDifference[], choices: Choices = {}): DieboldMariano {
  requireFinite(
    'the times of a panel',
    panel.map(({ time }) => time),
  )
  const byDay = [...Map.groupBy(panel, ({ time }) => time)].sort(([a], [b]) => a - b)
  return dieboldMariano(
    byDay.map(([, ofDay]) => mean(ofDay.map(({ difference }) => difference))),
    choices,
  )
}

/** Newey and West's variance of √n times the mean; autocovariances are divided by n, not n − k, so that it cannot be negative. */
export function longRunVariance(values: readonly number[], lag: number): number {
  const center = mean(values)
  const deviations = Float64Array.from(values, (value) => value - center)
  const autocovariance = (k: number): number => {
    let sum = 0
    for (let day = k; day < deviations.length; day++) sum += (deviations[day] ?? 0) * (deviations[day - k] ?? 0)
    return sum / deviations.length
  }
  let variance = autocovariance(0)
  for (let k = 1; k <= lag; k++) variance += 2 * (1 - k / (lag + 1)) * autocovariance(k)
  return variance
}

/** ⌊n^(1/3)⌋ in whole numbers, so that it is the same everywhere. */
function defaultLag(days: number): number {
  let lag = 0
  while ((lag + 1) * (lag + 1) * (lag + 1) <= days) lag++
  return lag
}
