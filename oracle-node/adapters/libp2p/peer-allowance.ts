import { MESSAGES_AT_ONCE_MAX, MESSAGES_PER_SECOND, OFFENCES_MAX, RECEIVING_MAX, SHUT_OUT_MS } from './limits.ts'

type Account = { left: number; refilledAt: number; receiving: number; offences: number; shutOutUntil: number }

/**
 * What each peer has used of its share: messages by a token bucket, messages in flight, and offences, after which it is shut out for
 * a while. Peers are counted apart, so that who floods takes from nobody else. Times are milliseconds of any steady clock.
 */
export class PeerAllowances {
  readonly #accounts = new Map<string, Account>()
  readonly #now: () => number

  constructor(now: () => number) {
    this.#now = now
  }

  /** Whether one more message may be taken in; each `true` asks for one {@link end}. */
  begin(peer: string): boolean {
    const account = this.#of(peer)
    if (account.receiving >= RECEIVING_MAX || !this.spend(peer)) return false
    account.receiving += 1
    return true
  }

  end(peer: string): void {
    const account = this.#of(peer)
    account.receiving = Math.max(0, account.receiving - 1)
  }

  /** Takes one message from the peer's bucket. */
  spend(peer: string): boolean {
    const account = this.#of(peer)
    const now = this.#now()
    const refilled = account.left + ((now - account.refilledAt) / 1_000) * MESSAGES_PER_SECOND
    account.left = Math.min(MESSAGES_AT_ONCE_MAX, refilled)
    account.refilledAt = now
    if (account.left < 1) return false
    account.left -= 1
    return true
  }

  /** Notes an offence. @returns Whether the peer is to be shut out now. */
  offend(peer: string): boolean {
    const account = this.#of(peer)
    account.offences += 1
    if (account.offences < OFFENCES_MAX) return false
    account.offences = 0
    account.shutOutUntil = this.#now() + SHUT_OUT_MS
    return true
  }

  isShutOut(peer: string): boolean {
    return this.#now() < (this.#accounts.get(peer)?.shutOutUntil ?? Number.NEGATIVE_INFINITY)
  }

  /** Forgets whoever is no member any more, so that there is never more than one account a member. */
  keepOnly(peers: ReadonlySet<string>): void {
    for (const peer of this.#accounts.keys()) if (!peers.has(peer)) this.#accounts.delete(peer)
  }

  #of(peer: string): Account {
    const known = this.#accounts.get(peer)
    if (known !== undefined) return known
    const account = {
      left: MESSAGES_AT_ONCE_MAX,
      refilledAt: this.#now(),
      receiving: 0,
      offences: 0,
      shutOutUntil: Number.NEGATIVE_INFINITY,
    }
    this.#accounts.set(peer, account)
    return account
  }
}
