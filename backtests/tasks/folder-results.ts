import { randomUUID } from 'node:crypto'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { LocalStore } from './result-store.ts'
import { seal, unseal } from './sealed.ts'
import { KEY } from './task-key.ts'

/** A file a result, behind its sha256; one that is cut off or changed is as if it were not there. */
export function folderResults(folder: string): LocalStore {
  return {
    folder,
    read: async (key) => {
      const sealed = await readIfThere(pathOf(folder, key))
      return sealed && unseal(sealed)
    },
    write: async (key, bytes) => {
      const path = pathOf(folder, key)
      await mkdir(join(path, '..'), { recursive: true })
      // Another run may write the same; a name of its own and a rename leave one of them whole.
      const unfinished = `${path}.${randomUUID()}`
      try {
        await writeFile(unfinished, seal(bytes))
        await rename(unfinished, path)
      } catch (cause) {
        await rm(unfinished, { force: true })
        throw new Error(`a result could not be written to ${path}: is the disk full, or not yours to write?`, { cause })
      }
    },
  }
}

/** In folders by the key's first two digits, so that none holds all of a hundred thousand files. */
function pathOf(folder: string, key: string): string {
  if (!KEY.test(key)) throw new RangeError(`a result's key is 64 hex digits, got '${key.slice(0, 80)}'`)
  return join(folder, key.slice(0, 2), `${key}.result`)
}

async function readIfThere(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw new Error(`a result could not be read from ${path}`, { cause: error })
  }
}
