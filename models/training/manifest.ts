import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { DEPTH_FILES } from './calibrate-depth.ts'
import { SERIES } from './series.ts'

/** sha256, hex. */
export function sha256Hex(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/**
 * Names and hashes of every file that training reads, as text; never their content.
 * @throws {Error} that names the first file that is absent and says what to do.
 */
export function trainingManifest(dataFolder: string): string {
  const files = [...new Set([...SERIES.map((series) => series.file), ...Object.values(DEPTH_FILES)])].sort()
  const entries = files.map((file) => {
    const path = `${dataFolder}/${file}`
    if (!existsSync(path)) {
      throw new Error(
        `training needs the recorded file ${file}, which is not in ${dataFolder}; give its folder by --data`,
      )
    }
    return { file, sha256: sha256Hex(readFileSync(path)) }
  })
  return `${JSON.stringify({ note: 'Recorded market data that models are trained and tested on.', files: entries }, null, 2)}\n`
}
