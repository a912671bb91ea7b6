import { fallbacksFit, type Observation } from './observation.ts'
import type { RiskRecord } from './record.ts'
import { BPS } from './units.ts'

/*
 * What an observation can't say if its node followed the protocol, whatever its market did; and how far from the committee's median it
 * lies. Integers only: the Solidity twin is `libraries/OutOfRange.sol`.
 */

/** Fields that no honest record has above one: `scoreRisk` refuses them. */
const SHARES = [
  'valueAtRisk99Bps',
  'expectedShortfall99Bps',
  'liquidityScoreBps',
  'riskScoreBps',
  'confidenceBps',
] as const

/** The first hard limit of the protocol that an observation is outside of, or undefined. No market makes an honest node do that. */
export function impossibility({ observedAt, fallbacks, values }: Observation): string | undefined {
  if (values.length === 0) return 'it holds no value'
  if (!fallbacksFit(fallbacks, values.length)) return 'its bitmap of fallbacks has a bit of a value that is not there'
  for (const [index, { feed, record }] of values.entries()) {
    const previous = values[index - 1]?.feed
    if (previous !== undefined && previous >= feed) return `feed ${feed} does not follow ${previous}`
    const detail = impossibleRecord(record)
    if (detail !== undefined) return `${feed}: ${detail}`
    if (record.observedAt !== observedAt)
      return `${feed}: observed at ${record.observedAt}, the observation at ${observedAt}`
  }
  return undefined
}

function impossibleRecord(record: RiskRecord): string | undefined {
  if (record.priceE8 === 0n) return 'price 0'
  if (record.validForSeconds === 0) return 'valid for 0 seconds'
  const over = SHARES.find((field) => record[field] > BPS)
  if (over !== undefined) return `${over} ${record[over]} is above ${BPS}`
  const { expectedShortfall99Bps, valueAtRisk99Bps } = record
  return expectedShortfall99Bps < valueAtRisk99Bps
    ? `expected shortfall ${expectedShortfall99Bps} is below value at risk ${valueAtRisk99Bps}`
    : undefined
}

/** How far from the median is too far. What these are worth is for whoever slashes to say: a distance proves no malice. */
export type DeviationTolerance = {
  /** Of the median price. */
  readonly priceBps: number
  /** Of volatility, value at risk and shortfall: so much outright, or this share of the median if that is more. */
  readonly riskBps: number
  readonly riskShareBps: number
  /** Depth is this many times more or less. */
  readonly depthFactor: number
  readonly seconds: number
}

/** Far outside of what nodes with other venues, or a stuck feed of one, differ by. */
export const DEVIATION_TOLERANCE: DeviationTolerance = {
  priceBps: 2_000,
  riskBps: 2_500,
  riskShareBps: 5_000,
  depthFactor: 100,
  seconds: 900,
}

/** The fields that are compared with their median; the others follow from these. */
export const DEVIATION_FIELDS = [
  'priceE8',
  'volatilityBps',
  'valueAtRisk99Bps',
  'expectedShortfall99Bps',
  'depthUsd',
  'observedAt',
] as const
export type DeviationField = (typeof DEVIATION_FIELDS)[number]

/** Whether one field of a record lies further from the median than is tolerated. A median of 0 has no share, and nothing is far of it. */
export function isDeviation(
  field: DeviationField,
  { observed, median }: { readonly observed: RiskRecord; readonly median: RiskRecord },
  tolerance: DeviationTolerance,
): boolean {
  const [value, middle] = [BigInt(observed[field]), BigInt(median[field])]
  const distance = value < middle ? middle - value : value - middle
  if (field === 'observedAt') return distance > BigInt(tolerance.seconds)
  if (field === 'priceE8') return middle > 0n && distance * BigInt(BPS) > middle * BigInt(tolerance.priceBps)
  if (field === 'depthUsd') {
    const factor = BigInt(tolerance.depthFactor)
    return middle > 0n && (value * factor < middle || value > middle * factor)
  }
  return distance > BigInt(tolerance.riskBps) && distance * BigInt(BPS) > middle * BigInt(tolerance.riskShareBps)
}
