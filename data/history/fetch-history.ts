import { BAR_SECONDS } from '../../oracle-node/core/market-rows.ts'
import type { MarketStore } from '../../oracle-node/ports/market-store.ts'
import type { FetchJournal } from './fetch-journal.ts'
import { FetchFault, type LoadedPiece, type Piece, RETRY, type Retry, withRetries } from './fetch-pieces.ts'
import type { BadRow, Market } from './sound-bars.ts'

export type FetchProgress = {
  readonly done: number
  readonly total: number
  /** Stored in this run. */
  readonly rows: number
  readonly piece: string
}

export type FetchSummary = {
  readonly pieces: number
  readonly fetched: number
  /** In the store before this run. */
  readonly held: number
  readonly notThere: readonly string[]
  readonly failed: ReadonlyArray<{ readonly piece: string; readonly reason: string }>
  /** Not tried, for the run was stopped. */
  readonly left: number
  readonly rows: number
  readonly bytes: number
  /** Files whose sha256 is what the venue says. */
  readonly verified: number
  readonly bad: { readonly count: number; readonly first: ReadonlyArray<BadRow & { readonly piece: string }> }
}

export type FetchRequest = {
  readonly market: Market
  readonly pieces: readonly Piece[]
  readonly store: MarketStore
  readonly journal: FetchJournal
  /** Pieces that are got at the same time. */
  readonly concurrency: number
  readonly retry?: Retry
  /** Ends the run in order: what was got is stored, and a later run goes on from there. */
  readonly signal: AbortSignal
  readonly onProgress?: (progress: FetchProgress) => void
}

/** After so many pieces have failed in a row the venue is not to be had, and the others would fail one by one. */
const FAILURES_MAX = 3
const BAD_SHOWN = 5

/** Gets what the store does not hold yet, and stores it piece by piece. It does not throw for what a venue does wrong. */
export async function fetchHistory(request: FetchRequest): Promise<FetchSummary> {
  const run = newRun(request)
  const worker = async (): Promise<void> => {
    for (let piece = run.next(); piece !== undefined; piece = run.next()) await run.take(piece)
  }
  await Promise.all(Array.from({ length: request.concurrency }, worker))
  return run.summary()
}

type Run = { next(): Piece | undefined; take(piece: Piece): Promise<void>; summary(): FetchSummary }

function newRun(request: FetchRequest): Run {
  const queue = [...request.pieces]
  const tally = newTally()
  const isHeld = heldPieces(request)
  const store = storing(request)
  let inARow = 0
  const settle = async (piece: Piece, loaded: LoadedPiece): Promise<void> => {
    if (loaded.kind === 'bars') {
      await store(piece, loaded)
      tally.fetched(piece, loaded)
    } else if (loaded.instead && loaded.instead.length > 0) {
      queue.unshift(...loaded.instead)
      tally.replaced(loaded.instead.length)
    } else tally.notThere(piece)
  }
  return {
    next: () => (request.signal.aborted || inARow >= FAILURES_MAX ? undefined : queue.shift()),
    take: async (piece) => {
      try {
        if (await isHeld(piece)) tally.held()
        else
          await settle(
            piece,
            await withRetries(() => piece.load(request.signal), request.retry ?? RETRY, request.signal),
          )
        inARow = 0
      } catch (error) {
        if (error instanceof FetchFault) {
          inARow += 1
          tally.failed(piece, error.message)
        } else if (request.signal.aborted) queue.unshift(piece)
        else throw error
      }
      request.onProgress?.(tally.progress(piece, request.pieces.length))
    },
    summary: () => tally.summary(request.pieces.length, queue.length),
  }
}

/** Stores pieces one after the other: first the rows, then, once they outlive a crash, the line that says so. */
function storing({
  store,
  journal,
  market,
}: FetchRequest): (piece: Piece, loaded: LoadedPiece & { kind: 'bars' }) => Promise<void> {
  let before: Promise<void> = Promise.resolve()
  return (piece, { bars, sha256 }) => {
    const mine = before.then(async () => {
      await store.append({ bars })
      await store.flush()
      // What a venue sent without a checksum is done when nothing can be missing in it: a cut page looks like a quiet hour.
      const isWhole = bars.length >= Math.floor((piece.to - piece.from) / BAR_SECONDS[market.interval])
      if (!piece.open && (sha256 !== undefined || isWhole))
        await journal.add({ piece: piece.id, rows: bars.length, ...(sha256 !== undefined && { sha256 }) })
    })
    // Who waits for a turn does not fail with whoever was before.
    before = mine.catch(() => undefined)
    return mine
  }
}

/**
 * Whether the store holds a piece: as many rows in its period as the journal says it had or, where the journal says nothing, every
 * bar that there can be. What the journal says is not enough: the store may have been emptied since.
 */
function heldPieces({ store, journal, market }: FetchRequest): (piece: Piece) => Promise<boolean> {
  const span = store.holdings().then((holdings) => {
    const mine = holdings.find(
      ({ source, symbol, interval }) =>
        source === market.source && symbol === market.symbol && interval === market.interval,
    )
    return mine ?? { first: Number.POSITIVE_INFINITY, last: Number.NEGATIVE_INFINITY }
  })
  return async ({ id, from, to, open }) => {
    const { first, last } = await span
    if (open || last < from || first >= to) return false
    const [series] = await store.bars({ ...market, from, to })
    const wanted = journal.done(id)?.rows ?? Math.floor((to - from) / BAR_SECONDS[market.interval])
    return (series?.time.length ?? 0) >= wanted
  }
}

type Tally = {
  fetched(piece: Piece, loaded: LoadedPiece & { kind: 'bars' }): void
  replaced(byPieces: number): void
  notThere(piece: Piece): void
  held(): void
  failed(piece: Piece, reason: string): void
  progress(piece: Piece, asked: number): FetchProgress
  summary(asked: number, left: number): FetchSummary
}

function newTally(): Tally {
  let [fetched, held, rows, bytes, verified, badCount, added] = [0, 0, 0, 0, 0, 0, 0]
  const notThere: string[] = []
  const failed: { piece: string; reason: string }[] = []
  const badFirst: (BadRow & { piece: string })[] = []
  return {
    fetched: ({ id }, loaded) => {
      fetched += 1
      rows += loaded.bars.length
      bytes += loaded.bytes
      if (loaded.sha256 !== undefined) verified += 1
      badCount += loaded.bad.length
      badFirst.push(...loaded.bad.slice(0, BAD_SHOWN - badFirst.length).map((bad) => ({ piece: id, ...bad })))
    },
    replaced: (byPieces) => {
      added += byPieces - 1
    },
    notThere: ({ id }) => notThere.push(id),
    held: () => {
      held += 1
    },
    failed: ({ id }, reason) => failed.push({ piece: id, reason }),
    progress: ({ id }, asked) => ({
      done: fetched + held + notThere.length + failed.length,
      total: asked + added,
      rows,
      piece: id,
    }),
    summary: (asked, left) => ({
      pieces: asked + added,
      fetched,
      held,
      notThere: notThere.sort(),
      failed,
      left,
      rows,
      bytes,
      verified,
      bad: { count: badCount, first: badFirst },
    }),
  }
}
