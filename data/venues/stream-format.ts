import type { HistoryBook, HistoryTrade, MarketName } from '../recorded/history.ts'
import type { Candle } from '../recorded/read-candles.ts'
import type { BookChanges } from './book-changes.ts'

/** What a client can subscribe to, whatever the venue calls it. */
export type StreamChannel =
  | {
      readonly kind: 'book'
      readonly symbol: string
      /** Levels a side. */
      readonly depth: number
      /** Whether the venue leaves it to the client to cut off what has fallen out of the depth, as Kraken does. */
      readonly clientCuts?: boolean
    }
  | { readonly kind: 'trades'; readonly symbol: string }
  | { readonly kind: 'candles'; readonly symbol: string; readonly interval: '1m' | '1h' }

/** One channel on one connection: `key` is its name there, `id` its number. */
export type Subscription = { readonly key: string; readonly id: number; readonly channel: StreamChannel }

/** When something is sent. All in unix milliseconds. */
export type Moment = {
  /** What the venue's clock shows. */
  readonly now: number
  /** When the book last changed, and when before that: grows by the server's own clock even where the shown one is wrong. */
  readonly sequence: number
  readonly previous: number
  /** Added to every checksum; zero in a venue that is well. */
  readonly checksumError: number
}

export type StreamCandle = Candle & { readonly closed: boolean }

export type StreamEvent =
  | { readonly kind: 'snapshot'; readonly book: HistoryBook; readonly moment: Moment }
  | { readonly kind: 'changes'; readonly changes: BookChanges; readonly book: HistoryBook; readonly moment: Moment }
  /** `first` when these are the recent ones that a new subscriber gets. */
  | {
      readonly kind: 'trades'
      readonly trades: readonly HistoryTrade[]
      readonly first: boolean
      readonly moment: Moment
    }
  | {
      readonly kind: 'candles'
      readonly candles: readonly StreamCandle[]
      readonly first: boolean
      readonly moment: Moment
    }

/** What a venue's stream format may do on one connection. */
export type StreamSession = {
  /** Number of the connection since the server's start. */
  readonly number: number
  readonly path: string
  readonly query: URLSearchParams
  readonly markets: readonly MarketName[]
  readonly subscriptions: ReadonlyMap<string, Subscription>
  /** Unix milliseconds on the venue's clock. */
  now(): number
  /** An object goes out as JSON. */
  send(message: string | object): void
  /** The number of the subscription, which is made with this when it is new; nothing when there are too many. */
  subscribe(key: string, channel: StreamChannel): Subscription | undefined
  /** Lets the first messages of a new subscription follow: its book, the trades before it. */
  start(subscription: Subscription): void
  unsubscribe(key: string): Subscription | undefined
}

/** One connection in a venue's format. */
export type StreamConnection = {
  receive(text: string): void
  /** The messages that carry an event. */
  encode(subscription: Subscription, event: StreamEvent): ReadonlyArray<string | object>
  /** What is sent every second to a connection, where the venue does. */
  heartbeat?(): ReadonlyArray<string | object>
}

/** A venue's WebSocket format. */
export type StreamFormat = {
  readonly path: RegExp
  /** How often books are looked at; a divisor of a second, for REST and stream must agree on the moments. */
  readonly sampleMs: number
  open(session: StreamSession): StreamConnection
}

/** Update numbers of a venue count hundredths of seconds of the server's clock: the same in REST, on every stream and at every start. */
export const updateNumber = (milliseconds: number): number => Math.floor(milliseconds / 10)

export type JsonObject = Readonly<Record<string, unknown>>

/** The object that a client's text is in JSON, or nothing. */
export function objectIn(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The texts in a list; nothing when it is not a list of texts alone. */
export function textsIn(value: unknown): readonly string[] | undefined {
  return Array.isArray(value) && value.every((each): each is string => typeof each === 'string') ? value : undefined
}

/** An ISO time in microseconds, of which the history has only milliseconds. */
export function microsecondsIso(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace('Z', '000Z')
}
