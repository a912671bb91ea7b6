import type { BarRow } from '../../oracle-node/ports/market-store.ts'
import type { BadRow } from './sound-bars.ts'

/** A part of a history that is got in one go: an archive's month or day, or a page of candles. Times in unix seconds. */
export type Piece = {
  readonly id: string
  readonly from: number
  readonly to: number
  /** Whether it can still grow: such a piece is got again each time. */
  readonly open: boolean
  /** @throws {FetchFault} */
  load(signal: AbortSignal): Promise<LoadedPiece>
}

export type LoadedPiece =
  | {
      readonly kind: 'bars'
      readonly bars: readonly BarRow[]
      readonly bad: readonly BadRow[]
      readonly bytes: number
      /** Of the archive's file, which was compared with what the venue says. */
      readonly sha256?: string
    }
  /** The venue has it not; `instead` may have it in smaller parts. */
  | { readonly kind: 'not-there'; readonly instead?: readonly Piece[] }

/** What a venue's server did wrong. */
export class FetchFault extends Error {
  override name = 'FetchFault'
  /** Whether the next attempt may go better. */
  readonly passing: boolean

  constructor(message: string, { passing, cause }: { readonly passing: boolean; readonly cause?: unknown }) {
    super(message, { cause })
    this.passing = passing
  }
}

export type Retry = {
  readonly attempts: number
  /** The first wait; each next is twice as long, up to `waitMsMax`, and by chance down to half of it. */
  readonly waitMs: number
  readonly waitMsMax: number
}

export const RETRY: Retry = { attempts: 5, waitMs: 500, waitMsMax: 30_000 }

/**
 * The first attempt that goes well.
 * @throws {FetchFault} of the last attempt, or at once where another would go the same way; an abort's own reason.
 */
export async function withRetries<Result>(
  attempt: () => Promise<Result>,
  retry: Retry,
  signal: AbortSignal,
): Promise<Result> {
  for (let failed = 1; ; failed += 1) {
    signal.throwIfAborted()
    try {
      return await attempt()
    } catch (error) {
      signal.throwIfAborted()
      if (!(error instanceof FetchFault) || !error.passing || failed >= retry.attempts) throw error
      await wait(Math.min(retry.waitMsMax, retry.waitMs * 2 ** (failed - 1)) * (0.5 + Math.random() / 2), signal)
    }
  }
}

function wait(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer)
      reject(signal.reason)
    }
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop)
      resolve()
    }, ms)
    signal.addEventListener('abort', stop, { once: true })
  })
}
