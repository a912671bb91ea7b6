/** The move in price that depth is stated for. */
const DEPTH_MOVE = 0.02

export type PushCost = {
  /** USD to trade against a book that is as deep at every price: depth · |move| / 2 %. */
  readonly bookUsd: number
  /** USD to pay into, or take out of, a constant-product pool of that depth: y · |√(1 + move) − 1|, where y is the pool's USD. */
  readonly poolUsd: number
  /** Of these, what is lost when others trade the pool back: y · (√(1 + move) + 1/√(1 + move) − 2). */
  readonly poolLossUsd: number
}

/**
 * What it costs to move the price of a market of which `depthUsd` can be sold before it falls 2 %. Without fees; both sides as deep.
 * From x · y = k (Uniswap v2 whitepaper, Adams, Zinsmeister and Robinson 2020).
 * @param move of the price, above −1: .5 is up by a half.
 */
export function pushCost(depthUsd: number, move: number): PushCost {
  if (!(depthUsd >= 0 && depthUsd < Number.POSITIVE_INFINITY))
    throw new RangeError(`depth is ${depthUsd}; USD were needed`)
  if (!(move > -1 && move < Number.POSITIVE_INFINITY))
    throw new RangeError(`move is ${move}; a ratio above −1 was needed`)
  const root = Math.sqrt(1 + move)
  const reserveUsd = depthUsd / (1 - Math.sqrt(1 - DEPTH_MOVE))
  return {
    bookUsd: (depthUsd * Math.abs(move)) / DEPTH_MOVE,
    poolUsd: reserveUsd * Math.abs(root - 1),
    // As a square, since the sum cancels for small moves.
    poolLossUsd: (reserveUsd * (root - 1) * (root - 1)) / root,
  }
}
