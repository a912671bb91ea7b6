import type { Rejection } from './market.ts'
import { CLOCK_LEAD_MAX_SECONDS, isPrice, PRICE_MAX, PRICE_MIN } from './market-bars.ts'
import { powerOfTen } from './power-of-ten.ts'
import type { UnixSeconds } from './units.ts'

/** No token and no feed counts finer; 10^-36 of anything is nothing. */
export const REFERENCE_DECIMALS_MAX = 36
const DESCRIPTION_MAX = 64
/** A proxy's round: 16 bits of phase and 64 of the aggregator's own round. */
const ROUND_MAX = 2n ** 80n - 1n

/** What another oracle says a price is. It is compared with our own and never part of it. */
export type Reference = {
  /** In the quote that the feed is described by. */
  readonly price: number
  /** When the feed's round was answered. */
  readonly updatedAt: UnixSeconds
  readonly roundId: bigint
  /** The feed's own name, e.g. `ETH / USD`, cut to 64 characters. */
  readonly description: string
}

export type ParsedReference =
  | { readonly ok: true; readonly reference: Reference }
  | { readonly ok: false; readonly reason: Rejection; readonly detail: string }

/** The fields that a feed's answer must have, of any type yet. */
type RawReference = Readonly<
  Partial<Record<'decimals' | 'description' | 'roundId' | 'answer' | 'updatedAt' | 'answeredInRound', unknown>>
>

/**
 * What a feed of Chainlink's `AggregatorV3Interface` said, checked: `malformed` where a field is of another type or out of its
 * bounds, which an answer of zero or below is; `empty` where no round was ever answered; `from-the-future` past the lead that a
 * clock may have; `stale` past `maxAgeSeconds`, or where the round only repeats the answer of an earlier one (`answeredInRound`
 * behind `roundId`). Never throws, whatever `raw` holds.
 */
export function parseReference(raw: unknown, now: UnixSeconds, maxAgeSeconds: number): ParsedReference {
  const { decimals, description, roundId, answer, updatedAt, answeredInRound } = fields(raw)
  if (!isUpTo(decimals, BigInt(REFERENCE_DECIMALS_MAX))) {
    return no('malformed', `decimals from 0 to ${REFERENCE_DECIMALS_MAX} are needed, got ${shown(decimals)}`)
  }
  if (typeof description !== 'string') return no('malformed', 'a description is needed')
  if (!isUpTo(roundId, ROUND_MAX) || !isUpTo(answeredInRound, ROUND_MAX)) {
    return no('malformed', `a round has 80 bits, got ${shown(roundId)} answered in ${shown(answeredInRound)}`)
  }
  if (!isUpTo(updatedAt, 2n ** 32n - 1n)) return no('malformed', `updatedAt is not unix seconds: ${shown(updatedAt)}`)
  if (updatedAt === 0n) return no('empty', `round ${roundId} has no answer yet`)
  if (answeredInRound < roundId) return no('stale', `round ${roundId} repeats the answer of round ${answeredInRound}`)
  const time = Number(updatedAt)
  if (time > now + CLOCK_LEAD_MAX_SECONDS) return no('from-the-future', `it was answered at ${time}, and now is ${now}`)
  if (now - time > maxAgeSeconds)
    return no('stale', `its answer is ${now - time} s old; ${maxAgeSeconds} s is the most`)
  if (typeof answer !== 'bigint') return no('malformed', `the answer is not an integer: ${shown(answer)}`)
  // Number of a bigint rounds correctly, and so does one division by a power of ten that a double holds.
  const price = Number(answer) / Number(powerOfTen(Number(decimals)))
  if (!isPrice(price)) {
    return no(
      'malformed',
      `an answer of ${shown(answer)} with ${decimals} decimals is not ${PRICE_MIN} to ${PRICE_MAX}`,
    )
  }
  return {
    ok: true,
    reference: { price, updatedAt: time as UnixSeconds, roundId, description: description.slice(0, DESCRIPTION_MAX) },
  }
}

/** How far a price lies above a reference (below: negative), in basis points of the reference, not rounded. Both in one currency. */
export function referenceDeviation(price: number, reference: Pick<Reference, 'price'>): number {
  return (price / reference.price - 1) * 10_000
}

function fields(raw: unknown): RawReference {
  return typeof raw === 'object' && raw !== null ? raw : {}
}

function isUpTo(value: unknown, most: bigint): value is bigint {
  return typeof value === 'bigint' && value >= 0n && value <= most
}

/** A hostile value for a message: never long. */
function shown(value: unknown): string {
  return typeof value === 'bigint' ? `${value}`.slice(0, 40) : typeof value
}

function no(reason: Rejection, detail: string): ParsedReference {
  return { ok: false, reason, detail }
}
