import { assetOf, type FeedId } from '../core/feed.ts'
import type { RiskRecord } from '../core/record.ts'
import type { Report } from '../core/report.ts'
import type { Chain } from '../ports/chain.ts'
import type { Clock } from '../ports/clock.ts'
import type { Telemetry } from '../ports/telemetry.ts'
import { type DueFeed, dueFeeds, type Trigger } from '../protocol/schedule.ts'
import type { Certified } from './round-driver.ts'

/** What holds for every asset, and where one of them differs. */
export type Triggers = Trigger & {
  readonly assets: Readonly<Record<string, { readonly [Key in keyof Trigger]?: Trigger[Key] | undefined }>>
}

/** Reports kept to know what the chain has: a heartbeat is a few rounds, and the chain's newest round is among them. */
const REPORTS_KEPT = 1_024

/**
 * Says of a certified report whether it is due on chain. What the chain has is looked up by its newest round among the reports that
 * this node knows; when that one is not known, after a restart for instance, every feed is due.
 */
export function dueReports(options: {
  readonly chain: Pick<Chain, 'latestRound'>
  readonly clock: Clock
  readonly telemetry: Telemetry
  readonly triggers: Triggers
}): (report: Report) => Promise<boolean> {
  const { chain, clock, telemetry, triggers } = options
  const { assets, ...fallback } = triggers
  const triggerOf = (feed: FeedId): Trigger => {
    const own = assets[assetOf(feed)]
    return {
      heartbeatSeconds: own?.heartbeatSeconds ?? fallback.heartbeatSeconds,
      priceBps: own?.priceBps ?? fallback.priceBps,
      riskBps: own?.riskBps ?? fallback.riskBps,
      depthBps: own?.depthBps ?? fallback.depthBps,
    }
  }
  const known = new Map<number, Report>()

  const due = async (report: Report): Promise<DueFeed[]> => {
    const stored = known.get(await chain.latestRound())
    const records = new Map<FeedId, RiskRecord>(stored?.values.map(({ feed, record }) => [feed, record]))
    return dueFeeds({ triggerOf, reported: report.values, stored: records, now: clock.now() })
  }

  return async (report) => {
    const { round } = report
    const feeds = await due(report)
    known.set(round, report)
    const [oldest = round] = known.keys()
    if (known.size > REPORTS_KEPT) known.delete(oldest)
    const reasons = feeds.map(({ feed, reason }) => `${assetOf(feed)}: ${reason}`)
    telemetry.log('info', feeds.length === 0 ? 'report-not-due' : 'report-due', { round, reasons })
    return feeds.length > 0
  }
}

/** Transmits what is due, or everything when there are no triggers. */
export function whenDue(
  transmit: (certified: Certified) => void,
  options: Omit<Parameters<typeof dueReports>[0], 'triggers'> & { readonly triggers: Triggers | undefined },
): (certified: Certified) => void {
  const { triggers, telemetry, ...rest } = options
  if (triggers === undefined) return transmit
  const isDue = dueReports({ ...rest, telemetry, triggers })
  return (certified) => {
    isDue(certified.report).then(
      (due) => due && transmit(certified),
      (error: unknown) =>
        telemetry.log('error', 'transmission-failed', { round: certified.report.round, error: String(error) }),
    )
  }
}
