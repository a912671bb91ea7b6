import { compareBytes, fromHex, type Hex, keccak, keccakText, toHex, word } from './bytes.ts'
import type { Domain } from './domain.ts'
import { typedDigest } from './domain.ts'
import { invariant } from './errors.ts'
import type { FeedId } from './feed.ts'
import { merkleRoot } from './merkle.ts'
import { type Observation, observationDigest } from './observation.ts'
import { packRecord, type RiskRecord, recordFieldMax } from './record.ts'
import { BPS, bps, type UnixSeconds, unixSeconds } from './units.ts'

/** What the committee signs once a round. */
export type Report = {
  readonly epoch: number
  readonly round: number
  /** Lower median of the observations' times. */
  readonly time: UnixSeconds
  readonly modelSet: Hex
  readonly observationsRoot: Hex
  /** Feeds strictly ascending. */
  readonly values: ReadonlyArray<{ readonly feed: FeedId; readonly record: RiskRecord }>
}

export type Aggregation =
  | { readonly ok: true; readonly report: Report }
  | { readonly ok: false; readonly reason: 'too-few-observations' | 'no-feed-observed-enough'; readonly detail: string }

/**
 * The report of a set of observations of one epoch, round and model set: each field the median of its own, apart.
 * The outcome does not depend on the order given. The Solidity twin is `Aggregation.sol`.
 * @param observations One per node, their signatures checked.
 * @param faulty f: how many of the committee may lie; a feed needs 2f + 1 observations.
 */
export function aggregate(domain: Domain, observations: readonly Observation[], faulty: number): Aggregation {
  const needed = 2 * faulty + 1
  const ordered = observations.toSorted((a, b) => a.node - b.node)
  const [first] = ordered
  if (first === undefined || ordered.length < needed) {
    return { ok: false, reason: 'too-few-observations', detail: `${ordered.length} observations, ${needed} needed` }
  }
  invariant(new Set(ordered.map((each) => each.node)).size === ordered.length, 'one observation a node')
  invariant(
    ordered.every(
      (each) => each.round === first.round && each.epoch === first.epoch && each.modelSet === first.modelSet,
    ),
    'observations of one round, epoch and model set',
  )
  const byFeed = recordsByFeed(ordered)
  const values = [...byFeed]
    .filter(([, records]) => records.length >= needed)
    .map(([feed, records]) => ({ feed, record: medianRecord(records, faulty) }))
    .sort((a, b) => compareBytes(fromHex(a.feed), fromHex(b.feed)))
  if (values.length === 0) {
    return { ok: false, reason: 'no-feed-observed-enough', detail: `no feed has the ${needed} observations it needs` }
  }
  const report: Report = {
    epoch: first.epoch,
    round: first.round,
    time: unixSeconds(lowerMedian(ordered.map((each) => each.observedAt))),
    modelSet: first.modelSet,
    observationsRoot: toHex(merkleRoot(ordered.map((each) => observationDigest(domain, each)))),
    values,
  }
  return { ok: true, report }
}

function recordsByFeed(observations: readonly Observation[]): Map<FeedId, RiskRecord[]> {
  const byFeed = new Map<FeedId, RiskRecord[]>()
  for (const { feed, record } of observations.flatMap((each) => each.values)) {
    byFeed.set(feed, [...(byFeed.get(feed) ?? []), record])
  }
  return byFeed
}

/** Each field's own lower median, so that one liar with a middling score can't set the time. */
export function medianRecord(records: readonly RiskRecord[], faulty: number): RiskRecord {
  const median = (field: Exclude<keyof RiskRecord, 'priceE8'>): number =>
    lowerMedian(records.map((each) => each[field]))
  return {
    priceE8: lowerMedian(records.map((each) => each.priceE8)),
    volatilityBps: bps(median('volatilityBps')),
    valueAtRisk99Bps: bps(median('valueAtRisk99Bps')),
    expectedShortfall99Bps: bps(median('expectedShortfall99Bps')),
    depthUsd: median('depthUsd'),
    liquidityScoreBps: bps(median('liquidityScoreBps')),
    riskScoreBps: bps(median('riskScoreBps')),
    confidenceBps: confidence(records, faulty),
    observedAt: unixSeconds(median('observedAt')),
    validForSeconds: median('validForSeconds'),
  }
}

/**
 * The venues' spread that the median node saw, plus half of the interval that the nodes' own prices keep to when the f lowest
 * and the f highest are cut off; rounded up, against whoever would trust it.
 */
function confidence(records: readonly RiskRecord[], faulty: number): ReturnType<typeof bps> {
  const limit = recordFieldMax('confidenceBps')
  const prices = records.map((each) => each.priceE8).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
  const low = prices[faulty]
  const high = prices[prices.length - 1 - faulty]
  const median = lowerMedian(prices)
  invariant(low !== undefined && high !== undefined, 'an interval needs 2f + 1 prices')
  if (median === 0n) return bps(Number(limit))
  const twice = 2n * median
  const halfWidthUp = ((high - low) * BigInt(BPS) + twice - 1n) / twice
  const sum = BigInt(lowerMedian(records.map((each) => each.confidenceBps))) + halfWidthUp
  return bps(Number(sum < limit ? sum : limit))
}

/** The lower median: an average of two would be a value that no node signed for. */
export function lowerMedian<T extends number | bigint>(values: readonly T[]): T {
  const sorted = values.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0))
  const middle = sorted[(sorted.length - 1) >> 1]
  invariant(middle !== undefined, 'a median needs a value')
  return middle
}

const REPORT_TYPE = keccakText(
  'RiskReport(uint64 epoch,uint64 round,uint64 time,bytes32 modelSet,bytes32 observationsRoot,bytes32 recordsRoot)',
)

/** What of a report its digest is made from: with it and a proof, one record can be checked without the others. */
export type ReportHead = Omit<Report, 'values'> & { readonly recordsRoot: Hex }

/** The 32 bytes that the committee signs (EIP-712), bound to chain and contract. The Solidity twin is `ReportDigest.sol`. */
export function reportDigest(domain: Domain, report: Report): Uint8Array {
  return headDigest(domain, { ...report, recordsRoot: toHex(recordsRoot(report)) })
}

/** The digest of a report of which only the head is known. */
export function headDigest(domain: Domain, head: ReportHead): Uint8Array {
  return typedDigest(
    domain,
    keccak(
      REPORT_TYPE,
      word(head.epoch),
      word(head.round),
      word(head.time),
      fromHex(head.modelSet, 32),
      fromHex(head.observationsRoot, 32),
      fromHex(head.recordsRoot, 32),
    ),
  )
}

/** Root over (feed, record) in the report's order, so that one record can be proved when it is read. */
export function recordsRoot({ values }: Pick<Report, 'values'>): Uint8Array {
  return merkleRoot(values.map(recordLeaf))
}

/** What is hashed of one feed in the tree of records: feed and packed record, ABI-encoded. */
export function recordLeaf({ feed, record }: Report['values'][number]): Uint8Array {
  return Uint8Array.from([...fromHex(feed, 32), ...word(packRecord(record))])
}
