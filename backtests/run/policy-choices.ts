import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { LendingConfig } from '../config/lending-schema.ts'
import { type PolicyChoice, type PolicyFacts, policyFacts } from '../policies/policy-choice.ts'
import { sha256 } from './load-data.ts'
import type { TaskInput } from './task-inputs.ts'

/** A policy of the config. */
export type Choice = {
  readonly choice: PolicyChoice
  readonly facts: PolicyFacts
  readonly knobs: readonly number[]
  readonly sha256?: string
}

/**
 * The policies of a config, the user's files found and known by their hash.
 * @throws {Error} that names the policy which is there twice, or the file that cannot be read.
 */
export function choicesOf(config: LendingConfig, folder: string): Choice[] {
  const choices = config.policies.map((policy): Choice => {
    if (policy.kind === 'function') {
      const { file, knobs, ...rest } = policy
      const path = resolve(folder, file)
      const choice: PolicyChoice = { ...rest, path }
      return { choice, facts: policyFacts(choice), knobs, sha256: fileHash(path) }
    }
    const { knobs, ...choice } = policy
    const facts = policyFacts(choice)
    return { choice, facts, knobs: knobs ?? [facts.defaultKnob] }
  })
  const ids = choices.map(({ facts }) => facts.id)
  const twice = ids.find((id, index) => ids.indexOf(id) !== index)
  if (twice !== undefined) throw new Error(`lending.policies has ${twice} twice; turn its knobs in one entry instead`)
  checkVerdict(config.verdict, ids)
  return choices
}

/** What a verdict names when nobody said otherwise, whether or not it is there. */
const VERDICT_DEFAULTS = new Set(['plimsoll', 'static', 'ewma'])

function checkVerdict({ policy, against, capacityOf }: LendingConfig['verdict'], ids: readonly string[]): void {
  const unknown = [policy, capacityOf, ...Object.keys(against)].find(
    (id) => !(ids.includes(id) || VERDICT_DEFAULTS.has(id)),
  )
  if (unknown !== undefined) {
    throw new Error(`lending.verdict names ${unknown}, which is no policy of this config; there are ${ids.join(', ')}`)
  }
}

const RELATIVE = /(?:from|import\s*\(?)\s*['"](\.{1,2}\/[^'"\n]+)['"]/g

/** Of a policy's file and of every file that it imports by a relative path: a change of one is a change of the policy. */
function fileHash(path: string): string {
  const seen = new Map<string, string>()
  const waiting = [path]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (seen.has(next)) continue
    const text = textOf(next, path)
    seen.set(next, text)
    for (const [, target = ''] of text.matchAll(RELATIVE)) waiting.push(resolve(dirname(next), target))
  }
  return sha256(JSON.stringify([...seen.values()]))
}

function textOf(path: string, policy: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const which = path === policy ? `the file ${path}, which` : `${policy}, whose import ${path}`
    throw new Error(`lending.policies names ${which} cannot be read: ${error instanceof Error ? error.message : error}`)
  }
}

/** A user's file is known by its hash; where it lies is this machine's. */
export function policyInput({
  choice,
  sha256: hash,
}: Choice): Pick<TaskInput<'market'>['policy'], 'choice' | 'sha256' | 'local'> {
  if (choice.kind !== 'function') return { choice: { ...choice } }
  const { path, ...rest } = choice
  return { choice: rest, ...(hash !== undefined && { sha256: hash }), local: { path } }
}
