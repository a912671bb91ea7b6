import type { Ladder } from '../../core/market.ts'
import { BookSide } from './book-side.ts'

/** One message about one market's book, read and checked, in no venue's own form. */
export type BookMessage = {
  /** The venue's own name of the market. */
  readonly market: string
  readonly kind: 'snapshot' | 'update' | 'checksum'
  /** Price, amount, price, amount…; an amount of 0 removes the level. */
  readonly bids: readonly number[]
  readonly asks: readonly number[]
  /** The state of the book that this follows on, where the venue numbers its states. */
  readonly previous?: number
  /** The state that it leads to: a number, or a time where there are no numbers. */
  readonly last?: number
  /** Of the book after this message, by the venue's own rule. */
  readonly checksum?: number
}

/** What became of a message. A gap, and only that, leaves a book that is to be asked for anew. */
export type BookOutcome =
  | { readonly kind: 'applied' | 'ignored' | 'waiting' | 'ready' }
  | { readonly kind: 'gap'; readonly detail: string }

export type LiveBookRules = {
  /** What a venue's feed is cut to, or what we keep of a whole one. */
  readonly levelsMax: number
  /** Whether updates are kept until a snapshot comes by another way, instead of being useless before it. */
  readonly keepsUpdates: boolean
  readonly checksum?: ((book: Ladder) => number) | undefined
  /** How many of the best levels the checksum is over. */
  readonly checksumLevels?: number | undefined
}

/** So many updates may come while one snapshot is on its way: 100 seconds of ten a second. */
const KEPT_MAX = 1_000

const APPLIED = { kind: 'applied' } as const
const IGNORED = { kind: 'ignored' } as const
const WAITING = { kind: 'waiting' } as const
const READY = { kind: 'ready' } as const

/** An order book that is kept in step with a venue's by its messages, or knows that it is not. It asks for nothing itself. */
export class LiveBook {
  readonly #rules: LiveBookRules
  readonly #bids: BookSide
  readonly #asks: BookSide
  #isLive = false
  #state: number | undefined
  /** The newest time among the updates applied since the snapshot, where states are times. */
  #newestUpdate = Number.NEGATIVE_INFINITY
  #kept: BookMessage[] = []

  constructor(rules: LiveBookRules) {
    this.#rules = rules
    this.#bids = new BookSide('bids', rules.levelsMax)
    this.#asks = new BookSide('asks', rules.levelsMax)
  }

  /** Whether the book is in step, as far as anyone can tell. */
  get isLive(): boolean {
    return this.#isLive
  }

  /** Whether updates have come that a snapshot is needed for. */
  get hasKept(): boolean {
    return this.#kept.length > 0
  }

  get isCrossed(): boolean {
    return this.#bids.best >= this.#asks.best
  }

  /** From now on the book is out of step until the next snapshot. */
  forget(): void {
    this.#isLive = false
    this.#state = undefined
    this.#newestUpdate = Number.NEGATIVE_INFINITY
    this.#kept = []
    this.#bids.replace([])
    this.#asks.replace([])
  }

  /** The best levels, best first. */
  ladder(levels: number): Ladder {
    return { bids: this.#bids.top(levels), asks: this.#asks.top(levels) }
  }

  /** `ready` is the outcome of a snapshot, `waiting` that of an update before one. */
  receive(message: BookMessage): BookOutcome {
    if (message.kind === 'snapshot') return this.#restore(message)
    if (!this.#isLive) return this.#keep(message)
    return this.#advance(message)
  }

  #restore(snapshot: BookMessage): BookOutcome {
    const first = this.#kept[0]
    if (first !== undefined && this.#isTooOld(snapshot, first)) return WAITING
    this.#bids.replace(snapshot.bids)
    this.#asks.replace(snapshot.asks)
    this.#isLive = true
    this.#state = snapshot.last
    this.#newestUpdate = Number.NEGATIVE_INFINITY
    const kept = this.#kept
    this.#kept = []
    const failed = this.#failedChecksum(snapshot)
    if (failed !== undefined) return failed
    for (const update of kept) {
      const outcome = this.#advance(update)
      if (outcome.kind === 'gap') return outcome
    }
    return READY
  }

  /** A snapshot from before the first update that was kept: what happened between them is not known. */
  #isTooOld(snapshot: BookMessage, first: BookMessage): boolean {
    return (snapshot.last ?? 0) < (first.previous ?? first.last ?? 0)
  }

  #keep(update: BookMessage): BookOutcome {
    if (!this.#rules.keepsUpdates) return IGNORED
    if (this.#kept.length >= KEPT_MAX) {
      return this.#gap(`no usable snapshot came within ${KEPT_MAX} updates`)
    }
    this.#kept.push(update)
    return WAITING
  }

  #advance(message: BookMessage): BookOutcome {
    const order = message.previous === undefined ? this.#orderByTime(message) : this.#orderByNumber(message)
    if (order !== APPLIED) return order
    this.#bids.apply(message.bids)
    this.#asks.apply(message.asks)
    return this.#failedChecksum(message) ?? APPLIED
  }

  #orderByNumber({ previous = 0, last = 0 }: BookMessage): BookOutcome {
    const state = this.#state ?? last
    // Equal is tested first: after maintenance a venue may go on from the old number to a lower one.
    if (previous !== state) {
      if (last <= state) return IGNORED
      if (previous > state) return this.#gap(`the book is at ${state}, the next update follows on ${previous}`)
    }
    this.#state = last
    return APPLIED
  }

  /** Times cannot show that an update is missing, only that one is out of order. */
  #orderByTime({ last }: BookMessage): BookOutcome {
    if (last === undefined) return APPLIED
    if (last < this.#newestUpdate) return this.#gap(`an update of ${last} came after one of ${this.#newestUpdate}`)
    if (this.#state !== undefined && last <= this.#state) return IGNORED
    this.#newestUpdate = last
    return APPLIED
  }

  #failedChecksum({ checksum }: BookMessage): BookOutcome | undefined {
    const rule = this.#rules.checksum
    if (rule === undefined || checksum === undefined) return undefined
    const levels = this.#rules.checksumLevels ?? 0
    const own = rule({ bids: this.#bids.few(levels), asks: this.#asks.few(levels) })
    return own === checksum ? undefined : this.#gap(`the venue's checksum is ${checksum}, ours ${own}`)
  }

  #gap(detail: string): BookOutcome {
    this.forget()
    return { kind: 'gap', detail }
  }
}
