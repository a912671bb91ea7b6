import type { Exchange } from 'ccxt'
import { SECONDS_PER_HOUR, type UnixSeconds } from '../../core/units.ts'
import type { TradeTape } from './trade-tape.ts'
import { fetchHours, fetchMinutes } from './venue-rest.ts'

/** Minutes of a market whose trades tell nothing are asked for again when they are so old. */
const MINUTES_AGE_MAX_SECONDS = 300
/** After a failure, the next attempt comes no sooner. */
const RETRY_SECONDS = 15

/** One kind of a market's candles: what was asked for last, by the caller's clock. */
type Asked = {
  rows: readonly unknown[] | undefined
  at: number
  isAsking: boolean
  failure: unknown
}

/** The candles of one followed market. */
export type MarketHistory = {
  /** Asks for what is due, and returns at once. */
  refresh(now: UnixSeconds, wantsMinutes: boolean): void
  /** Ends when all that is wanted was answered once. @throws What the venue or ccxt threw, if it was not. */
  ready(wantsMinutes: boolean): Promise<void>
  readonly hours: readonly unknown[]
  readonly minutes: readonly unknown[]
}

/**
 * Hours are asked for once and again when another has closed; minutes once, and again when the trades since have a hole in them.
 * @param later Runs a request in its turn, after a pause that keeps a venue's markets from asking all at once.
 */
export function marketHistory(args: {
  readonly exchange: Exchange
  readonly symbol: string
  readonly tape: Pick<TradeTape, 'wholeFrom'>
  readonly later: (task: () => Promise<void>, isFirst: boolean) => void
}): MarketHistory {
  const { exchange, symbol, tape, later } = args
  const hours = nothingAsked()
  const minutes = nothingAsked()
  const waiting: Array<() => void> = []
  const ask = (asked: Asked, now: number, fetch: () => Promise<readonly unknown[]>): void => {
    if (asked.isAsking || (asked.failure !== undefined && now - asked.at < RETRY_SECONDS)) return
    asked.isAsking = true
    later(async () => {
      try {
        asked.rows = await fetch()
        asked.failure = undefined
      } catch (error) {
        asked.failure = error
      } finally {
        asked.at = now
        asked.isAsking = false
        for (const done of waiting.splice(0)) done()
      }
    }, asked.rows === undefined)
  }
  return {
    refresh: (now, wantsMinutes) => {
      if (hours.rows === undefined || hourOf(hours.at) < hourOf(now))
        ask(hours, now, () => fetchHours(exchange, symbol))
      if (wantsMinutes && areMinutesDue(minutes, tape, now)) ask(minutes, now, () => fetchMinutes(exchange, symbol))
    },
    ready: async (wantsMinutes) => {
      const wanted = wantsMinutes ? [hours, minutes] : [hours]
      for (;;) {
        const missing = wanted.find(({ rows }) => rows === undefined)
        if (missing === undefined) return
        if (missing.failure !== undefined && !missing.isAsking) throw missing.failure
        const { promise, resolve } = Promise.withResolvers<void>()
        waiting.push(resolve)
        await promise
      }
    },
    get hours() {
      return hours.rows ?? []
    },
    get minutes() {
      return minutes.rows ?? []
    },
  }
}

function nothingAsked(): Asked {
  return { rows: undefined, at: 0, isAsking: false, failure: undefined }
}

/** The trades go on from what was asked for, if that was after their first whole minute had begun. */
function areMinutesDue(minutes: Asked, { wholeFrom }: Pick<TradeTape, 'wholeFrom'>, now: number): boolean {
  if (minutes.rows === undefined) return true
  // Of a trade from the future nothing can be concluded.
  if (wholeFrom === undefined || wholeFrom > (now + MINUTES_AGE_MAX_SECONDS) * 1_000)
    return now - minutes.at > MINUTES_AGE_MAX_SECONDS
  return minutes.at * 1_000 < wholeFrom && wholeFrom <= now * 1_000
}

function hourOf(seconds: number): number {
  return Math.floor(seconds / SECONDS_PER_HOUR)
}
