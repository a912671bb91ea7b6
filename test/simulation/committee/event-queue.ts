type Queued = { readonly at: number; readonly order: number; readonly work: () => void }

/** What is to happen, by virtual time; at one time, in the order in which it was put in. */
export class EventQueue {
  /** Latest first, so that the next is taken off the end. */
  readonly #queued: Queued[] = []
  #order = 0
  #now = 0

  /** Virtual milliseconds since the beginning. */
  get now(): number {
    return this.#now
  }

  push(at: number, work: () => void): void {
    const order = this.#order++
    let low = 0
    let high = this.#queued.length
    while (low < high) {
      const middle = (low + high) >>> 1
      // Of two at one time the newer stands nearer to the beginning.
      if ((this.#queued[middle] as Queued).at > at) low = middle + 1
      else high = middle
    }
    this.#queued.splice(low, 0, { at: Math.max(at, this.#now), order, work })
  }

  /** Lets the next thing happen. @returns Whether there was one before the end. */
  next(endMs: number): boolean {
    const queued = this.#queued.pop()
    if (queued === undefined || queued.at > endMs) return false
    this.#now = queued.at
    queued.work()
    return true
  }
}
