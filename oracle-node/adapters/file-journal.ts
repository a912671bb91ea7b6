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
  await writeAtomic(path, kept.map((entry) => `${toLine(entry)}\n`).join(''))
  const file = await open(path, 'a', 0o600)
  let writing: Promise<unknown> = Promise.resolve()
  return {
    append: (entry) => {
      const write = writing.then(async () => {
        await file.appendFile(`${toLine(entry)}\n`)
        await file.datasync()
        kept.push(entry)
        while ((kept[0]?.round ?? entry.round) <= entry.round - ROUNDS_KEPT) kept.shift()
      })
      // A failed write is its caller's to handle; the next one is tried all the same.
      writing = write.catch(() => undefined)
      return write
    },
    entries: () => kept,
    close: async () => {
      await writing
      await file.close()
    },
  }
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
