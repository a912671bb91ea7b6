import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'

const RELATIVE_IMPORT = /\b(?:from|import\s*\(?|URL\(\s*)\s*'(\.{1,2}\/[^'\n]+\.ts)'/g

/**
 * sha256 (hex) of a module and of all that it imports from this repository, types too: what its results depend on besides its input. A worker
 * that is named by a `new URL` of its file counts as imported.
 * @throws {Error} when a module cannot be read.
 */
export function sourceHash(module: URL): string {
  const seen = new Map<string, string>()
  const waiting = [module]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (seen.has(next.href)) continue
    const text = readFileSync(next, 'utf8')
    seen.set(next.href, text)
    for (const [, target = ''] of text.matchAll(RELATIVE_IMPORT)) waiting.push(new URL(target, next))
  }
  const hash = createHash('sha256')
  // By content alone, so that where the repository lies changes nothing.
  for (const text of [...seen.values()].toSorted()) hash.update(`${text.length}\n${text}`)
  return hash.digest('hex')
}
