import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** The commit that runs; `and changes` where the code is not that of the commit. */
export function codeCommit(): string {
  const git = (...words: readonly string[]): string =>
    execFileSync('git', words, { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
  try {
    const changed = git('status', '--porcelain', '--', 'backtests', 'models', 'oracle-node/core', 'data') !== ''
    return `${git('rev-parse', 'HEAD')}${changed ? ' and changes' : ''}`
  } catch {
    return 'unknown: not a git checkout'
  }
}
