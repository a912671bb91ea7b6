import type { Ladder, Level } from './market.ts'

/** How far a price is moved, as shares of it, in the order of every {@link DepthProfile}. */
export const DEPTH_MOVES = [0.005, 0.01, 0.02, 0.05] as const
/** Where {@link DEPTH_MOVES} has the 2 % that a record's `depthUsd` is measured at (DESIGN §2). */
const RECORD_MOVE = 2

type FourOf<T> = readonly [T, T, T, T]

/** USD by {@link DEPTH_MOVES}: what sellers get before the price has fallen so far, what buyers pay before it has risen so far. */
export type DepthProfile = { readonly sell: FourOf<number>; readonly buy: FourOf<number> }

/** One source's levels and what one unit of their quote currency is worth in USD. */
export type LadderInUsd = { readonly ladder: Ladder; readonly rate: number }

/**
 * Depth of all sources together, by one definition: from the common mid, a limit order to sell at mid · (1 − move) is filled by
 * every bid at that price or better, wherever it stands, and the depth is what it gets. Buying is the mirror image. A venue that
 * cuts its book short of the limit makes this a lower bound.
 * @param mid USD of one unit of the base currency.
 */
export function depthProfile(ladders: readonly LadderInUsd[], mid: number): DepthProfile {
  return {
    sell: summed(ladders.map(({ ladder, rate }) => cumulated(ladder.bids, rate, mid, -1))),
    buy: summed(ladders.map(({ ladder, rate }) => cumulated(ladder.asks, rate, mid, 1))),
  }
}

/** The depth that a risk record states: USD that can be sold before the price falls 2 %. */
export function recordDepth(profile: DepthProfile): number {
  return profile.sell[RECORD_MOVE]
}

/** One side of one source in one walk: levels come best first, so what is beyond a move is beyond all smaller ones. */
function cumulated(levels: readonly Level[], rate: number, mid: number, direction: 1 | -1): FourOf<number> {
  const sums: [number, number, number, number] = [0, 0, 0, 0]
  let sum = 0
  let next = 0
  for (const [price, amount] of levels) {
    while (direction * (price * rate - mid * (1 + direction * (DEPTH_MOVES[next] ?? 0))) > 0) {
      sums[next] = sum
      next++
      if (next === DEPTH_MOVES.length) return sums
    }
    sum += price * amount * rate
  }
  for (; next < DEPTH_MOVES.length; next++) sums[next] = sum
  return sums
}

/** Over all sources, each sum in rising order, so that its last bits do not depend on the order of the sources. */
function summed(sources: readonly FourOf<number>[]): FourOf<number> {
  const over = (move: 0 | 1 | 2 | 3): number =>
    sources
      .map((sums) => sums[move])
      .sort((a, b) => a - b)
      .reduce((sum, usd) => sum + usd, 0)
  return [over(0), over(1), over(2), over(3)]
}

/**
 * What selling base currency worth `sizeUsd` at the mid loses against the mid, as a ratio, when it is split over all sources in the
 * best way: 1 − proceeds / size. Fees of venues are not in it; a pool's fee is, for its levels have it. `undefined` where the
 * levels known do not take that much.
 */
export function slippageAt(ladders: readonly LadderInUsd[], mid: number, sizeUsd: number): number | undefined {
  const levels = ladders
    .flatMap(({ ladder, rate }) => ladder.bids.map(([price, amount]): Level => [price * rate, amount]))
    .sort(([a, x], [b, y]) => b - a || x - y)
  let left = sizeUsd / mid
  let proceeds = 0
  for (const [price, amount] of levels) {
    const sold = Math.min(left, amount)
    proceeds += sold * price
    left -= sold
    if (left <= 0) return 1 - proceeds / sizeUsd
  }
  return undefined
}
