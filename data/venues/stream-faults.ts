import { FAULT_EVERY, type FaultKind, FUTURE_SECONDS, HUGE_MESSAGE_BYTES } from './faults.ts'
import type { FeedEvent } from './stream-feeds.ts'
import { poisoned } from './view.ts'

/** What the venue's own view of the history cannot show without spoiling the server's memory of its books. */
export function faultyEvent(event: FeedEvent, fault: FaultKind | undefined): FeedEvent {
  if (fault !== 'nan') return event
  if (event.kind === 'snapshot') {
    return { ...event, book: { bids: poisoned(event.book.bids), asks: poisoned(event.book.asks) } }
  }
  if (event.kind === 'trades') {
    return { ...event, trades: event.trades.map((trade) => ({ ...trade, price: Number.NaN, amount: -trade.amount })) }
  }
  if (event.kind === 'candles') {
    return { ...event, candles: event.candles.map((candle) => ({ ...candle, close: Number.NaN })) }
  }
  return { ...event, changes: { bids: poisoned(event.changes.bids), asks: poisoned(event.changes.asks) } }
}

/** Seconds by which the venue's clock is off. */
export function clockError(fault: FaultKind | undefined, oldSeconds: number): number {
  if (fault === 'old') return -oldSeconds
  return fault === 'from-the-future' ? FUTURE_SECONDS : 0
}

/** Which channel a message of market data is of, and whether it changes a book. */
type DataOf = { readonly key: string; readonly book: boolean }

/** One connection's way out, where messages are lost, doubled, swapped and spoiled. */
export type FaultyWire = {
  /** @param data nothing for answers and heartbeats. */
  send(messages: readonly string[], fault: FaultKind | undefined, data?: DataOf): void
}

/** What is sent in place of every message. */
const SPOILED: Readonly<Partial<Record<FaultKind, string>>> = {
  garbage: '<html><body>Just a moment…</body></html>',
  'wrong-shape': JSON.stringify({ status: 'ok', data: { book: 'moved' } }),
}

export function faultyWire(out: Out): FaultyWire {
  const held = new Map<string, readonly string[]>()
  let sent = 0
  const write = (messages: readonly string[]): void => {
    for (const message of messages) out.write(message)
  }
  const writeData = (messages: readonly string[], fault: FaultKind | undefined, data: DataOf): void => {
    sent += 1
    const inTurn = swapped(held, data.key, messages, fault === 'reorder')
    if (sent % FAULT_EVERY === 0 && strikes(out, fault, data.book)) return
    write(inTurn)
    if (fault === 'duplicate') write(inTurn)
  }
  return {
    send: (messages, fault, data) => {
      if (fault === 'silent' || messages.length === 0) return
      const spoiled = fault === undefined ? undefined : SPOILED[fault]
      if (spoiled !== undefined) write([spoiled])
      else if (data === undefined) write(messages)
      else writeData(messages, fault, data)
    },
  }
}

type Out = { write(text: string): void; drop(): void }

/** What goes out now: with `swaps` nothing, or these messages and then those of before, which were held back. */
function swapped(
  held: Map<string, readonly string[]>,
  key: string,
  messages: readonly string[],
  swaps: boolean,
): readonly string[] {
  const before = held.get(key)
  held.delete(key)
  if (before !== undefined) return swaps ? [...messages, ...before] : [...before, ...messages]
  if (swaps) held.set(key, messages)
  return swaps ? [] : messages
}

/** Does what comes once in so many messages; true when it takes a message's place. */
function strikes(out: Out, fault: FaultKind | undefined, isBook: boolean): boolean {
  if (fault === 'drop-connection') out.drop()
  else if (fault === 'huge' || fault === 'huge-message') out.write(hugeMessage())
  else return fault === 'sequence-gap' && isBook
  return true
}

function hugeMessage(): string {
  return JSON.stringify({ data: 'x'.repeat(HUGE_MESSAGE_BYTES) })
}
