import { median } from './stats.ts'

/**
 * No venue weighs more, so that of five venues or more no two together hold half of the weight: who wants to make a price has to
 * have three of them. With four venues or fewer all weigh alike.
 */
export const WEIGHT_CAP = 0.24
/**
 * A day's volume beyond so many times the depth to 2 % is not believed. Honest markets turn their book over some tens of times
 * a day; who trades with himself prints volume without paying for a book.
 */
export const TURNOVER_MAX = 500
/** Weights are whole parts of this, so that sums and comparisons of them are exact. */
const PARTS = 1_000_000

export type VenueActivity = {
  /** USD that the last 24 h traded; unknown for a pool, whose trades are not followed. */
  readonly volumeUsd?: number | undefined
  /** USD to move the price by 2 %, where a book or pool shows it. */
  readonly depthUsd?: number | undefined
}

/** The volume that counts: what was reported, or what the book can carry if that is less. */
export function believedVolume({ volumeUsd, depthUsd }: VenueActivity): number | undefined {
  if (volumeUsd === undefined) return undefined
  return depthUsd === undefined ? volumeUsd : Math.min(volumeUsd, TURNOVER_MAX * depthUsd)
}

/**
 * Whole weights, one a venue in the order given: in proportion to the believed volume, none above the cap, the rest shared in
 * proportion among those below. A venue of unknown volume counts as a middling one, as far as its depth carries that; where nothing is known, all weigh alike.
 */
export function venueWeights(venues: readonly VenueActivity[]): number[] {
  const known = venues.map(believedVolume)
  const volumes = known.filter((volume) => volume !== undefined)
  const middling = volumes.length === 0 ? 1 : median(volumes)
  return capped(
    known.map(
      (volume, index) =>
        volume ?? Math.min(middling, TURNOVER_MAX * (venues[index]?.depthUsd ?? Number.POSITIVE_INFINITY)),
    ),
  )
}

function capped(volumes: readonly number[]): number[] {
  if (volumes.length * WEIGHT_CAP < 1) return volumes.map(() => PARTS)
  const weights = volumes.map(() => 0)
  const open = new Set(volumes.keys())
  let left = 1
  // Each turn caps at least one venue or ends, so there are at most as many as venues.
  while (open.size > 0) {
    const sum = [...open].reduce((total, index) => total + (volumes[index] ?? 0), 0)
    const shareOf = (index: number): number => left * (sum > 0 ? (volumes[index] ?? 0) / sum : 1 / open.size)
    const full = [...open].filter((index) => shareOf(index) >= WEIGHT_CAP)
    // Those at the cap are rounded down and the others up, so that rounding makes no pair outweigh the rest.
    const settled = full.length > 0 ? full : [...open]
    const settledWeights = settled.map((index) =>
      full.length > 0 ? Math.floor(WEIGHT_CAP * PARTS) : Math.ceil(shareOf(index) * PARTS),
    )
    for (const [place, index] of settled.entries()) {
      weights[index] = settledWeights[place] ?? 0
      open.delete(index)
    }
    left = Math.max(0, left - full.length * WEIGHT_CAP)
  }
  return weights
}

/**
 * The value with half of the weight on each side; the mean of the two in the middle where the halves part exactly between them, so
 * that equal weights give the plain median. Values of no weight have no say, unless none has any.
 * @throws {InvariantError} on no values or one that is not finite.
 */
export function weightedMedian(values: readonly number[], weights: readonly number[]): number {
  const pairs = values
    .map((value, index) => ({ value, weight: weights[index] ?? 0 }))
    .filter(({ weight }) => weight > 0)
    .sort((a, b) => a.value - b.value)
  const total = pairs.reduce((sum, { weight }) => sum + weight, 0)
  let before = 0
  for (const [index, { value, weight }] of pairs.entries()) {
    before += weight
    if (2 * before === total) return (value + (pairs[index + 1]?.value ?? value)) / 2
    if (2 * before > total) return value
  }
  return median(values)
}
