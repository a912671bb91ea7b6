import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { fileAuditLog } from '../../oracle-node/adapters/file-audit-log.ts'
import { auditFolder } from '../../oracle-node/app/audit.ts'
import { type NodeStatus, statusServer } from '../../oracle-node/app/http.ts'
import { freePorts } from '../../oracle-node/devnet/processes.ts'
import type { AuditRecord } from '../../oracle-node/protocol/audit-record.ts'
import { temporaryFolder } from './temporary-folder.ts'

/** A node's data folder with these records, and the log over it, open. */
export async function auditFolderWith(records: readonly AuditRecord[]) {
  const dataFolder = temporaryFolder()
  const folder = auditFolder(dataFolder)
  const log = await fileAuditLog(folder, { keepBytes: 2 ** 30, onNotice: () => undefined })
  for (const record of records) await log.append(record)
  onTestFinished(() => log.close())
  return { dataFolder, log, firstFile: join(folder, '00000001.audit') }
}

/** A node's status server with these records. */
export async function servedRecords(records: readonly AuditRecord[]) {
  const made = await auditFolderWith(records)
  const [port = 0] = await freePorts(1)
  const server = await statusServer({
    host: '127.0.0.1',
    port,
    status: () => ({}) as NodeStatus,
    metrics: async () => '',
    metricsType: 'text/plain',
    audit: made.log,
  })
  onTestFinished(() => server.close())
  const url = `http://127.0.0.1:${port}`
  return { ...made, url, get: (path: string): Promise<Response> => fetch(`${url}${path}`) }
}
