import type { Level } from '../../core/market.ts'

/** What a side begins with room for; it doubles when full. */
const ROOM_START = 256

/**
 * One side of a followed order book: levels sorted with the best last, in two typed arrays, so that a change near the best, as most
 * are, moves few of them. Measured, this is what makes thousands of books cheap to follow: arrays of rows cost three times as much.
 */
export class BookSide {
  readonly #sign: 1 | -1
  readonly #levelsMax: number
  /** Price for bids, its negative for asks: rising either way. */
  #keys = new Float64Array(ROOM_START)
  #amounts = new Float64Array(ROOM_START)
  #size = 0

  /** @param levelsMax More levels than this are forgotten, the worst first. */
  constructor(side: 'bids' | 'asks', levelsMax: number) {
    this.#sign = side === 'bids' ? 1 : -1
    this.#levelsMax = levelsMax
  }

  get size(): number {
    return this.#size
  }

  /** Infinitely bad when there is no level. */
  get best(): number {
    return this.#size === 0 ? -this.#sign * Number.POSITIVE_INFINITY : this.#sign * this.#key(this.#size - 1)
  }

  /** Amounts replace those before at the same price; none removes the level. `levels` is price, amount, price, amount… */
  apply(levels: readonly number[]): void {
    for (let index = 0; index + 1 < levels.length; index += 2) this.#set(levels[index] ?? 0, levels[index + 1] ?? 0)
    if (this.#size > this.#levelsMax) this.#forgetWorst()
  }

  /** A whole new side, in any order; of a repeated price the last counts. */
  replace(levels: readonly number[]): void {
    const amounts = new Map<number, number>()
    for (let index = 0; index + 1 < levels.length; index += 2) {
      amounts.set(this.#sign * (levels[index] ?? 0), levels[index + 1] ?? 0)
    }
    const keys = [...amounts.keys()].filter((key) => (amounts.get(key) ?? 0) > 0)
    const sorted = Float64Array.from(keys).sort().slice(-this.#levelsMax)
    const room = Math.max(ROOM_START, 2 ** Math.ceil(Math.log2(sorted.length + 1)))
    this.#keys = new Float64Array(room)
    this.#amounts = new Float64Array(room)
    this.#keys.set(sorted)
    this.#amounts.set(sorted.map((key) => amounts.get(key) ?? 0))
    this.#size = sorted.length
  }

  /** The best levels, best first. */
  top(count: number): Level[] {
    const levels: Level[] = []
    for (let index = this.#size - 1; index >= 0 && levels.length < count; index--) {
      levels.push([this.#sign * this.#key(index), this.#amounts[index] ?? 0])
    }
    return levels
  }

  /** Like `top`, for a list that is dropped at once: made in another place, for the reason given in read-message.ts. */
  few(count: number): Level[] {
    const levels: Level[] = []
    for (let index = this.#size - 1; index >= 0 && levels.length < count; index--) {
      levels.push([this.#sign * this.#key(index), this.#amounts[index] ?? 0])
    }
    return levels
  }

  #set(price: number, amount: number): void {
    const key = this.#sign * price
    const index = this.#indexOf(key)
    if (index < this.#size && this.#key(index) === key) {
      if (amount > 0) this.#amounts[index] = amount
      else this.#remove(index)
    } else if (amount > 0) this.#insert(index, key, amount)
  }

  /** Of the first level whose key is not below. */
  #indexOf(key: number): number {
    let low = 0
    let high = this.#size
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#key(middle) < key) low = middle + 1
      else high = middle
    }
    return low
  }

  #key(index: number): number {
    return this.#keys[index] ?? Number.NaN
  }

  #remove(index: number): void {
    this.#keys.copyWithin(index, index + 1, this.#size)
    this.#amounts.copyWithin(index, index + 1, this.#size)
    this.#size--
  }

  #insert(index: number, key: number, amount: number): void {
    if (this.#size === this.#keys.length) this.#grow()
    this.#keys.copyWithin(index + 1, index, this.#size)
    this.#amounts.copyWithin(index + 1, index, this.#size)
    this.#keys[index] = key
    this.#amounts[index] = amount
    this.#size++
  }

  #grow(): void {
    const [keys, amounts] = [this.#keys, this.#amounts]
    this.#keys = new Float64Array(2 * keys.length)
    this.#amounts = new Float64Array(2 * keys.length)
    this.#keys.set(keys)
    this.#amounts.set(amounts)
  }

  #forgetWorst(): void {
    const surplus = this.#size - this.#levelsMax
    this.#keys.copyWithin(0, surplus, this.#size)
    this.#amounts.copyWithin(0, surplus, this.#size)
    this.#size = this.#levelsMax
  }
}
