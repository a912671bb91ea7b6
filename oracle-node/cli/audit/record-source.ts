import { stat } from 'node:fs/promises'
import {
  BLOCK_BYTES_MAX,
  cidOf,
  decodeRecord,
  encodeRecord,
  parseCid,
  recordFromJson,
} from '../../adapters/audit-block.ts'
import { readCar } from '../../adapters/audit-car.ts'
import { readAuditLog } from '../../adapters/file-audit-log.ts'
import type { AuditEntry } from '../../ports/audit-log.ts'
import type { AuditRecord } from '../../protocol/audit-record.ts'
import { UsageError } from '../command.ts'
import { say } from '../output.ts'
import { nodeSource } from './node-source.ts'
import { jsonIn, readGiven } from './read-given.ts'

/** Where records come from: a running node, a node's folder, or a file. A block that it gives is the one that was asked for. */
export type RecordSource = {
  /** As it is named to the reader. */
  readonly where: string
  entries(from: number, to: number): Promise<readonly AuditEntry[]>
  entryOf(round: number | 'latest'): Promise<AuditEntry | undefined>
  block(cid: string): Promise<Uint8Array | undefined>
}

export type Place = { readonly node?: string; readonly folder?: string; readonly file?: string }

/** @throws {UsageError} when nothing can be read from there. */
export async function openSource(place: Place): Promise<RecordSource> {
  if (place.file !== undefined) return fileSource(place.file)
  if (place.folder !== undefined) return folderSource(place.folder)
  return nodeSource(place.node)
}

export type FoundRecord = { readonly cid: string; readonly record: AuditRecord }

export type Wanted =
  | { readonly kind: 'latest' }
  | { readonly kind: 'round'; readonly round: number }
  | { readonly kind: 'cid'; readonly cid: string }

/**
 * The record of a round, of the newest, or of a CID.
 * @throws {Error} that says what there is instead.
 */
export async function findRecord(source: RecordSource, wanted: Wanted): Promise<FoundRecord> {
  const cid = wanted.kind === 'cid' ? wanted.cid : (await source.entryOf(roundOf(wanted)))?.cid
  const bytes = cid === undefined ? undefined : await source.block(cid)
  if (bytes === undefined) throw await missing(source, wanted)
  const decoded = decodeRecord(bytes)
  if (!decoded.ok) throw new Error(`${cid} of ${source.where} can't be read as a record: ${decoded.detail}`)
  const { round } = decoded.message.report
  if (wanted.kind === 'round' && round !== wanted.round) {
    throw new Error(`${source.where} gave the record of round ${round} for round ${wanted.round}`)
  }
  return { cid: cidOf(bytes).toString(), record: decoded.message }
}

function roundOf(wanted: Exclude<Wanted, { kind: 'cid' }>): number | 'latest' {
  return wanted.kind === 'latest' ? 'latest' : wanted.round
}

async function missing(source: RecordSource, wanted: Wanted): Promise<Error> {
  const newest = await source.entryOf('latest')
  const has = newest === undefined ? 'it has none' : `its newest is of round ${newest.round}`
  const what = {
    latest: 'record',
    round: `record of round ${'round' in wanted ? wanted.round : ''}`,
    cid: 'such block',
  }
  return new Error(`no ${what[wanted.kind]} in ${source.where}; ${has}`)
}

/** `latest`, a round's number or a CID. */
export function parseWanted(text: string): Wanted {
  if (text === 'latest') return { kind: 'latest' }
  if (/^\d{1,13}$/.test(text)) return { kind: 'round', round: Number(text) }
  if (parseCid(text) !== undefined) return { kind: 'cid', cid: text }
  throw new UsageError(`got ${JSON.stringify(text)}; give a round's number, latest, or a record's CID`)
}

async function folderSource(folder: string): Promise<RecordSource> {
  const found = await stat(folder).catch(() => undefined)
  if (found?.isDirectory() !== true) {
    throw new UsageError(
      `no audit log in ${folder}; a node makes it when it first runs, or ask a running one by --node`,
    )
  }
  const log = await readAuditLog(folder, (notice) => {
    // Of a node that is running the last record may be half written.
    if (notice.kind === 'damaged') say(`${folder}/${notice.file} is damaged from byte ${notice.from} to ${notice.to}`)
  })
  return {
    where: folder,
    entries: async (from, to) => log.entries({ from, to }),
    entryOf: async (round) => (round === 'latest' ? log.newest() : log.entryOf(round)),
    block: (cid) => log.block(cid),
  }
}

/** A CAR file, a single block, or the JSON that a node serves of a round. */
async function fileSource(path: string): Promise<RecordSource> {
  const content = await readGiven(path)
  const blocks = new Map((await blocksIn(content, path)).map((bytes) => [cidOf(bytes).toString(), bytes]))
  const entries = [...blocks].flatMap(([cid, bytes]): AuditEntry[] => {
    const decoded = decodeRecord(bytes)
    return decoded.ok ? [{ round: decoded.message.report.round, cid, bytes: bytes.length }] : []
  })
  return {
    where: path,
    entries: async (from, to) => entries.filter(({ round }) => round >= from && round <= to),
    entryOf: async (round) => (round === 'latest' ? entries.at(-1) : entries.findLast((each) => each.round === round)),
    block: async (cid) => blocks.get(cid),
  }
}

async function blocksIn(content: Uint8Array, path: string): Promise<Uint8Array[]> {
  const json = jsonIn(content)
  if (json !== undefined) {
    const inner = typeof json === 'object' && json !== null && 'record' in json ? json.record : json
    const parsed = recordFromJson(inner)
    if (!parsed.ok) throw new Error(`${path} holds no record: ${parsed.detail}`)
    return [encodeRecord(parsed.message).bytes]
  }
  const decoded = content.length <= BLOCK_BYTES_MAX ? decodeRecord(content) : undefined
  if (decoded?.ok === true) return [content]
  try {
    return (await readCar(content)).blocks.map(({ bytes }) => bytes)
  } catch (error) {
    const asBlock = decoded === undefined ? '' : `; as a block: ${decoded.detail}`
    throw new Error(`${path} is no CAR file of records (${error instanceof Error ? error.message : error})${asBlock}`)
  }
}
