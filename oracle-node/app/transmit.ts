import type { NodeIndex } from '../core/units.ts'
import type { Chain, Sent, TransmissionNotice } from '../ports/chain.ts'
import type { Telemetry } from '../ports/telemetry.ts'
import { type Committee, transmissionPosition } from '../protocol/committee.ts'
import type { Certified } from './round-driver.ts'

/** A transaction that may go through later is tried this often before the next in line has its turn. */
const TRIES_MAX = 3
const RETRY_MS = 500

const NOTICE_OUTCOMES: Record<TransmissionNotice['name'], string> = {
  'transaction-pending-found': 'pending-found',
  'transaction-replaced': 'replaced',
  'transaction-resent': 'resent',
  'transaction-reorged': 'reorged',
  'nonce-taken': 'nonce-taken',
}

/**
 * Brings a certificate to the chain by schedule: the leader first; every further member waits its turn, looks whether the work
 * is done, and does what is left. So one node pays, and no single node can hold a report or a parameter back.
 */
export function transmitter(options: {
  readonly self: NodeIndex
  readonly committee: Committee
  readonly chain: Chain
  readonly telemetry: Telemetry
  readonly transmitMs: number
}): { transmit(certified: Certified): void; stop(): void } {
  const { self, committee, chain, telemetry, transmitMs } = options
  const timers = new Set<NodeJS.Timeout>()
  chain.onTransmission?.(({ name, ...fields }) => {
    telemetry.log('warn', name, fields)
    telemetry.count('plimsoll_transactions_total', { purpose: fields.purpose, outcome: NOTICE_OUTCOMES[name] })
  })

  const attempt = async (purpose: string, round: number, send: () => Promise<Sent>, tries = 1): Promise<boolean> => {
    const sent = await send()
    telemetry.count('plimsoll_transactions_total', { purpose, outcome: sent.ok ? 'mined' : 'failed' })
    telemetry.log(sent.ok ? 'info' : 'warn', 'transaction', { round, purpose, tries, ...sent })
    if (sent.ok || !sent.retry || tries === TRIES_MAX) return sent.ok
    await new Promise((wake) => setTimeout(wake, RETRY_MS * tries))
    return attempt(purpose, round, send, tries + 1)
  }

  const turn = async ({ report, certificate }: Certified): Promise<void> => {
    const { round } = report
    if ((await chain.latestRound()) < round) {
      const stored = await attempt('update', round, () => chain.update(report, certificate.signature))
      // A lost race is no failure: whoever won it may be gone before the steward is called.
      if (!stored && (await chain.latestRound()) < round) return
    }
    for (const { feed, record } of report.values) {
      if (await chain.needsSync(feed, record.observedAt)) await attempt('sync', round, () => chain.sync(feed))
    }
  }

  return {
    transmit: (certified) => {
      const position = transmissionPosition(committee, certified.report.round, self)
      const timer = setTimeout(() => {
        timers.delete(timer)
        turn(certified).catch((error: unknown) =>
          telemetry.log('error', 'transmission-failed', { round: certified.report.round, error: String(error) }),
        )
      }, position * transmitMs)
      timers.add(timer)
    },
    stop: () => {
      for (const timer of timers) clearTimeout(timer)
    },
  }
}
