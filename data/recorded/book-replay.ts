import type { HistoryBook } from './history.ts'
import type { BookDiff, BookRecording } from './l2-log.ts'

type Level = readonly [number, number]

/**
 * A recording's book at any time (unix milliseconds), nothing before its first. Going forward costs the changes in between; going back
 * starts again from the first book. The same book is the same object.
 */
export function bookReplay({ first, diffs }: BookRecording): (at: number) => HistoryBook | undefined {
  let bids: Level[] = []
  let asks: Level[] = []
  let applied = -1
  let shown: HistoryBook | undefined
  return (at) => {
    if (at < first.time) return undefined
    if (applied < 0 || (diffs[applied - 1]?.time ?? first.time) > at) {
      bids = sorted(first.bids, -1)
      asks = sorted(first.asks, 1)
      applied = 0
      shown = undefined
    }
    for (let next = diffs[applied]; next !== undefined && next.time <= at; next = diffs[applied]) {
      applyTo(bids, asks, next)
      applied += 1
      shown = undefined
    }
    shown ??= { bids: [...bids], asks: [...asks] }
    return shown
  }
}

function applyTo(bids: Level[], asks: Level[], diff: BookDiff): void {
  for (const level of diff.bids) put(bids, level, -1)
  for (const level of diff.asks) put(asks, level, 1)
}

function sorted(levels: readonly Level[], direction: 1 | -1): Level[] {
  return levels.filter(([, amount]) => amount > 0).sort(([a], [b]) => direction * (a - b))
}

/** Sets a level in a side that is best first; an amount of zero takes it out. */
function put(side: Level[], level: Level, direction: 1 | -1): void {
  const [price, amount] = level
  let low = 0
  let high = side.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (direction * ((side[middle]?.[0] ?? 0) - price) < 0) low = middle + 1
    else high = middle
  }
  const found = side[low]?.[0] === price
  if (amount > 0) side.splice(low, found ? 1 : 0, level)
  else if (found) side.splice(low, 1)
}
