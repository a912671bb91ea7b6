import { open, readFile } from 'node:fs/promises'
import { z } from 'zod'

/** A piece that the store holds, as it was when it was got. */
export type DonePiece = {
  readonly piece: string
  /** Sound bars in it. */
  readonly rows: number
  readonly sha256?: string | undefined
}

export type FetchJournal = {
  done(id: string): DonePiece | undefined
  /** Resolves when the line outlives a crash. */
  add(piece: DonePiece): Promise<void>
  close(): Promise<void>
}

const LINE = z.object({
  piece: z.string(),
  rows: z.number().int().nonnegative(),
  sha256: z.string().optional(),
})
/** Ten years of pages of an hour each are 90,000 lines of 100 bytes. */
const BYTES_MAX = 64 * 1_024 * 1_024

/**
 * The pieces of one market that were got, a JSON line each, in a file that only grows. A crash while a line was written leaves a part
 * of it, which says nothing.
 * @throws {Error} that names the file when it cannot be written, or is no such journal.
 */
export async function openFetchJournal(path: string): Promise<FetchJournal> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return ''
    throw error
  })
  if (text.length > BYTES_MAX) throw new Error(`${path} is longer than ${BYTES_MAX} bytes; it is no journal of pieces`)
  const pieces = new Map(
    text
      .split('\n')
      .flatMap(parseLine)
      .map((done) => [done.piece, done]),
  )
  const file = await open(path, 'a')
  // What a crash cut off must not run into the next line.
  if (text !== '' && !text.endsWith('\n')) await file.write('\n')
  return {
    done: (id) => pieces.get(id),
    add: async (done) => {
      await file.write(`${JSON.stringify(done)}\n`)
      await file.datasync()
      pieces.set(done.piece, done)
    },
    close: () => file.close(),
  }
}

/** What a line says; nothing where it is not whole. */
export function parseLine(line: string): DonePiece[] {
  if (line === '') return []
  try {
    const parsed = LINE.safeParse(JSON.parse(line))
    return parsed.success ? [parsed.data] : []
  } catch {
    return []
  }
}
