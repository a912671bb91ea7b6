import type { RoundMessage } from '../protocol/messages.ts'
import type { RoundSettings } from '../protocol/round-state.ts'
import { type LockSeal, type Seal, type ShareOrigin, sealProposal, sealShare } from '../protocol/seal.ts'

/** Seals what this member sends in one round, with what of its own doings a seal says and the message does not. */
export class MessageSeals {
  readonly #settings: RoundSettings
  readonly #operatorKey: Uint8Array
  readonly #origins = new Map<string, ShareOrigin>()
  /** One proposal goes to many: it is signed once. */
  readonly #proposals = new WeakMap<RoundMessage, Seal>()
  #lock: LockSeal | undefined

  constructor(settings: RoundSettings, operatorKey: Uint8Array) {
    this.#settings = settings
    this.#operatorKey = operatorKey
  }

  /** Before the share of a session is sent. */
  shareMade(attempt: number, session: number, origin: ShareOrigin): void {
    this.#origins.set(`${attempt}/${session}`, origin)
  }

  /** The proposal that this member was bound by. */
  locked(lock: LockSeal): void {
    this.#lock = lock
  }

  sealOf(message: RoundMessage): Seal | undefined {
    const { self } = this.#settings
    if (message.kind === 'observation') return message.locked && this.#lock
    if (message.kind === 'share') {
      const key = `${message.attempt}/${message.session}`
      const origin = this.#origins.get(key)
      this.#origins.delete(key)
      return origin && sealShare(this.#settings, self, { message, origin }, this.#operatorKey)
    }
    if (message.kind !== 'proposal') return undefined
    const known = this.#proposals.get(message)
    if (known !== undefined) return known
    const made = sealProposal(this.#settings, self, message, this.#operatorKey)
    this.#proposals.set(message, made)
    return made
  }
}
