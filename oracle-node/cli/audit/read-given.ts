import { readFile, stat } from 'node:fs/promises'
import { buffer } from 'node:stream/consumers'
import { CAR_BYTES_MAX } from '../../adapters/audit-car.ts'
import { jsonOf } from '../../adapters/bounded-body.ts'
import { UsageError } from '../command.ts'

/** A file's content, or that of the standard input for `-`. @throws {UsageError} when it is not there or more than is read. */
export async function readGiven(path: string): Promise<Uint8Array> {
  if (path === '-') return await buffer(process.stdin)
  const found = await stat(path).catch(() => undefined)
  if (found?.isFile() !== true) throw new UsageError(`no file ${path}; give one, or - for the standard input`)
  if (found.size > CAR_BYTES_MAX)
    throw new UsageError(`${path} has ${found.size} bytes; ${CAR_BYTES_MAX} at most are read`)
  return await readFile(path)
}

/** The JSON object that a content is, or undefined when it is none. */
export function jsonIn(content: Uint8Array): object | undefined {
  const json = jsonOf(content)
  return typeof json === 'object' && json !== null ? json : undefined
}
