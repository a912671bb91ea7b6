import type { AuditEntry } from '../ports/audit-log.ts'
import { cidOfHash, parseCid } from './audit-block.ts'
import type { Frame } from './audit-frames.ts'

/** A block's file and place in it. Its name is kept as its hash's bytes: of a full log there are some 350,000. */
type Placed = { readonly round: number; readonly bytes: number; readonly path: string; readonly offset: number } & {
  readonly hash: string
}

/** Where each block is, by CID and by round; in memory, made anew from the files at each start. */
export class AuditIndex {
  readonly #byHash = new Map<string, Placed>()
  readonly #byRound = new Map<number, Placed>()
  /** Ascending. */
  #rounds: number[] = []

  add(path: string, { round, sha256, offset, length }: Frame): void {
    const placed = { round, bytes: length, path, offset, hash: Buffer.from(sha256).toString('latin1') }
    this.#byHash.set(placed.hash, placed)
    if (!this.#byRound.has(round)) this.#rounds.splice(this.#placeOf(round), 0, round)
    this.#byRound.set(round, placed)
  }

  /** Leaves out what was in a file. */
  drop(path: string): void {
    for (const [hash, placed] of this.#byHash) if (placed.path === path) this.#byHash.delete(hash)
    for (const [round, placed] of this.#byRound) if (placed.path === path) this.#byRound.delete(round)
    this.#rounds = this.#rounds.filter((round) => this.#byRound.has(round))
  }

  find(cid: string): Placed | undefined {
    const parsed = parseCid(cid)
    return parsed && this.#byHash.get(Buffer.from(parsed.multihash.digest).toString('latin1'))
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
  if (placed === undefined) return undefined
  const { round, bytes, hash } = placed
  return { round, cid: cidOfHash(Buffer.from(hash, 'latin1')).toString(), bytes }
}
