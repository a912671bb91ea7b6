import exp from '@stdlib/math-base-special-exp'
import type { History, HistoryBook } from '../recorded/history.ts'
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

/** How often a restless book changes, and how many of its ticks pass until each level has. */
const TICK_MS = 100
const ROUND_TICKS = 8

/**
 * The same history with books that change every tenth of a second, a level in eight each time, where they stood still between full
 * minutes: amounts from half to one and a half times the minute's, prices as they were. What a stream needs to have something to send.
 */
export function restlessBooks(history: History): History {
  const { book } = history
  if (book === undefined) return history
  const minutes = new Map<string, { readonly minute: number; readonly book: HistoryBook | undefined }>()
  return {
    ...history,
    book: ({ venue, symbol, at }) => {
      const name = `${venue}:${symbol}`
      const minute = Math.floor(at / 60)
      const known = minutes.get(name)
      const still = known?.minute === minute ? known.book : book({ venue, symbol, at })
      if (known?.minute !== minute) minutes.set(name, { minute, book: still })
      if (still === undefined) return undefined
      const tick = Math.floor((at * 1_000 + 1e-3) / TICK_MS)
      const seed = Array.from(name).reduce((sum, letter) => Math.imul(sum, 31) + letter.charCodeAt(0), 7)
      return { bids: restless(still.bids, seed, tick), asks: restless(still.asks, seed + 1, tick) }
    },
  }
}

function restless(levels: HistoryBook['bids'], seed: number, tick: number): HistoryBook['bids'] {
  return levels.map(([price, amount], index): readonly [number, number] => {
    const changed = tick - ((tick + index) % ROUND_TICKS)
    return [price, Number((amount * (0.5 + scattered(seed + index * 7_919 + changed))).toFixed(8))]
  })
}

/** A number in [0, 1) that looks like chance: the finaliser of MurmurHash3 (Austin Appleby, 2011). */
function scattered(value: number): number {
  let bits = value | 0
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b)
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35)
  return ((bits ^ (bits >>> 16)) >>> 0) / 2 ** 32
}
