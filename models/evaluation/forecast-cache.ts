import { createHash, randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { RISK_OUTPUT_COUNT } from '../../oracle-node/core/prediction.ts'

/** Keeps what a candidate forecast in one fold, so that a run that was stopped, or that has one more candidate, does the rest alone. */
export type ForecastCache = {
  /** Of as many samples, or undefined where nothing whole is kept. */
  read(key: string, samples: number): Float64Array[] | undefined
  write(key: string, outputs: readonly Float64Array[]): void
}

const DIGEST_BYTES = 32

/** Files of numbers behind their sha256 in a folder; one that is cut off or changed is as if it were not there. */
export function folderCache(folder: string): ForecastCache {
  mkdirSync(folder, { recursive: true })
  const pathOf = (key: string): string => join(folder, `${key}.forecasts`)
  return {
    read: (key, samples) => {
      const path = pathOf(key)
      if (!existsSync(path)) return undefined
      const bytes = readFileSync(path)
      const numbers = bytes.subarray(DIGEST_BYTES)
      if (numbers.length !== samples * RISK_OUTPUT_COUNT * 8) return undefined
      if (!bytes.subarray(0, DIGEST_BYTES).equals(digest(numbers))) return undefined
      return Array.from({ length: samples }, (_, sample) =>
        Float64Array.from({ length: RISK_OUTPUT_COUNT }, (_each, output) =>
          numbers.readDoubleLE((sample * RISK_OUTPUT_COUNT + output) * 8),
        ),
      )
    },
    write: (key, outputs) => {
      const numbers = Buffer.alloc(outputs.length * RISK_OUTPUT_COUNT * 8)
      for (const [sample, values] of outputs.entries()) {
        for (const [output, value] of values.entries()) {
          numbers.writeDoubleLE(value, (sample * RISK_OUTPUT_COUNT + output) * 8)
        }
      }
      // Another run may write the same; a name of its own and a rename leave one of them whole.
      const unfinished = `${pathOf(key)}.${randomUUID()}`
      writeFileSync(unfinished, Buffer.concat([digest(numbers), numbers]))
      renameSync(unfinished, pathOf(key))
    },
  }
}

/** Keeps nothing. */
export const NO_CACHE: ForecastCache = { read: () => undefined, write: () => undefined }

function digest(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest()
}
