import { invariant } from '../../oracle-node/core/errors.ts'

export type Interval = { readonly low: number; readonly high: number }

/**
 * The 95 % interval of a statistic by the circular block bootstrap (Politis and Romano 1992): whole blocks of neighbouring days are drawn,
 * so that clusters of wild days stay together. The generator is seeded, so the interval is the same every time.
 * @param statistic takes the indices of the days drawn.
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
  const sorted = Float64Array.from(values).sort()
  const at = (share: number): number => sorted[Math.floor(share * (draws - 1))] ?? Number.NaN
  return { low: at(0.025), high: at(0.975) }
}

/** A 32-bit generator in integer arithmetic alone; good enough to draw blocks, never for keys. */
function mulberry32(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
