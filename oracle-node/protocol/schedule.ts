import type { FeedId } from '../core/feed.ts'
import type { RiskRecord } from '../core/record.ts'
import { BPS, type UnixSeconds } from '../core/units.ts'

/** When a feed's newest record is worth a transaction. */
export type Trigger = {
  /** A stored record that is this old is replaced, however little has changed. */
  readonly heartbeatSeconds: number
  /** Of the stored price. */
  readonly priceBps: number
  /** Absolute difference of volatility, value at risk or expected shortfall. */
  readonly riskBps: number
  /** Of the stored depth. */
  readonly depthBps: number
}

export type DueReason = 'first' | 'heartbeat' | 'price' | 'risk' | 'depth'

/** Why a record is due on chain, or undefined when the stored one still says the same. */
export function dueReason(options: {
  readonly trigger: Trigger
  readonly reported: RiskRecord
  /** What the chain has of the feed, undefined for nothing. */
  readonly stored: RiskRecord | undefined
  readonly now: UnixSeconds
}): DueReason | undefined {
  const { trigger, reported, stored, now } = options
  if (stored === undefined) return 'first'
  if (now - stored.observedAt >= trigger.heartbeatSeconds) return 'heartbeat'
  if (moves(reported.priceE8, stored.priceE8, trigger.priceBps)) return 'price'
  const risk = RISK_FIELDS.some((field) => Math.abs(reported[field] - stored[field]) >= trigger.riskBps)
  if (risk) return 'risk'
  return moves(BigInt(reported.depthUsd), BigInt(stored.depthUsd), trigger.depthBps) ? 'depth' : undefined
}

const RISK_FIELDS = ['volatilityBps', 'valueAtRisk99Bps', 'expectedShortfall99Bps'] as const

/** Whether a value is at least so many basis points of the old one away from it. */
function moves(value: bigint, old: bigint, thresholdBps: number): boolean {
  const difference = value > old ? value - old : old - value
  return difference > 0n && difference * BigInt(BPS) >= old * BigInt(thresholdBps)
}

export type DueFeed = { readonly feed: FeedId; readonly reason: DueReason }

/** The feeds of a report that are due. One is enough for a transaction, which then carries all of them: they share its signature. */
export function dueFeeds(options: {
  readonly triggerOf: (feed: FeedId) => Trigger
  readonly reported: ReadonlyArray<{ readonly feed: FeedId; readonly record: RiskRecord }>
  readonly stored: ReadonlyMap<FeedId, RiskRecord>
  readonly now: UnixSeconds
}): DueFeed[] {
  const { triggerOf, reported, stored, now } = options
  return reported.flatMap(({ feed, record }) => {
    const reason = dueReason({ trigger: triggerOf(feed), reported: record, stored: stored.get(feed), now })
    return reason === undefined ? [] : [{ feed, reason }]
  })
}
