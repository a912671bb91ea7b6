import { join } from 'node:path'
import { type AuditNotice, fileAuditLog } from '../adapters/file-audit-log.ts'
import type { AuditLog } from '../ports/audit-log.ts'
import type { JournalEntry } from '../ports/journal.ts'
import type { Telemetry } from '../ports/telemetry.ts'
import { auditRecordOf } from '../protocol/audit-record.ts'
import { rebuildReport } from '../protocol/check-proposal.ts'
import type { RoundSettings } from '../protocol/round-state.ts'
import type { Certified } from './round-driver.ts'

/** Without a setting: at 4 nodes and 3 assets some 350,000 rounds, at 31 nodes and 10 assets some 30,000. */
export const AUDIT_MEGABYTES_DEFAULT = 1_024

/** The folder under a node's own in which it keeps the public records of rounds. */
export function auditFolder(dataFolder: string): string {
  return join(dataFolder, 'audit')
}

export type Auditor = {
  readonly log: AuditLog
  /** Keeps a round. It names its own failure: an audit log that can't be written must not stop rounds. */
  keep(certified: Certified): Promise<void>
  /** Keeps what the journal has certificates of and the log lacks, as a crash between the two leaves them. */
  catchUp(entries: readonly JournalEntry[]): Promise<void>
  close(): Promise<void>
}

/** Keeps the public record of every round that this node has a certificate of, whoever led it. */
export async function openAuditor(options: {
  readonly dataFolder: string
  readonly keepMegabytes?: number | undefined
  readonly settings: RoundSettings
  readonly modelIds: readonly string[]
  readonly telemetry: Telemetry
}): Promise<Auditor> {
  const { settings, modelIds, telemetry, keepMegabytes = AUDIT_MEGABYTES_DEFAULT } = options
  const log = await fileAuditLog(auditFolder(options.dataFolder), {
    keepBytes: keepMegabytes * 2 ** 20,
    onNotice: (notice) => report(notice, telemetry),
  })
  const { domain, committee, keys } = settings
  const signatories = { domain, committee, groupKey: keys.groupKey }
  const keep = async (certified: Certified): Promise<void> => {
    const { round } = certified.report
    try {
      const { cid } = await log.append(auditRecordOf(signatories, modelIds, certified))
      telemetry.log('debug', 'round-kept', { round, cid })
    } catch (error) {
      telemetry.count('plimsoll_audit_failures_total')
      telemetry.log('error', 'audit-failed', { round, error: String(error) })
    }
  }
  return {
    log,
    keep,
    catchUp: async (entries) => {
      for (const entry of [...entries]) {
        if (entry.kind !== 'certified' || log.entryOf(entry.round) !== undefined) continue
        const { certificate, round } = entry
        const rebuilt = rebuildReport({ ...settings, round }, certificate.observations)
        // Of another epoch or other models, it is not this committee's to keep.
        if (rebuilt.ok && rebuilt.digest === entry.digest) await keep({ ...rebuilt, certificate })
      }
    },
    close: () => log.close(),
  }
}

function report(notice: AuditNotice, telemetry: Telemetry): void {
  const { kind, ...rest } = notice
  telemetry.log('warn', `audit-log-${kind}`, rest)
}
