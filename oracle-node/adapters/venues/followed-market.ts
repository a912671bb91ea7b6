import { backoffMs } from './backoff.ts'
import { type BookMessage, type BookOutcome, LiveBook } from './live-book.ts'
import type { StreamMarket, StreamProtocol } from './stream-protocols.ts'
import { type TradeTape, tradeTape } from './trade-tape.ts'

/** A book whose best bid is not below its best ask for so long has missed something; for a moment, any feed is. */
export const CROSSED_MAX_MS = 2_000
/** A market that has sent no update for so long is quiet: its snapshot needs none to wait for. */
export const QUIET_MS = 900
/** A book that was asked for and has not come by then is asked for again. */
const ANSWER_MAX_MS = 60_000
/** In step for so long, a book's next failure counts as its first. */
const STEADY_MS = 60_000

/** One market of a connection: its book, its trades, and when the book is to be asked for anew. Times are of one monotonic clock, in ms. */
export class FollowedMarket {
  readonly market: StreamMarket
  readonly book: LiveBook
  readonly tape: TradeTape = tradeTape()
  readonly #protocol: StreamProtocol
  readonly #random: () => number
  /** When the book is to be asked for; undefined while it is in step. */
  #askAt: number | undefined
  #askedAt: number | undefined
  #failures = 0
  #liveAt: number | undefined
  #crossedAt: number | undefined
  #detail = 'the stream has not begun'
  #isNew = true
  #episode = 0

  constructor(market: StreamMarket, protocol: StreamProtocol, random: () => number) {
    this.market = market
    this.#protocol = protocol
    this.#random = random
    this.book = new LiveBook({
      levelsMax: protocol.levelsMax,
      keepsUpdates: protocol.snapshot === 'rest',
      checksum: protocol.checksum?.(market),
      checksumLevels: protocol.checksumLevels,
    })
  }

  /** Whether its book has not been in step yet since the connection began, nor failed to be. */
  get isNew(): boolean {
    return this.#isNew
  }

  /** Another number each time the book was given up: an answer that was asked for before is of no use then. */
  get episode(): number {
    return this.#episode
  }

  /** Whether there is a book to lose, or one on its way. */
  get isHoping(): boolean {
    return this.#askAt === undefined
  }

  /** Why the book is not in step, for an operator to read. */
  get detail(): string {
    return this.#detail
  }

  /** The stream of its changes has just been asked for. */
  begin(now: number): void {
    this.#episode++
    this.book.forget()
    this.tape.interrupt()
    this.#detail = 'the book has been asked for and is not here yet'
    this.#isNew = true
    this.#failures = 0
    this.#liveAt = undefined
    this.#crossedAt = undefined
    // A stream that begins with the book needs no asking; a snapshot has to wait for the first update, or until none came.
    this.#askAt = this.#protocol.snapshot === 'rest' ? now + QUIET_MS : undefined
    this.#askedAt = this.#protocol.snapshot === 'stream' ? now : undefined
  }

  /** The connection is gone, and the book with it. */
  end(detail: string): void {
    this.#episode++
    this.book.forget()
    this.tape.interrupt()
    this.#detail = detail
    this.#askAt = undefined
    this.#askedAt = undefined
    this.#liveAt = undefined
  }

  /** @returns What became of it; after a gap the book is to be asked for, now or later. */
  receive(message: BookMessage, now: number): BookOutcome {
    const outcome = this.book.receive(message)
    if (outcome.kind === 'gap') this.lose(outcome.detail, now)
    else if (outcome.kind === 'ready') this.#settle(now)
    else if (outcome.kind === 'waiting') this.#want(message, now)
    return outcome
  }

  /** The book can't be trusted any more. */
  lose(detail: string, now: number): void {
    this.#episode++
    this.book.forget()
    this.#detail = detail
    this.#crossedAt = undefined
    this.#liveAt = undefined
    this.#askAt = this.#failures === 0 ? now : now + backoffMs(this.#failures, this.#random())
    this.#askedAt = undefined
    this.#failures++
  }

  /** Whether its book has to be asked for now; it will not say so twice. */
  takeRequest(now: number): boolean {
    if (this.#askAt === undefined || now < this.#askAt) return false
    this.#askAt = undefined
    // A REST request ends by its own time limit, and may have to wait for its turn before.
    this.#askedAt = this.#protocol.snapshot === 'stream' ? now : undefined
    return true
  }

  /** @returns Why the book has to be given up, if it has to; called about once a second. */
  check(now: number): string | undefined {
    if (!this.book.isLive) {
      const isLate = this.#askedAt !== undefined && now - this.#askedAt > ANSWER_MAX_MS
      return isLate ? `no book came within ${ANSWER_MAX_MS} ms` : undefined
    }
    this.#crossedAt = this.book.isCrossed ? (this.#crossedAt ?? now) : undefined
    if (this.#crossedAt !== undefined && now - this.#crossedAt > CROSSED_MAX_MS) {
      return `its best bid has not been below its best ask for ${CROSSED_MAX_MS} ms`
    }
    const age = now - (this.#liveAt ?? now)
    if (age > STEADY_MS) this.#failures = 0
    return undefined
  }

  /** Whether a book without numbered changes has been followed for so long that a lost change may stand in it. */
  isDue(now: number): boolean {
    const { resyncSeconds } = this.#protocol
    return resyncSeconds !== undefined && this.#liveAt !== undefined && now - this.#liveAt > resyncSeconds * 1_000
  }

  /** A book is asked for in its turn, with nothing wrong. */
  renew(now: number): void {
    this.lose('the book is being asked for anew, as it is from time to time', now)
    this.#failures = 0
    this.#askAt = now
  }

  #settle(now: number): void {
    // Spread, lest the books of a venue are all renewed at once.
    const spread = (this.#protocol.resyncSeconds ?? 0) * 500 * this.#random()
    this.#isNew = false
    this.#liveAt = now - spread
    this.#askAt = undefined
    this.#askedAt = undefined
    this.#detail = ''
  }

  #want(message: BookMessage, now: number): void {
    if (message.kind === 'snapshot') {
      // Older than the updates that were kept: the next may be newer.
      this.#detail = 'the snapshot was older than the updates'
      this.#askAt = now + backoffMs(this.#failures++, this.#random())
    } else if (this.#askAt !== undefined && this.#failures === 0) this.#askAt = now
  }
}
