import type { AuditRecord } from '../protocol/audit-record.ts'

/** Where a record is known by: its round, and the name of its content. */
export type AuditEntry = { readonly round: number; readonly cid: string; readonly bytes: number }

/** What is kept of rounds for anyone to check. Its size is bounded: the oldest are left out when it is full. */
export type AuditReader = {
  /** By round, ascending; of a round that was certified twice, in two epochs for instance, the one that came last. */
  entries(range?: { readonly from?: number; readonly to?: number; readonly limit?: number }): readonly AuditEntry[]
  entryOf(round: number): AuditEntry | undefined
  newest(): AuditEntry | undefined
  /**
   * The bytes that a CID is of.
   * @throws {Error} that names the file when they are there and are not what they were.
   */
  block(cid: string): Promise<Uint8Array | undefined>
}

export type AuditLog = AuditReader & {
  /** It is on the disk when this resolves. What is there already is not written again. */
  append(record: AuditRecord): Promise<AuditEntry>
  close(): Promise<void>
}
