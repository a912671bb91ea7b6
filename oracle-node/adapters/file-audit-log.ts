import { type FileHandle, mkdir, open, readdir, readFile, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { AuditEntry, AuditLog, AuditReader } from '../ports/audit-log.ts'
import type { AuditRecord } from '../protocol/audit-record.ts'
import { cidOf, encodeRecord } from './audit-block.ts'
import { encodeFrame, FRAME_HEADER_BYTES, scanFrames } from './audit-frames.ts'
import { AuditIndex } from './audit-index.ts'

/** A file is closed at this size, and left out as a whole when the log is full. */
const SEGMENT_BYTES = 16 * 2 ** 20
const SEGMENT = /^\d{8}\.audit$/

/** What was found when the files were read, or left out since. Nothing of it stops a node: what is lost is no secret of its. */
export type AuditNotice =
  /** A crash left half a record, which was never acknowledged; it was cut off. */
  | { readonly kind: 'torn'; readonly file: string; readonly bytes: number }
  /** The bytes are not what was written. They are left as they are. */
  | { readonly kind: 'damaged'; readonly file: string; readonly from: number; readonly to: number }
  /** The log was full. */
  | { readonly kind: 'dropped'; readonly file: string; readonly bytes: number }

export type AuditLogOptions = {
  /** The files together; the newest is kept whatever its size. */
  readonly keepBytes: number
  readonly onNotice: (notice: AuditNotice) => void
  readonly segmentBytes?: number
}

/**
 * Records in files that are only appended to, `00000001.audit` and so on, each record on the disk before `append` resolves. One
 * process at a time may write to a folder.
 */
export async function fileAuditLog(folder: string, options: AuditLogOptions): Promise<AuditLog> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const { index, segments } = await readSegments(folder, options.onNotice)
  const writer = await SegmentWriter.open(folder, segments, options)
  let writing: Promise<unknown> = Promise.resolve()
  const write = async (record: AuditRecord): Promise<AuditEntry> => {
    const block = encodeRecord(record)
    const entry = { round: block.round, cid: block.cid.toString(), bytes: block.bytes.length }
    if (index.find(entry.cid) !== undefined) return entry
    const { path, offset, dropped } = await writer.write(encodeFrame(block.round, block.bytes))
    for (const each of dropped) index.drop(each)
    const sha256 = Buffer.from(block.cid.multihash.digest)
    index.add(path, { round: block.round, sha256, offset: offset + FRAME_HEADER_BYTES, length: block.bytes.length })
    return entry
  }
  return {
    ...readerOf(index),
    append: (record) => {
      const appended = writing.then(() => write(record))
      // A failed write is its caller's to handle, and the next one is tried all the same.
      writing = appended.catch(() => undefined)
      return appended
    },
    close: async () => {
      await writing
      await writer.close()
    },
  }
}

/** The records in a folder, also of a node that is running; nothing in it is changed. A folder that is not there holds none. */
export async function readAuditLog(folder: string, onNotice: (notice: AuditNotice) => void): Promise<AuditReader> {
  const { index } = await readSegments(folder, onNotice)
  return readerOf(index)
}

function readerOf(index: AuditIndex): AuditReader {
  return {
    entries: (range) => index.entries(range),
    entryOf: (round) => index.entryOf(round),
    newest: () => index.newest(),
    block: async (cid) => {
      const placed = index.find(cid)
      if (placed === undefined) return undefined
      const bytes = await bytesAt(placed.path, placed.offset, placed.bytes)
      if (bytes !== undefined && cidOf(bytes).toString() !== cid) {
        throw new Error(`${placed.path} is damaged at byte ${placed.offset}: what is there is not ${cid}`)
      }
      return bytes
    },
  }
}

/** Undefined when the file has been left out since. */
async function bytesAt(path: string, offset: number, length: number): Promise<Uint8Array | undefined> {
  let file: FileHandle
  try {
    file = await open(path, 'r')
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(length), 0, length, offset)
    return buffer.subarray(0, bytesRead)
  } finally {
    await file.close()
  }
}

