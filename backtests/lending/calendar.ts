import ln from '@stdlib/math-base-special-ln'
import { mulberry32 } from '../metrics/generator.ts'

/**
 * Who acts in which hour. Each hour has a list, so that those who do not act cost nothing. Chance is drawn once an act, in the order
 * of the acts, and so falls alike under every policy: two runs with the same seed differ by their policies alone.
 */
export type Calendar = {
  readonly hours: number
  /** By hour, who was entered last; -1 for nobody. */
  readonly last: Int32Array
  /** By seat, who was entered before in the same hour. */
  readonly before: Int32Array
  readonly meanHours: number
  readonly chance: () => number
}

/** @param everyDays The mean time between two acts of one borrower. */
export function calendarOf(parts: {
  readonly hours: number
  readonly seats: number
  readonly everyDays: number
  readonly seed: number
}): Calendar {
  const { hours, seats, everyDays, seed } = parts
  return {
    hours,
    last: new Int32Array(hours).fill(-1),
    before: new Int32Array(seats).fill(-1),
    meanHours: 24 * everyDays,
    chance: mulberry32(seed),
  }
}

/**
 * Enters a seat's next act, after `hour`. In every hour it has the same chance, 1 − e^(−1 / mean): the waiting time is geometric, and
 * drawn as the whole part of an exponential one.
 */
export function enterNext(calendar: Calendar, seat: number, hour: number): void {
  const wait = 1 + Math.floor(-ln(1 - calendar.chance()) * calendar.meanHours)
  const next = hour + wait
  if (!(next < calendar.hours)) return
  calendar.before[seat] = calendar.last[next] ?? -1
  calendar.last[next] = seat
}

/** Writes who acts in the hour into `found`, the latest entered first, and says how many they are. */
export function actingIn({ last, before }: Calendar, hour: number, found: Int32Array): number {
  let count = 0
  for (let seat = last[hour] ?? -1; seat >= 0; seat = before[seat] ?? -1) found[count++] = seat
  return count
}

/** What the coins of an hour are made from. */
export function coinsOf(seed: number, hour: number): number {
  return mixed(Math.imul(seed, 0x9e3779b1) ^ hour)
}

/**
 * Whether a borrower looks after its position in an hour: a coin that falls the same however often and in whichever order it is
 * asked for. The mixing is MurmurHash3's finaliser, by Austin Appleby.
 */
export function isWatching(coins: number, borrower: number, chance: number): boolean {
  return mixed(Math.imul(coins, 0x85ebca6b) ^ borrower) < chance * 2 ** 32
}

function mixed(value: number): number {
  let hash = value | 0
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
