import { createHash } from 'node:crypto'
import { open, readFile } from 'node:fs/promises'
import { z } from 'zod'
import type { Journal, JournalEntry } from '../ports/journal.ts'
import { writeAtomic } from './atomic-file.ts'
import { parseRoundMessage, parseSignedObservation, toWire } from './wire.ts'

/** Rounds kept when the journal is opened; older ones are on chain, and can't be signed for again. */
const ROUNDS_KEPT = 1_000

/** The first line. A journal of before there were checksums has none, and gets one when it is opened. */
const HEADER = 'plimsoll-journal 2'
/** Hexadecimal digits of SHA-256 that a line carries: 64 bits tell apart what chance changes; who may write the file may sign too. */
const CHECKSUM_DIGITS = 16

/**
 * One line an entry, a checksum and JSON, on the disk before `append` resolves. Each checksum covers the line before it too, so
 * that a line that is missing or has moved is found like one that has changed. What follows the last newline, as a crash leaves it,
 * was never acknowledged: it is cut off, and told to `onTornTail` with its length in bytes. Anything else that is damaged means
 * that the node must not sign on such a memory.
 * @throws {Error} that names the file and line.
 */
export async function fileJournal(
  path: string,
  onTornTail: (bytes: number) => void = () => undefined,
): Promise<Journal> {
  const content = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return Buffer.alloc(0)
    throw error
  })
  const whole = content.lastIndexOf('\n') + 1
  const all = parseLines(content.toString('utf8', 0, whole).split('\n').slice(0, -1), path)
  const newest = all.reduce((round, entry) => Math.max(round, entry.round), 0)
  const kept = all.filter((entry) => entry.round > newest - ROUNDS_KEPT)
  const rewrite = async (): Promise<string> => {
    const lines = chained(kept)
    await writeAtomic(path, [HEADER, ...lines, ''].join('\n'))
    return lines.at(-1) ?? HEADER
  }
  let last = await rewrite()
  if (content.length > whole) onTornTail(content.length - whole)
  let file = await open(path, 'a', 0o600)
  let { size } = await file.stat()
  let linesInFile = kept.length
  let writing: Promise<unknown> = Promise.resolve()
  const write = async (entry: JournalEntry): Promise<void> => {
    const line = withChecksum(last, toJson(entry))
    try {
      await file.appendFile(`${line}\n`)
      await file.datasync()
    } catch (error) {
      // A full disk takes half a line: what is appended next must not stand behind it.
      await file.truncate(size)
      throw error
    }
    last = line
    size += Buffer.byteLength(line) + 1
    linesInFile += 1
    kept.push(entry)
    while ((kept[0]?.round ?? entry.round) <= entry.round - ROUNDS_KEPT) kept.shift()
  }
  /** A node that runs for months must be able to start again: the file never holds more than twice what is kept. */
  const compact = async (): Promise<void> => {
    if (linesInFile <= 2 * kept.length) return
    last = await rewrite()
    // From here on the file that was open is no longer the journal: without the new one nothing can be appended.
    await file.close()
    file = await open(path, 'a', 0o600)
    size = (await file.stat()).size
    linesInFile = kept.length
  }
  return {
    append: (entry) => {
      const appended = writing.then(() => write(entry))
      // A failed write is its caller's to handle, and the next one is tried all the same. A compaction that fails leaves the longer
      // file as it was, and is tried again with the next entry.
      writing = appended.then(compact).catch(() => undefined)
      return appended
    },
    entries: () => kept,
    close: async () => {
      await writing
      await file.close()
    },
  }
}

function withChecksum(lineBefore: string, json: string): string {
  const checksum = createHash('sha256')
    .update(`${lineBefore.slice(0, CHECKSUM_DIGITS)}${json}`)
    .digest('hex')
  return `${checksum.slice(0, CHECKSUM_DIGITS)} ${json}`
}

function chained(entries: readonly JournalEntry[]): string[] {
  let last = HEADER
  return entries.map((entry) => {
    last = withChecksum(last, toJson(entry))
    return last
  })
}

function toJson(entry: JournalEntry): string {
  if (entry.kind === 'observed') return JSON.stringify({ ...entry, signed: toWire(entry.signed) })
  if (entry.kind === 'certified') return JSON.stringify({ ...entry, certificate: toWire(entry.certificate) })
  return JSON.stringify({ ...entry, observations: entry.observations.map((each) => toWire(each)) })
}

function parseLines(lines: readonly string[], path: string): JournalEntry[] {
  const hasChecksums = lines[0] === HEADER
  return lines.slice(hasChecksums ? 1 : 0).map((line, index) => {
    if (!hasChecksums) return parseEntry(line, damagedAt(path, index + 1))
    const json = line.slice(CHECKSUM_DIGITS + 1)
    const damaged = damagedAt(path, index + 2)
    if (withChecksum(lines[index] ?? '', json) !== line) {
      throw damaged('its checksum does not fit it and the line before it')
    }
    return parseEntry(json, damaged)
  })
}

function damagedAt(path: string, line: number): (detail: string) => Error {
  return (detail) =>
    new Error(
      `${path} line ${line} is damaged: ${detail}. The journal says what this node has signed, so it does not start on a ` +
        'damaged one; restore it from a backup, or move it away and stay out for one round',
    )
}

const digest = z.templateLiteral(['0x', z.string().regex(/^[0-9a-f]{64}$/)])
const pointHex = z.templateLiteral(['0x', z.string().regex(/^[0-9a-f]{66}$/)])
const entrySchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('observed'), round: z.int().min(0), signed: z.unknown() }),
  z.strictObject({
    kind: z.literal('signing'),
    round: z.int().min(0),
    digest,
    observations: z.array(z.unknown()),
    commitment: z.strictObject({ hiding: pointHex, binding: pointHex }),
  }),
  z.strictObject({ kind: z.literal('certified'), round: z.int().min(0), digest, certificate: z.unknown() }),
])

function parseEntry(line: string, damaged: (detail: string) => Error): JournalEntry {
  let json: unknown
  try {
    json = JSON.parse(line)
  } catch {
    throw damaged('not JSON')
  }
  const entry = entrySchema.safeParse(json)
  if (!entry.success) throw damaged(z.prettifyError(entry.error))
  const { data } = entry
  if (data.kind === 'certified') {
    const certificate = parseRoundMessage(data.certificate)
    if (!certificate.ok) throw damaged(certificate.detail)
    if (certificate.message.kind !== 'certificate') throw damaged('not a certificate')
    return { ...data, certificate: certificate.message }
  }
  const observed = (value: unknown) => {
    const parsed = parseSignedObservation(value)
    if (!parsed.ok) throw damaged(parsed.detail)
    return parsed.message
  }
  if (data.kind === 'observed') return { ...data, signed: observed(data.signed) }
  return { ...data, observations: data.observations.map(observed) }
}