type Segment = { readonly path: string; readonly bytes: number; readonly end: number }

async function readSegments(
  folder: string,
  onNotice: (notice: AuditNotice) => void,
): Promise<{ readonly index: AuditIndex; readonly segments: Segment[] }> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (isMissing(error)) return []
    throw error
  })
  const index = new AuditIndex()
  const segments: Segment[] = []
  const files = names.filter((name) => SEGMENT.test(name)).sort()
  for (const file of files) {
    const path = join(folder, file)
    const content = await readFile(path).catch((error: unknown) => {
      // Read while its node runs: the node has left the oldest out since.
      if (isMissing(error)) return undefined
      throw error
    })
    if (content === undefined) continue
    const { frames, damaged, end } = scanFrames(content)
    for (const frame of frames) index.add(path, frame)
    for (const { from, to } of damaged) onNotice({ kind: 'damaged', file, from, to })
    // Only the last file was being written to; in another nothing can be unfinished.
    const isLast = file === files.at(-1)
    if (end < content.length) {
      const rest = { file, from: end, to: content.length }
      onNotice(isLast ? { kind: 'torn', file, bytes: content.length - end } : { kind: 'damaged', ...rest })
    }
    segments.push({ path, bytes: content.length, end })
  }
  return { index, segments }
}

/** The file that is appended to, and the sizes of those before it. */
class SegmentWriter {
  readonly #folder: string
  readonly #options: AuditLogOptions
  readonly #older: Segment[]
  #file: FileHandle
  #path: string
  #size: number

  private constructor(folder: string, options: AuditLogOptions, older: Segment[], file: FileHandle, current: Segment) {
    this.#folder = folder
    this.#options = options
    this.#older = older
    this.#file = file
    this.#path = current.path
    this.#size = current.end
  }

  static async open(folder: string, segments: readonly Segment[], options: AuditLogOptions): Promise<SegmentWriter> {
    const current = segments.at(-1) ?? { path: pathOf(folder, 1), bytes: 0, end: 0 }
    const file = await open(current.path, 'a', 0o600)
    // What was never finished must not stand before what is appended next.
    if (current.end < current.bytes) await file.truncate(current.end)
    await syncFolder(folder)
    return new SegmentWriter(folder, options, segments.slice(0, -1), file, current)
  }

  /** Where the frame is, and the files that were left out to make room for it. */
  async write(frame: Buffer): Promise<{ readonly path: string; readonly offset: number; readonly dropped: string[] }> {
    const { segmentBytes = SEGMENT_BYTES } = this.#options
    if (this.#size > 0 && this.#size + frame.length > segmentBytes) await this.#roll()
    const offset = this.#size
    try {
      await this.#file.appendFile(frame)
      await this.#file.datasync()
    } catch (error) {
      // A full disk takes half a frame: what is appended next must not stand behind it.
      await this.#file.truncate(offset)
      throw error
    }
    this.#size += frame.length
    return { path: this.#path, offset, dropped: await this.#makeRoom() }
  }

  close(): Promise<void> {
    return this.#file.close()
  }

  async #roll(): Promise<void> {
    const path = pathOf(this.#folder, Number.parseInt(basename(this.#path), 10) + 1)
    const next = await open(path, 'a', 0o600)
    await syncFolder(this.#folder)
    await this.#file.close()
    this.#older.push({ path: this.#path, bytes: this.#size, end: this.#size })
    this.#file = next
    this.#path = path
    this.#size = 0
  }

  async #makeRoom(): Promise<string[]> {
    const dropped: string[] = []
    const total = (): number => this.#older.reduce((sum, { bytes }) => sum + bytes, this.#size)
    while (total() > this.#options.keepBytes) {
      const oldest = this.#older.shift()
      if (oldest === undefined) break
      await rm(oldest.path, { force: true })
      dropped.push(oldest.path)
      this.#options.onNotice({ kind: 'dropped', file: basename(oldest.path), bytes: oldest.bytes })
    }
    return dropped
  }
}

function pathOf(folder: string, number: number): string {
  return join(folder, `${String(number).padStart(8, '0')}.audit`)
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}
