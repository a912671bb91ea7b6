import { quorum } from '../core/quorum.ts'
import type { NodeIndex, UnixSeconds } from '../core/units.ts'

export type ClockVerdict =
  /** Too few have been heard of lately. */
  | { readonly kind: 'unknown' }
  | { readonly kind: 'in-step'; readonly offsetSeconds: number }
  /** How far this node's clock is ahead, negative behind, and who says so. */
  | { readonly kind: 'off'; readonly offsetSeconds: number; readonly by: 'peers' | 'chain' }

export type ClockSettings = {
  readonly self: NodeIndex
  readonly members: number
  /** Beyond this the clock is off; back within half of it, it is in step again. */
  readonly toleranceSeconds: number
  /** What was heard longer ago says nothing any more. */
  readonly staleSeconds: number
}

/** What another's clock showed when it spoke, by how much less than this node's when it heard. */
type Heard = { readonly ahead: number; readonly at: UnixSeconds }

/**
 * How far the own clock is from the others', as the median over what each said last. With a quorum of voices, at most f
 * of them lie, and the median lies between two honest ones: liars can neither make a node that is in step abstain, nor, where all others
 * are heard, hide that it is off. A message's way, of at most a few seconds, makes a clock look ahead by so much.
 *
 * Where too few are heard, the chain's newest block is a lower bound: its time is past, and an idle chain's long past. It never overrules
 * peers, for it comes from one endpoint, which may lie.
 */
export class ClockSkew {
  readonly #settings: ClockSettings
  readonly #heard = new Map<NodeIndex, Heard>()
  #block: Heard | undefined
  #wasOff = false

  constructor(settings: ClockSettings) {
    this.#settings = settings
  }

  /** A member's clock, as it says, in a message that its connection vouches for. At most one is kept of each. */
  heard(from: NodeIndex, sentAt: UnixSeconds, now: UnixSeconds): void {
    const { self, members } = this.#settings
    if (from !== self && from <= members) this.#heard.set(from, { ahead: now - sentAt, at: now })
  }

  chainSaw(blockTime: UnixSeconds, now: UnixSeconds): void {
    this.#block = { ahead: now - blockTime, at: now }
  }

  verdict(now: UnixSeconds): ClockVerdict {
    const { toleranceSeconds } = this.#settings
    const tolerance = this.#wasOff ? toleranceSeconds / 2 : toleranceSeconds
    const verdict = this.#judge(tolerance, now)
    if (verdict.kind !== 'unknown') this.#wasOff = verdict.kind === 'off'
    return verdict
  }

  #judge(tolerance: number, now: UnixSeconds): ClockVerdict {
    const needed = quorum(this.#settings.members)
    const heard = [...this.#heard.values()].filter((each) => this.#isFresh(each, now)).map(({ ahead }) => ahead)
    // The own clock is a voice only where the others are one too few: it may be the one that is wrong.
    const voices = heard.length < needed ? [0, ...heard] : heard
    if (voices.length < needed) return this.#judgeByChain(tolerance, now)
    const offsetSeconds = middleNearestZero(voices)
    return Math.abs(offsetSeconds) > tolerance
      ? { kind: 'off', offsetSeconds, by: 'peers' }
      : { kind: 'in-step', offsetSeconds }
  }

  #judgeByChain(tolerance: number, now: UnixSeconds): ClockVerdict {
    const block = this.#block
    if (block === undefined || !this.#isFresh(block, now) || block.ahead >= -tolerance) return { kind: 'unknown' }
    return { kind: 'off', offsetSeconds: block.ahead, by: 'chain' }
  }

  /** A clock that was set back has heard things in its future: those are as worthless as old ones. */
  #isFresh({ at }: Heard, now: UnixSeconds): boolean {
    return Math.abs(now - at) <= this.#settings.staleSeconds
  }
}

/** The median; of the two in the middle of an even number, the one that accuses less. */
function middleNearestZero(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const upper = sorted[Math.floor(sorted.length / 2)] ?? 0
  const lower = sorted[Math.ceil(sorted.length / 2) - 1] ?? 0
  return Math.abs(lower) < Math.abs(upper) ? lower : upper
}
