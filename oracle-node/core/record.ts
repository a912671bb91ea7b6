import { invariant } from './errors.ts'
import type { Bps, UnixSeconds } from './units.ts'

/**
 * What the committee says of one asset, in the units that are signed and stored (DESIGN §2). It fits one 32-byte slot.
 * `depthUsd` is what can be sold before the price falls 2 %; value at risk and expected shortfall are of the loss over 24 h.
 */
export type RiskRecord = {
  /** USD, 1e8 fixed point. */
  readonly priceE8: bigint
  /** Annualised standard deviation of log returns over the next 24 h. */
  readonly volatilityBps: Bps
  readonly valueAtRisk99Bps: Bps
  readonly expectedShortfall99Bps: Bps
  /** Whole USD. */
  readonly depthUsd: number
  /** 0 (best) to 10 000. */
  readonly liquidityScoreBps: Bps
  /** 0 (best) to 10 000. */
  readonly riskScoreBps: Bps
  /** Half-width of the interval that prices were observed in, of the price. */
  readonly confidenceBps: Bps
  readonly observedAt: UnixSeconds
  /** Seconds after `observedAt` at which a consumer must stop trusting the record. */
  readonly validForSeconds: number
}

/** Field widths in bits from the most significant end; they add up to 256. The Solidity twin is `types/RiskRecord.sol`. */
export const RECORD_LAYOUT: ReadonlyArray<readonly [keyof RiskRecord, number]> = [
  ['priceE8', 64],
  ['volatilityBps', 24],
  ['valueAtRisk99Bps', 16],
  ['expectedShortfall99Bps', 16],
  ['depthUsd', 40],
  ['liquidityScoreBps', 16],
  ['riskScoreBps', 16],
  ['confidenceBps', 16],
  ['observedAt', 32],
  ['validForSeconds', 16],
]

/** The largest value of a field. */
export function recordFieldMax(field: keyof RiskRecord): bigint {
  const width = RECORD_LAYOUT.find(([name]) => name === field)?.[1]
  invariant(width !== undefined, `no such record field: ${field}`)
  return (1n << BigInt(width)) - 1n
}

/**
 * The record as one 256-bit word.
 * @throws {InvariantError} when a field is negative, not whole or too large for its width.
 */
export function packRecord(record: RiskRecord): bigint {
  let word = 0n
  for (const [field, width] of RECORD_LAYOUT) {
    const value = record[field]
    invariant(
      (typeof value === 'bigint' || Number.isInteger(value)) && value >= 0 && value < 1n << BigInt(width),
      `record field ${field} needs a whole number of ${width} bits at most, got ${value}`,
    )
    word = (word << BigInt(width)) | BigInt(value)
  }
  return word
}

/**
 * The inverse of {@link packRecord}; any 256-bit word is a record.
 * @throws {InvariantError} when the word is negative or wider than 256 bits.
 */
export function unpackRecord(word: bigint): RiskRecord {
  invariant(word >= 0n && word < 1n << 256n, 'a packed record is a 256-bit word')
  let rest = word
  const fields: Partial<Record<keyof RiskRecord, bigint | number>> = {}
  for (const [field, width] of RECORD_LAYOUT.toReversed()) {
    const value = rest & ((1n << BigInt(width)) - 1n)
    fields[field] = field === 'priceE8' ? value : Number(value)
    rest >>= BigInt(width)
  }
  return fields as RiskRecord
}
