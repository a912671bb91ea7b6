import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { MarketSetup } from '../lending/market.ts'
import type { Policy, PolicyDecision, PolicyView } from './policy.ts'

type Decide = (view: PolicyView, knob: number) => PolicyDecision

/** What a user's file gives: the function that decides, or what makes one for a market, where it keeps state. */
export type UserPolicy =
  | { readonly kind: 'policy'; readonly decide: Decide }
  | { readonly kind: 'factory'; readonly create: (setup: MarketSetup, knob: number) => Decide }

/**
 * Loads a policy from a file: its export `policy(view, knob)`, or `createPolicy(setup, knob)` that returns such a function, one a run and market.
 * The file runs as the user's own code does, with all that the process may.
 * @example
 * // my-policy.ts
 * export function policy({ current, record }, knob) {
 *   return record === undefined ? current : { ...current, ltvBps: 7_000 - knob }
 * }
 * @throws {Error} that names the file when it is missing, cannot be run, or exports neither function.
 */
export async function loadUserPolicy(path: string): Promise<UserPolicy> {
  const file = resolve(path)
  if (!existsSync(file)) throw new Error(`there is no file ${path} (looked at ${file}); a policy's path is needed`)
  const exported = await exportsOf(path, file)
  const [decide, create] = [exported['policy'], exported['createPolicy']]
  if (decide !== undefined && create !== undefined) {
    throw new Error(`${path} exports both policy and createPolicy; one of them is needed`)
  }
  if (decide === undefined && create === undefined) {
    const names = Object.keys(exported)
    const found = names.length === 0 ? 'nothing' : names.join(', ')
    throw new Error(`${path} exports ${found}; needed is: export function policy(view, knob) { … }`)
  }
  if (isFunction<Decide>(decide)) return { kind: 'policy', decide }
  if (isFunction<(setup: MarketSetup, knob: number) => Decide>(create)) return { kind: 'factory', create }
  const [name, value] = decide === undefined ? ['createPolicy', create] : ['policy', decide]
  throw new Error(`${path} exports ${name} as ${kindOf(value)}; a function is needed`)
}

/**
 * The user's policy as one of ours. Whether the numbers that it gives can be is for the market to say.
 * @throws {Error} that names the file, the asset and, once it runs, the time, when the user's code throws or gives no decision.
 */
export function userPolicy(
  from: { readonly id: string; readonly path: string; readonly own: UserPolicy },
  setup: MarketSetup,
  knob: number,
): Policy {
  const place = `${from.path}, ${setup.asset}`
  const decide = from.own.kind === 'policy' ? from.own.decide : createdBy(from.own.create, setup, knob, place)
  return {
    id: from.id,
    next(view) {
      const hour = `${place} at ${new Date(view.now * 1_000).toISOString()}`
      const decision = attempt(() => decide(view, knob), `${hour}: the policy threw`)
      if (isDecision(decision)) return decision
      throw new Error(`${hour}: the policy gave ${kindOf(decision)}; parameters as in view.current are needed, at once`)
    },
  }
}

async function exportsOf(path: string, file: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    return await import(pathToFileURL(file).href)
  } catch (error) {
    throw new Error(`${path} cannot be run: ${messageOf(error)}`, { cause: error })
  }
}

function createdBy(
  create: (setup: MarketSetup, knob: number) => Decide,
  setup: MarketSetup,
  knob: number,
  place: string,
): Decide {
  const decide: unknown = attempt(() => create(setup, knob), `${place}: createPolicy threw`)
  if (isFunction<Decide>(decide)) return decide
  throw new Error(`${place}: createPolicy gave ${kindOf(decide)}; a function of the view is needed`)
}

function attempt<T>(run: () => T, what: string): T {
  try {
    return run()
  } catch (error) {
    throw new Error(`${what}: ${messageOf(error)}`, { cause: error })
  }
}

function isDecision(value: unknown): value is PolicyDecision {
  if (value instanceof Promise) {
    // It is refused anyway; what it throws later must not end the process before that is told.
    value.catch(() => undefined)
    return false
  }
  return typeof value === 'object' && value !== null
}

function isFunction<T>(value: unknown): value is T {
  return typeof value === 'function'
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value)
  if (value instanceof Promise) return 'a promise'
  return typeof value === 'object' ? 'an object' : `the ${typeof value} ${String(value)}`
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
