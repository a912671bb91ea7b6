import { median } from '../../oracle-node/core/stats.ts'
import type { Jump } from './series.ts'

/** The median absolute deviation of a normal distribution times this is its standard deviation. */
const MAD_TO_SIGMA = 1.4826
/** Of a stablecoin one step of the price can be many σ; less than 0.1 % is no jump of any market. */
const LOG_RETURN_MIN = 0.001

export type FoundJumps = { readonly count: number; readonly sigma: number; readonly largest: readonly Jump[] }

/**
 * Closes that moved by more than `jumpSigmas` σ, and 0.1 %, in one step, where σ is 1.4826 × the median absolute log return, which no few outliers can
 * widen; the deviation is from zero, the mean of returns over short steps. Returns of zero are left out of σ: where a market trades in
 * fewer than half of its bars they would make it zero. A return over a gap of n bars is measured in σ √n.
 *
 * `times` rise strictly; a price that is not a number above 0 is no close.
 */
export function findJumps(
  { times, closes, stepSeconds }: { times: Float64Array; closes: Float64Array; stepSeconds: number },
  { jumpSigmas, listed }: { readonly jumpSigmas: number; readonly listed: number },
): FoundJumps {
  const { returns, bars, at } = logReturns({ times, closes, stepSeconds })
  const moving = returns.filter((value, index) => value !== 0 && bars[index] === 1)
  const sigma = moving.length === 0 ? 0 : MAD_TO_SIGMA * median(moving.map(Math.abs))
  if (sigma === 0) return { count: 0, sigma, largest: [] }
  const jumps: Jump[] = []
  for (const [index, logReturn] of returns.entries()) {
    const steps = bars[index] ?? 1
    const size = Math.abs(logReturn) / (sigma * Math.sqrt(steps))
    if (size > jumpSigmas && Math.abs(logReturn) >= LOG_RETURN_MIN)
      jumps.push({ time: times[at[index] ?? 0] ?? 0, logReturn, sigmas: size, bars: steps })
  }
  const largest = jumps.toSorted((a, b) => b.sigmas - a.sigmas).slice(0, listed)
  return { count: jumps.length, sigma, largest }
}

function logReturns({
  times,
  closes,
  stepSeconds,
}: {
  times: Float64Array
  closes: Float64Array
  stepSeconds: number
}): {
  returns: number[]
  bars: number[]
  at: number[]
} {
  const [returns, bars, at]: [number[], number[], number[]] = [[], [], []]
  let before = -1
  for (const [index, close] of closes.entries()) {
    if (!(close > 0 && Number.isFinite(close))) continue
    if (before >= 0) {
      returns.push(Math.log(close) - Math.log(closes[before] ?? close))
      bars.push(Math.max(1, Math.round(((times[index] ?? 0) - (times[before] ?? 0)) / stepSeconds)))
      at.push(index)
    }
    before = index
  }
  return { returns, bars, at }
}
