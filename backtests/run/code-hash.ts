import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { sourceHash } from '../../models/evaluation/source-hash.ts'
import { committedDepth } from '../oracle/committed-depth.ts'

/** The module that does tasks. */
export const PERFORM: URL = new URL('./perform.ts', import.meta.url)

/**
 * sha256 (hex) of the code that does tasks, of the coefficients that it reads from the registry and of the versions of the packages that it uses:
 * what results depend on besides their input.
 */
export function codeHash(): string {
  const packages = readFileSync(new URL('../../package-lock.json', import.meta.url))
  const depth = JSON.stringify(committedDepth())
  return createHash('sha256').update(sourceHash(PERFORM)).update(depth).update(packages).digest('hex')
}

/** The queue of those who run the same code: others never see its tasks. */
export function queueOf(code: string): string {
  return `backtests-${code.slice(0, 12)}`
}
