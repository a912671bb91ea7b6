import { open, readFile } from 'node:fs/promises'
import type { Letter } from '../protocol/ceremony/letters.ts'
import { parseLetter } from './ceremony-wire.ts'

/**
 * The letters of one ceremony that a node has written and heard. Nothing in it is secret: shares in it are sealed for their
 * receivers, under keys that exist in their keystores until the ceremony is done.
 */
export type CeremonyLog = {
  readonly letters: readonly Letter[]
  /** Resolves when they are on the disk. */
  append(letters: readonly Letter[]): Promise<void>
  close(): Promise<void>
}

/**
 * Opens or makes the log: one JSON line a letter. A torn last line, as a crash leaves it, is cut off; nothing was sent that came of it.
 * @throws {Error} that names the line when one before it is damaged: a node must not contradict what it has signed.
 */
export async function ceremonyLog(path: string): Promise<CeremonyLog> {
  const content = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return ''
    throw error
  })
  const whole = content.slice(0, content.lastIndexOf('\n') + 1)
  const letters = whole
    .split('\n')
    .slice(0, -1)
    .map((line, index) => parseLine(line, `${path} line ${index + 1}`))
  const file = await open(path, 'a', 0o600)
  let size = Buffer.byteLength(whole)
  await file.truncate(size)
  return {
    letters,
    append: async (fresh) => {
      const lines = fresh.map((letter) => `${JSON.stringify(letter)}\n`).join('')
      try {
        await file.appendFile(lines)
        await file.datasync()
      } catch (error) {
        // A full disk takes half a line: what is appended next must not stand behind it.
        await file.truncate(size)
        throw error
      }
      size += Buffer.byteLength(lines)
    },
    close: () => file.close(),
  }
}

function parseLine(line: string, where: string): Letter {
  const parsed = parseLetter(parseJson(line))
  if (parsed.ok) return parsed.message
  throw new Error(
    `${where} is damaged: ${parsed.detail}. It says what this node has signed in a ceremony, so that it does not go on with it; ` +
      'move the file away and let all members begin again with the next --number',
  )
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
