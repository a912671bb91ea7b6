import type { Hex } from '../../oracle-node/core/bytes.ts'
import type { Domain } from '../../oracle-node/core/domain.ts'
import type { FeedId } from '../../oracle-node/core/feed.ts'
import { type Report, reportDigest } from '../../oracle-node/core/report.ts'
import { verifySignature } from '../../oracle-node/core/threshold.ts'
import { unixSeconds } from '../../oracle-node/core/units.ts'
import type { Chain, Sent } from '../../oracle-node/ports/chain.ts'

/** Whose signatures the oracle takes; without it, any. */
export type MemoryCommittee = { readonly groupKey: Hex; readonly epoch: number; readonly domain: Domain }

/** One chain that several members see; each sends through a handle of its own. */
export type MemoryChain = {
  /** @param fails What a transaction comes to in place of what it should, asked anew for each. */
  handle(sender: string, fails?: () => Sent | undefined): Chain
  readonly sent: Array<{ readonly sender: string; readonly call: string; readonly ok: boolean }>
}

/** Keeps rounds as the oracle does, and syncs each market once a record. */
export function memoryChain(markets: readonly FeedId[] = [], committee?: MemoryCommittee): MemoryChain {
  const sent: Array<{ sender: string; call: string; ok: boolean }> = []
  const syncedAt = new Map<FeedId, number>()
  let latest: Report | undefined
  const update = (report: Report, signature: Hex): Sent => {
    const round = latest?.round ?? 0
    if (report.round <= round) return refused(`StaleRound(${report.round}, ${round})`)
    if (committee !== undefined) {
      if (report.epoch !== committee.epoch) return refused(`WrongEpoch(${report.epoch}, ${committee.epoch})`)
      const digest = reportDigest(committee.domain, report)
      if (!verifySignature(committee.groupKey, digest, signature)) return refused('InvalidSignature()')
    }
    latest = report
    return mined()
  }
  const sync = (feed: FeedId): Sent => {
    if (!markets.includes(feed)) return refused('no market for it')
    const record = latest?.values.find((each) => each.feed === feed)?.record
    if (record === undefined) return refused('NoRecord()')
    syncedAt.set(feed, record.observedAt)
    return mined()
  }
  return {
    sent,
    handle: (sender, fails = () => undefined) => {
      const record = async (call: string, run: () => Sent): Promise<Sent> => {
        const outcome = fails() ?? run()
        sent.push({ sender, call, ok: outcome.ok })
        return outcome
      }
      return {
        checkCommittee: async (groupKey, epoch) => {
          if (committee?.groupKey === groupKey && committee.epoch === epoch) return
          throw new Error(`the oracle has ${committee?.groupKey} of epoch ${committee?.epoch}`)
        },
        blockTime: async () => unixSeconds(latest?.time ?? 0),
        latestRound: async () => latest?.round ?? 0,
        update: (report, signature) => record('update', () => update(report, signature)),
        sync: (feed) => record(`sync ${feed}`, () => sync(feed)),
        needsSync: async (feed, observedAt) => markets.includes(feed) && (syncedAt.get(feed) ?? 0) < observedAt,
      }
    },
  }
}

function refused(reason: string): Sent {
  return { ok: false, reason, retry: false }
}

function mined(): Sent {
  return { ok: true, transaction: `0x${'ee'.repeat(32)}`, gas: 32_000 }
}
