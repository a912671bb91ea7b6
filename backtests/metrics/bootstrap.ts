import { invariant } from '../../oracle-node/core/errors.ts'
import { requireFinite } from './finite.ts'
import { mulberry32 } from './generator.ts'

export type Interval = { readonly low: number; readonly high: number }

/**
 * The 95 % interval of a statistic by the circular block bootstrap (Politis and Romano 1992): whole blocks of neighbouring days are drawn,
 * so that clusters of wild days stay together. The generator is seeded, so the interval is the same every time.
 * @param statistic takes the indices of the days drawn.
 * @throws {InvariantError} when the statistic is not finite on some draw.
 */
export function blockBootstrap(parts: {
  readonly days: number
  readonly blockDays: number
  readonly draws: number
  readonly seed: number
  readonly statistic: (days: readonly number[]) => number
}): Interval {
  const { days, blockDays, draws, statistic } = parts
  invariant(days > 0 && blockDays > 0 && draws > 0, 'a bootstrap needs days, a block and draws')
  const next = mulberry32(parts.seed)
  const values = Array.from({ length: draws }, () => {
    const drawn: number[] = []
    while (drawn.length < days) {
      const start = Math.floor(next() * days)
      for (let offset = 0; offset < blockDays && drawn.length < days; offset++) drawn.push((start + offset) % days)
    }
    return statistic(drawn)
  })
  requireFinite('a bootstrapped statistic', values)
  const sorted = Float64Array.from(values).sort()
  const at = (share: number): number => sorted[Math.floor(share * (draws - 1))] ?? Number.NaN
  return { low: at(0.025), high: at(0.975) }
}

/** Which days each draw is made of: draw by draw, `days` indices each. Drawn once, they serve every statistic of the same days. */
export type Resamples = { readonly days: number; readonly draws: number; readonly indices: Int32Array }

/** Four bytes an index: past this the indices alone take 200 MB. */
export const RESAMPLED_DAYS_MAX = 50_000_000

/**
 * The stationary bootstrap (Politis and Romano 1994): a day is followed by its neighbour (the last by the first), or with probability
 * 1/meanBlockDays by a day drawn afresh, so that blocks have geometric lengths and the resampled series is stationary.
 * A step takes one number of the generator, and one more where a block begins.
 */
export function stationaryBootstrap(parts: {
  readonly days: number
  readonly meanBlockDays: number
  readonly draws: number
  readonly seed: number
}): Resamples {
  const { days, meanBlockDays, draws } = parts
  for (const count of [days, draws]) {
    invariant(Number.isInteger(count) && count > 0, `a bootstrap needs whole days and draws, got ${days} and ${draws}`)
  }
  invariant(meanBlockDays >= 1, `a block is one day long at least, got ${meanBlockDays}`)
  invariant(days * draws <= RESAMPLED_DAYS_MAX, `${days} days × ${draws} draws are over ${RESAMPLED_DAYS_MAX}`)
  const next = mulberry32(parts.seed)
  const indices = new Int32Array(days * draws)
  for (let draw = 0; draw < draws; draw++) {
    let day = 0
    for (let step = 0; step < days; step++) {
      const fresh = step === 0 || next() * meanBlockDays < 1
      day = fresh ? Math.floor(next() * days) : (day + 1) % days
      indices[draw * days + step] = day
    }
  }
  return { days, draws, indices }
}
