import type { NodeIndex } from '../core/units.ts'

/** What one member may send: an honest one needs a handful a second in its worst round, a flood costs others their time. */
const MESSAGES_PER_SECOND = 20
const MESSAGES_AT_ONCE_MAX = 100

/** A token bucket a member, looked at before anything of a message is: a refusal costs a comparison and no log line. */
export class MessageAllowances {
  readonly #buckets = new Map<NodeIndex, { left: number; at: number }>()

  /** @param at In milliseconds, of a clock that never goes back. @returns Whether a message of this member may be looked at. */
  take(from: NodeIndex, at: number): boolean {
    const before = this.#buckets.get(from) ?? { left: MESSAGES_AT_ONCE_MAX, at }
    const refilled = before.left + ((at - before.at) / 1000) * MESSAGES_PER_SECOND
    const left = Math.min(MESSAGES_AT_ONCE_MAX, refilled) - 1
    this.#buckets.set(from, { left: Math.max(left, 0), at })
    return left >= 0
  }
}
