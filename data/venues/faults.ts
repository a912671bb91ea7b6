/**
 * How a venue can fail, one at a time, in REST and on its streams. The first six reach every answer of the venue, the others its
 * candles, books and trades. On a stream `huge` is one message past any sane limit, and the two of HTTP refuse the connection.
 */
export const VENUE_FAULTS = [
  'garbage',
  'wrong-shape',
  'silent',
  'http-429',
  'http-500',
  'huge',
  'empty',
  'old',
  'crossed-book',
  'off-by-10',
  'nan',
  'from-the-future',
] as const
export type VenueFaultKind = (typeof VENUE_FAULTS)[number]

/** How only a stream can fail; REST answers well meanwhile, so that a client can resynchronise. */
export const STREAM_FAULTS = [
  /** One change of a book in {@link FAULT_EVERY} is lost, and what it changed is not sent again. */
  'sequence-gap',
  /** Every message twice. */
  'duplicate',
  /** Every two messages of a kind swapped. */
  'reorder',
  /** The connection is closed after {@link FAULT_EVERY} messages. */
  'drop-connection',
  /** One message of {@link HUGE_MESSAGE_BYTES} among {@link FAULT_EVERY}. */
  'huge-message',
  /** Wrong checksums, at the venues that send them. */
  'bad-checksum',
] as const
export type StreamFaultKind = (typeof STREAM_FAULTS)[number]
export type FaultKind = VenueFaultKind | StreamFaultKind

/** How far behind a venue with the fault `old` stands. */
export const OLD_SECONDS: number = 6 * 3_600
/** How far ahead the times of a venue with the fault `from-the-future` are. */
export const FUTURE_SECONDS: number = 3 * 3_600
/** What a venue with the fault `huge` sends at most, unless its client hangs up. */
export const HUGE_BYTES: number = 80 * 1_024 * 1_024
/** Past the whole of the longest book message by a hundred times. */
export const HUGE_MESSAGE_BYTES: number = 32 * 1_024 * 1_024
/** Faults that come now and then come once in so many messages. */
export const FAULT_EVERY = 10
