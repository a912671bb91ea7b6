import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Option } from 'commander'
import { z } from 'zod'
import { UsageError } from '../command.ts'

const MODELS = fileURLToPath(new URL('../../../models', import.meta.url))

/** What these commands read of a registry, whatever else its version holds; a node checks all of it. */
const registrySchema = z.looseObject({
  defaults: z
    .looseObject({ risk: z.array(z.string()).default([]), liquidity: z.string().optional() })
    .default({ risk: [] }),
  models: z.record(
    z.string(),
    z.looseObject({
      kind: z.string(),
      file: z.string(),
      sha256: z.string(),
      status: z.string().default('unknown'),
      metrics: z.unknown().optional(),
    }),
  ),
})

export type Registry = z.infer<typeof registrySchema>
export type RegistryEntry = Registry['models'][string]
export type ModelsOption = { readonly models: string }

export function modelsOption(): Option {
  return new Option('--models <folder>', 'where registry.json and the models are').default(MODELS, 'this package’s')
}

/** @throws {Error} that names the file and what is wrong with it. */
export function readModels(folder: string): Registry {
  const path = join(folder, 'registry.json')
  if (!existsSync(path)) throw new Error(`no registry.json in ${folder}; give the folder of the models by --models`)
  const parsed = registrySchema.safeParse(parsedJson(readFileSync(path, 'utf8'), path))
  if (!parsed.success) throw new Error(`${path} is not a model registry: ${z.prettifyError(parsed.error)}`)
  return parsed.data
}

function parsedJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new Error(`${path} is not JSON: ${error instanceof Error ? error.message : String(error)}`)
  }
}

/** @throws {UsageError} that says what was probably meant. */
export function entryOf(registry: Registry, id: string): RegistryEntry {
  const entry = Object.hasOwn(registry.models, id) ? registry.models[id] : undefined
  if (entry !== undefined) return entry
  const ids = Object.keys(registry.models)
  const near = nearest(id, ids)
  throw new UsageError(
    `no model ${JSON.stringify(id)}${near === undefined ? '' : `; did you mean ${near}?`} There are ${ids.join(', ')}`,
  )
}

/** `bad`: the file is there and is not what the registry says. */
export type HashCheck = 'ok' | 'bad' | 'missing'

export function checkHash(folder: string, { file, sha256 }: RegistryEntry): HashCheck {
  const path = within(folder, file)
  if (!existsSync(path)) return 'missing'
  return createHash('sha256').update(readFileSync(path)).digest('hex') === sha256 ? 'ok' : 'bad'
}

/** The card that lies beside a model's file, and its plots by path under the card's folder. */
export function cardOf(
  folder: string,
  { file }: RegistryEntry,
): { readonly path: string; readonly text: string; readonly plots: ReadonlyMap<string, string> } {
  const home = dirname(within(folder, file))
  const path = join(home, 'card.md')
  if (!existsSync(path)) throw new Error(`${file} has no card: ${path} is missing; npm run models:train writes it`)
  const plots = join(home, 'plots')
  const names = existsSync(plots) ? readdirSync(plots).filter((name) => name.endsWith('.svg')) : []
  return {
    path: relative(folder, path),
    text: readFileSync(path, 'utf8'),
    plots: new Map(names.toSorted().map((name) => [`plots/${name}`, readFileSync(join(plots, name), 'utf8')])),
  }
}

/** A path in the folder. @throws {Error} when it leads out of it. */
function within(folder: string, file: string): string {
  const path = resolve(folder, file)
  if (!path.startsWith(resolve(folder) + sep)) throw new Error(`the registry names ${file}, outside ${folder}`)
  return path
}

/** The id that takes the fewest letters to change, when that is less than half of them. */
function nearest(id: string, ids: readonly string[]): string | undefined {
  const [best] = ids
    .map((each) => ({ each, edits: editDistance(id, each) }))
    .filter(({ each, edits }) => edits < Math.max(each.length, id.length) / 2)
    .toSorted((a, b) => a.edits - b.edits)
  return best?.each
}

/** Levenshtein (1966): letters put in, taken out or changed. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1]
    for (const [j, other] of [...b].entries()) {
      const change = (row[j] ?? 0) + (letter === other ? 0 : 1)
      next.push(Math.min(change, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1))
    }
    row = next
  }
  return row.at(-1) ?? 0
}
