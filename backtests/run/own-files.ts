import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { LendingConfig } from '../config/lending-schema.ts'
import type { Provenance } from '../result.ts'

/** The files that a lending config names beside its data, each once, with what was in them. */
export function ownFiles({ policies, markets, defaults }: LendingConfig, folder: string): Provenance['files'] {
  const named = [
    ...policies.flatMap((policy) => (policy.kind === 'function' ? [policy.file] : [])),
    ...[defaults, ...Object.values(markets)].flatMap(({ positions, depths }) => [positions, depths]),
  ]
  return [...new Set(named.filter((name) => name !== undefined))].toSorted().map((name) => ({
    name,
    sha256: createHash('sha256')
      .update(readFileSync(resolve(folder, name)))
      .digest('hex'),
  }))
}
