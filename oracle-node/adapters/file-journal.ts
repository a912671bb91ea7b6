import { open, readFile } from 'node:fs/promises'
import { z } from 'zod'
import type { Journal, JournalEntry } from '../ports/journal.ts'
import { writeAtomic } from './atomic-file.ts'
import { parseRoundMessage, parseSignedObservation, toWire } from './wire.ts'

/** Rounds kept when the journal is opened; older ones are on chain, and can't be signed for again. */
const ROUNDS_KEPT = 1_000

/**
 * One JSON line an entry, on the disk before `append` resolves. A torn last line, as a crash leaves it, is cut off; a bad line
 * before it means that somebody changed the file, and the node must not sign on such a memory.
 * @throws {Error} that names the file and line.
 */
export async function fileJournal(path: string): Promise<Journal> {
  const content = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return ''
    throw error
  })
  const lines = content.split('\n')
  // Whatever follows the last newline was never acknowledged.
  lines.pop()
  const all = lines.map((line, index) => parseLine(line, `${path} line ${index + 1}`))
  const newest = all.reduce((round, entry) => Math.max(round, entry.round), 0)
  const kept = all.filter((entry) => entry.round > newest - ROUNDS_KEPT)
  await writeAtomic(path, textOf(kept))
  let file = await open(path, 'a', 0o600)
  let { size } = await file.stat()
  let linesInFile = kept.length
  let writing: Promise<unknown> = Promise.resolve()
  const write = async (entry: JournalEntry): Promise<void> => {
    const line = `${toLine(entry)}\n`
    try {
      await file.appendFile(line)
      await file.datasync()
    } catch (error) {
      // A full disk takes half a line: what is appended next must not stand behind it.
      await file.truncate(size)
      throw error
    }
    size += Buffer.byteLength(line)
    linesInFile += 1
    kept.push(entry)
    while ((kept[0]?.round ?? entry.round) <= entry.round - ROUNDS_KEPT) kept.shift()
  }
  /** A node that runs for months must be able to start again: the file never holds more than twice what is kept. */
  const compact = async (): Promise<void> => {
    if (linesInFile <= 2 * kept.length) return
    await writeAtomic(path, textOf(kept))
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

function textOf(entries: readonly JournalEntry[]): string {
  return entries.map((entry) => `${toLine(entry)}\n`).join('')
}

function toLine(entry: JournalEntry): string {
  if (entry.kind === 'observed') return JSON.stringify({ ...entry, signed: toWire(entry.signed) })
  if (entry.kind === 'certified') return JSON.stringify({ ...entry, certificate: toWire(entry.certificate) })
  return JSON.stringify({ ...entry, observations: entry.observations.map((each) => toWire(each)) })
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

function parseLine(line: string, where: string): JournalEntry {
  const damaged = (detail: string): Error =>
    new Error(
      `${where} is damaged: ${detail}. The journal says what this node has signed, so it does not start on a damaged one; ` +
        'restore it from a backup, or move it away and stay out for one round',
    )
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
