import exp from '@stdlib/math-base-special-exp'
import type { HistoryBook } from '../recorded/history.ts'
import type { Calibration } from './calibration.ts'
import { medianVolume, type SimulatedMarket, tickOf } from './candles.ts'
import { seededRandom } from './random.ts'

/** Distances of levels from the mid, in bps: fine near it, to a little past the 2 % that depth is measured to. */
const DISTANCES_BPS: readonly number[] = [
  0, 1, 2, 3, 5, 7, 10, 14, 19, 25, 32, 40, 50, 62, 75, 88, 100, 115, 130, 145, 160, 175, 190, 199, 210,
]

/**
 * A book around a mid whose bids within 100 bps are worth `depthHours` of a median hour's volume, less when volatility is up: with the root
 * of the hour's variance, an assumption, since the recorded book is of one calm quarter of an hour. Past 100 bps, where nothing was recorded,
 * it goes on as between 50 and 100.
 */
export function simulateBook(args: {
  readonly calibration: Calibration
  readonly market: SimulatedMarket
  readonly seed: string
  readonly minute: number
  readonly mid: number
  /** The hour's variance over the long run's. */
  readonly heat: number
}): HistoryBook {
  const { calibration, market, mid } = args
  const { depthHours, logSd, spreadBps, profile } = calibration.book
  const random = seededRandom(`${args.seed}:${market.venue}:${market.base}/${market.quote}:book:${args.minute}`)
  const within100 =
    (depthHours * medianVolume(calibration, market) * mid * exp(logSd * random.normal())) /
    Math.sqrt(Math.max(1, args.heat))
  const tick = tickOf(market.base)
  const half = Math.max(tick / 2, (mid * spreadBps) / 2e4)
  const side = (sign: 1 | -1): [number, number][] => {
    const levels: [number, number][] = []
    for (const [index, distance] of DISTANCES_BPS.entries()) {
      const share =
        shareWithin(profile, distance + 1) -
        (index === 0 ? 0 : shareWithin(profile, (DISTANCES_BPS[index - 1] ?? 0) + 1))
      const exact = mid + sign * (half + (mid * distance) / 1e4)
      const price = Number(((sign > 0 ? Math.ceil(exact / tick) : Math.floor(exact / tick)) * tick).toFixed(8))
      const amount = Number(((share * within100 * (0.5 + random.uniform())) / price).toFixed(8))
      const last = levels.at(-1)
      // Levels that fall on one tick are one level.
      if (last?.[0] === price) last[1] = Number((last[1] + amount).toFixed(8))
      else levels.push([price, amount])
    }
    return levels
  }
  return { bids: side(-1), asks: side(1) }
}

/** Straight lines between the measured points, and on past the last at the last slope. */
function shareWithin(profile: Calibration['book']['profile'], bps: number): number {
  let [fromBps, fromShare] = [0, 0]
  let slope = 0
  for (const { bps: toBps, share: toShare } of profile) {
    slope = (toShare - fromShare) / (toBps - fromBps)
    if (bps <= toBps) return fromShare + (bps - fromBps) * slope
    fromBps = toBps
    fromShare = toShare
  }
  return fromShare + (bps - fromBps) * slope
}
