import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { type Document, isMap, isNode, isScalar, isSeq, LineCounter, parseDocument } from 'yaml'
import type { z } from 'zod'
import { type BacktestConfig, fileSchema } from './schema.ts'

/** A config that cannot be used; the message has a line for each fault, with its place. */
export class ConfigError extends Error {
  override name = 'ConfigError'
}

/** A checked config, and the folder that its paths are relative to. */
export type ReadConfig = { readonly config: BacktestConfig; readonly folder: string; readonly text: string }

const TEXT_MAX = 1_000_000

/**
 * Reads a backtest's YAML (or JSON, which is YAML).
 * @throws {ConfigError} that names the file, and line and field of each fault.
 */
export function readConfig(path: string): ReadConfig {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no such file' : String(error)
    throw new ConfigError(`can't read the config ${path}: ${why}`)
  }
  return { config: parseConfig(text, path), folder: dirname(resolve(path)), text }
}

/** The same of a text. @param name what the text is called in errors. @throws {ConfigError} */
export function parseConfig(text: string, name: string): BacktestConfig {
  if (text.length > TEXT_MAX) throw new ConfigError(`${name} is longer than ${TEXT_MAX} characters; is it a config?`)
  const lines = new LineCounter()
  // `merge` gives YAML's own way to say something once; `uniqueKeys` is on by default and names a key that is there twice.
  const document = parseDocument(text, { lineCounter: lines, merge: true, logLevel: 'error' })
  const [fault] = document.errors
  if (fault !== undefined) {
    throw new ConfigError(`${name} is not YAML: ${fault.message.split('\n')[0]?.replace(/:$/, '')}`)
  }
  const parsed = fileSchema.safeParse(plain(document, name))
  if (parsed.success) return parsed.data
  throw faultsOf(parsed.error, name, (path) => lineOf(document, path, lines))
}

type Issue = z.core.$ZodIssue
type Place = (path: readonly PropertyKey[]) => number | undefined

/** What is wrong with a config, a line for each fault. @param lineAt where a field stands, if it stands anywhere. */
export function faultsOf(error: z.ZodError, name: string, lineAt: Place = () => undefined): ConfigError {
  const faults = error.issues.flatMap(plainIssues).map((issue) => `  ${describe(issue, lineAt)}`)
  return new ConfigError(`${name} is not a backtest's config:\n${faults.join('\n')}`)
}

/** Of what may be said in several ways, what is wrong with the way that it comes nearest to. */
function plainIssues(issue: Issue): readonly Issue[] {
  if (issue.code !== 'invalid_union' || issue.errors.length === 0) return [issue]
  const [nearest = []] = issue.errors.toSorted((a, b) => countOf(a) - countOf(b))
  return nearest.flatMap((each) => plainIssues({ ...each, path: [...issue.path, ...each.path] }))
}

function countOf(issues: readonly Issue[]): number {
  return issues.reduce((sum, issue) => sum + (issue.code === 'unrecognized_keys' ? issue.keys.length : 1), 0)
}

function plain(document: Document, name: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 1_000 })
  } catch (error) {
    throw new ConfigError(`${name} is not YAML that can be used: ${error instanceof Error ? error.message : error}`)
  }
}

/** `line 12, lending.oracle.nodes: …` */
function describe(issue: Issue, lineAt: Place): string {
  const field = issue.path.map(String).join('.')
  const line = lineAt(issue.code === 'unrecognized_keys' ? [...issue.path, issue.keys[0] ?? ''] : issue.path)
  const place = [line === undefined ? '' : `line ${line}`, field].filter((part) => part !== '').join(', ')
  return `${place === '' ? '' : `${place}: `}${messageOf(issue)}`
}

function messageOf(issue: Issue): string {
  if (issue.code === 'unrecognized_keys') {
    const names = issue.keys.map((key) => `\`${key}\``).join(', ')
    return `${names} ${issue.keys.length === 1 ? 'is no field' : 'are no fields'} there; a typo?`
  }
  return issue.message
}

/** Of the field, or of the nearest that holds it. */
function lineOf(document: Document, path: readonly PropertyKey[], lines: LineCounter): number | undefined {
  for (let length = path.length; length >= 0; length--) {
    const place = length === 0 ? startOf(document.contents) : keyStart(document, path.slice(0, length))
    if (place !== undefined) return lines.linePos(place).line
  }
  return undefined
}

/** Where the field's name stands, or an item of a list begins. */
function keyStart(document: Document, path: readonly PropertyKey[]): number | undefined {
  const holder: unknown = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true)
  const name = path.at(-1)
  if (isSeq(holder)) return startOf(holder.items[Number(name)])
  return isMap(holder)
    ? startOf(holder.items.find(({ key }) => isScalar(key) && String(key.value) === name)?.key)
    : undefined
}

function startOf(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[0] : undefined
}
