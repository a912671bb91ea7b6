import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { type Document, LineCounter, parseDocument } from 'yaml'
import type { z } from 'zod'
import { type BacktestConfig, backtestSchema } from './schema.ts'

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
  const document = parseDocument(text, { lineCounter: lines, merge: true })
  const [fault] = document.errors
  if (fault !== undefined) {
    throw new ConfigError(`${name} is not YAML: ${fault.message.split('\n')[0]}`)
  }
  const parsed = backtestSchema.safeParse(plain(document, name))
  if (parsed.success) return parsed.data
  const faults = parsed.error.issues.map((issue) => `  ${describe(issue, document, lines)}`)
  throw new ConfigError(`${name} is not a backtest's config:\n${faults.join('\n')}`)
}

function plain(document: Document, name: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 1_000 })
  } catch (error) {
    throw new ConfigError(`${name} is not YAML that can be used: ${error instanceof Error ? error.message : error}`)
  }
}

/** `line 12, lending.oracle.nodes: …` */
function describe(issue: z.core.$ZodIssue, document: Document, lines: LineCounter): string {
  const field = issue.path.map(String).join('.')
  const line = lineOf(document, issue.path, lines)
  const place = [line === undefined ? '' : `line ${line}`, field].filter((part) => part !== '').join(', ')
  return `${place === '' ? '' : `${place}: `}${messageOf(issue)}`
}

function messageOf(issue: z.core.$ZodIssue): string {
  if (issue.code === 'unrecognized_keys') {
    const names = issue.keys.map((key) => `\`${key}\``).join(', ')
    return `${names} ${issue.keys.length === 1 ? 'is no field' : 'are no fields'} there; a typo?`
  }
  return issue.message
}

/** Of the field, or of the nearest that holds it. */
function lineOf(document: Document, path: readonly PropertyKey[], lines: LineCounter): number | undefined {
  for (let length = path.length; length >= 0; length--) {
    const node: unknown = length === 0 ? document.contents : document.getIn(path.slice(0, length), true)
    const range = (node as { readonly range?: readonly number[] } | undefined)?.range
    if (range?.[0] !== undefined) return lines.linePos(range[0]).line
  }
  return undefined
}
