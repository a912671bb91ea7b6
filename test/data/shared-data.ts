import { fileURLToPath } from 'node:url'
import { hasRecordings } from '../../data/recorded/recorded-history.ts'

/** The recorded market data, beside the repository. */
export const SHARED_DATA: string = fileURLToPath(new URL('../../../shared/data/', import.meta.url))

/**
 * Whether tests that need recordings can run.
 * @throws {Error} in CI, where a skipped test would pass for a passed one.
 */
export function hasSharedData(): boolean {
  if (hasRecordings(SHARED_DATA)) return true
  if (process.env['CI'] === 'true') throw new Error(`the recorded market data are missing at ${SHARED_DATA}`)
  process.stderr.write(`skipped: tests on recordings need the recorded market data at ${SHARED_DATA}\n`)
  return false
}
