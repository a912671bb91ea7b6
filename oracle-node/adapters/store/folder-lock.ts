import { realpath, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'

/** The operating system's lock is the process's, so within one the folders are remembered here. */
const held = new Set<string>()
/** A DuckDB file is never shorter once it was made whole. */
const LOCK_BYTES_MIN = 12_288

/**
 * Makes this the one writer of a folder until it is released or the process ends, however it ends. The lock is the operating
 * system's on an empty DuckDB file: unlike a process id in a file it can neither outlive its owner nor mean another process.
 * @throws {Error} that names the process which holds it.
 */
export async function lockFolder(folder: string): Promise<{ release(): void }> {
  const path = join(await realpath(folder), 'writer.lock')
  if (held.has(path)) throw inUse(folder, 'this process has it open already')
  held.add(path)
  try {
    const instance = await openLock(path)
    return {
      release: () => {
        instance.closeSync()
        held.delete(path)
      },
    }
  } catch (error) {
    held.delete(path)
    if (!isConflict(error)) throw error
    throw inUse(folder, /PID \d+/.exec(`${error}`)?.[0] ?? 'another process')
  }
}

async function openLock(path: string): Promise<DuckDBInstance> {
  try {
    return await DuckDBInstance.create(path, { threads: '1', memory_limit: '16MiB' })
  } catch (error) {
    if (isConflict(error)) throw error
    // A crash while the file was being made left a part of it, which nobody holds.
    const { size } = await stat(path)
    if (size >= LOCK_BYTES_MIN) throw error
    await rm(path)
    return DuckDBInstance.create(path, { threads: '1', memory_limit: '16MiB' })
  }
}

function isConflict(error: unknown): boolean {
  return /conflicting lock/i.test(`${error}`)
}

function inUse(folder: string, holder: string): Error {
  return new Error(
    `the market data in ${folder} are being written by another (${holder}); close that one, or open the folder with readOnly`,
  )
}
