import { type Hex, toHex } from '../../oracle-node/core/bytes.ts'
import { type FeedId, feedOf } from '../../oracle-node/core/feed.ts'
import type { RiskRecord } from '../../oracle-node/core/record.ts'
import type { Report } from '../../oracle-node/core/report.ts'
import { bps, unixSeconds } from '../../oracle-node/core/units.ts'

/** When the test chains start. */
export const GENESIS = 1_700_000_000

export const MODEL_SET: Hex = toHex(new Uint8Array(32).fill(0xaa))
export const OBSERVATIONS_ROOT: Hex = toHex(new Uint8Array(32).fill(0xbb))

/** A calm day of WETH, with what a test changes. */
export function sampleRecord(changes: Partial<RiskRecord> = {}): RiskRecord {
  return {
    priceE8: 200_000_000_000n,
    volatilityBps: bps(5_500),
    valueAtRisk99Bps: bps(600),
    expectedShortfall99Bps: bps(800),
    depthUsd: 50_000_000,
    liquidityScoreBps: bps(2_000),
    riskScoreBps: bps(2_500),
    confidenceBps: bps(5),
    observedAt: unixSeconds(GENESIS),
    validForSeconds: 3_600,
    ...changes,
  }
}

/** A report of one record an asset, observed at the report's time. */
export function sampleReport(
  header: Partial<Omit<Report, 'time'>> & { readonly round: number; readonly time: number },
  records: Readonly<Record<string, Partial<RiskRecord>>> = { WETH: {} },
): Report {
  const time = unixSeconds(header.time)
  return {
    epoch: 1,
    modelSet: MODEL_SET,
    observationsRoot: OBSERVATIONS_ROOT,
    values: Object.entries(records)
      .map(([asset, changes]) => ({ feed: feedOf(asset), record: sampleRecord({ observedAt: time, ...changes }) }))
      .sort((a, b) => (a.feed < b.feed ? -1 : 1)),
    ...header,
    time,
  }
}

/** `count` feeds, ascending: A000/USD, A001/USD and so on. */
export function sampleFeeds(count: number): FeedId[] {
  return Array.from({ length: count }, (_, index) => feedOf(`A${String(index).padStart(3, '0')}`))
}
