import type { AuditEntry } from '../ports/audit-log.ts'
import { cidOfHash } from './audit-block.ts'
import type { Frame } from './audit-frames.ts'

/** A block's file and place in it. */
export type Placed = AuditEntry & { readonly path: string; readonly offset: number }

/** Where each block is, by CID and by round; in memory, made anew from the files at each start. */
export class AuditIndex {
  readonly #byCid = new Map<string, Placed>()
  readonly #byRound = new Map<number, Placed>()
  /** Ascending. */
  #rounds: number[] = []

  add(path: string, { round, sha256, offset, length }: Frame): Placed {
    const placed = { round, cid: cidOfHash(sha256).toString(), bytes: length, path, offset }
    this.#byCid.set(placed.cid, placed)
    if (!this.#byRound.has(round)) this.#rounds.splice(this.#placeOf(round), 0, round)
    this.#byRound.set(round, placed)
    return placed
  }

  /** Leaves out what was in a file. */
  drop(path: string): void {
    for (const [cid, placed] of this.#byCid) if (placed.path === path) this.#byCid.delete(cid)
    for (const [round, placed] of this.#byRound) if (placed.path === path) this.#byRound.delete(round)
    this.#rounds = this.#rounds.filter((round) => this.#byRound.has(round))
  }

  find(cid: string): Placed | undefined {
    return this.#byCid.get(cid)
  }

  entryOf(round: number): AuditEntry | undefined {
    return entryFrom(this.#byRound.get(round))
  }

  newest(): AuditEntry | undefined {
    return this.entryOf(this.#rounds.at(-1) ?? -1)
  }

  entries(range: { readonly from?: number; readonly to?: number; readonly limit?: number } = {}): AuditEntry[] {
    const { from = 0, to = Number.MAX_SAFE_INTEGER, limit = Number.MAX_SAFE_INTEGER } = range
    const start = this.#placeOf(from)
    const some = this.#rounds.slice(start, Math.min(this.#placeOf(to + 1), start + limit))
    return some.flatMap((round) => this.entryOf(round) ?? [])
  }

  /** How many rounds are before it. */
  #placeOf(round: number): number {
    let [low, high] = [0, this.#rounds.length]
    // Nearly always the newest of all.
    if ((this.#rounds.at(-1) ?? -1) < round) return high
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#rounds[middle] ?? 0) < round) low = middle + 1
      else high = middle
    }
    return low
  }
}

function entryFrom(placed: Placed | undefined): AuditEntry | undefined {
  return placed && { round: placed.round, cid: placed.cid, bytes: placed.bytes }
}
