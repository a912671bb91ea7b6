import type { Bar } from '../../oracle-node/core/bar.ts'
import type { UnixSeconds } from '../../oracle-node/core/units.ts'

/** A whole hour; bars of tests start here. */
export const FIRST_HOUR = 1_700_000_000 - (1_700_000_000 % 3_600)

/** A walk of `count` hours from a seed: sound bars of about `stepRatio` of move an hour. */
export function walkBars(parts: { count: number; stepRatio: number; seed: number; volume?: number }): Bar[] {
  let state = parts.seed | 0
  const next = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0
    return (state >>> 0) / 2 ** 32 - 0.5
  }
  let close = 100
  return Array.from({ length: parts.count }, (_, hour) => {
    const open = close
    close = open * (1 + 2 * parts.stepRatio * next())
    const wick = 1 + parts.stepRatio * Math.abs(next())
    return {
      openTime: (FIRST_HOUR + hour * 3_600) as UnixSeconds,
      open,
      high: Math.max(open, close) * wick,
      low: Math.min(open, close) / wick,
      close,
      volume: parts.volume ?? 1e6,
    }
  })
}

/** The moment at which the last of the bars has just closed. */
export function endOf(bars: readonly Bar[]): UnixSeconds {
  return ((bars.at(-1)?.openTime ?? 0) + 3_600) as UnixSeconds
}
