import type { DepthRow } from '../../oracle-node/ports/market-store.ts'
import type { HistoryBook } from './history.ts'

/** How far the price moves for each of a depth's amounts. */
const MOVES: readonly number[] = [0.005, 0.01, 0.02, 0.05]
/** Levels between one measured distance and the next. */
const LEVELS_BETWEEN = 5

/**
 * A book with a given depth: levels evenly between the measured distances, of equal worth, so that moving its price by each of them
 * takes the stored amount. Nothing finer was stored. The best levels are five hundredths of a per cent from the mid.
 */
export function bookOfDepth({ mid, sell, buy }: Pick<DepthRow, 'mid' | 'sell' | 'buy'>): HistoryBook {
  return { bids: sideOf(mid, sell, -1), asks: sideOf(mid, buy, 1) }
}

function sideOf(mid: number, worth: DepthRow['sell'], sign: 1 | -1): [number, number][] {
  const levels: [number, number][] = []
  let [reached, spent] = [0, 0]
  for (const [index, move] of MOVES.entries()) {
    const share = Math.max(0, (worth[index] ?? 0) - spent) / LEVELS_BETWEEN
    for (let level = 1; level <= LEVELS_BETWEEN; level++) {
      const price = mid * (1 + sign * (reached + ((move - reached) * (level - 0.5)) / LEVELS_BETWEEN))
      if (share > 0) levels.push([price, share / price])
    }
    reached = move
    spent = Math.max(spent, worth[index] ?? 0)
  }
  return levels
}
