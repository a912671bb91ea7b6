import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

/*
 * `node oracle-node/scripts/check-docs.ts`: what the documents say of the repository must be so. Links, images and headings that
 * are linked to exist; commands and paths in them exist; the README's flags are those of `npm start -- --help`; figures taken
 * from a file stand in that file.
 */

/** Neither ours nor written by hand. */
const SKIPPED = new Set(['node_modules', '.git', '.plimsoll', 'artifacts', 'cache', 'coverage'])
/** Where a path in prose may start from, besides the document's own folder. */
const BASES = ['.', 'oracle-node', 'contracts', 'contracts/src', 'models', 'data', 'test']
/** What follows is a path of the repository and not a file that a program makes. */
const SOURCE_PATH = /^[\w.{},*-]+(?:\/[\w.{},*-]+)+\.(?:ts|mjs|js|sol|json|md|yaml|onnx|png)$/

/** One thing that a document says and that is not so. */
export type Fault = { readonly file: string; readonly line: number; readonly what: string }

/** Every fault of every Markdown file under a root. */
export function checkDocs(root: string): Fault[] {
  const scripts = scriptsOf(root)
  return markdownFiles(root).flatMap((file) => {
    const text = readFileSync(join(root, file), 'utf8')
    const faults = [...linkFaults(root, file, text), ...commandFaults(root, file, text, scripts)]
    return [...faults, ...pathFaults(root, file, text), ...figureFaults(root, file, text)]
  })
}

function markdownFiles(root: string, folder = ''): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .filter(({ name }) => !SKIPPED.has(name))
    .flatMap((entry) => {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) return markdownFiles(root, path)
      return entry.name.endsWith('.md') ? [path] : []
    })
    .sort()
}

function scriptsOf(root: string): ReadonlySet<string> {
  const { scripts = {} } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    scripts?: Record<string, string>
  }
  return new Set(Object.keys(scripts))
}

/** Relative links and images, and the heading after a `#`. Links to other sites are not followed. */
function linkFaults(root: string, file: string, text: string): Fault[] {
  return linesOf(text).flatMap(({ line, content, fenced }) => {
    if (fenced !== undefined) return []
    const links = content.replaceAll(/`[^`]*`/g, '').matchAll(/\]\(([^)\s]+)[^)]*\)|<img[^>]*src="([^"]+)"/g)
    const targets = [...links].map((match) => match[1] ?? match[2] ?? '')
    return targets.flatMap((target) => {
      const problem = linkProblem(join(root, file), target)
      return problem === undefined ? [] : [{ file, line, what: `links to ${target}: ${problem}` }]
    })
  })
}

function linkProblem(from: string, target: string): string | undefined {
  if (/^(https?:|mailto:)/.test(target)) return undefined
  const [path = '', anchor] = target.split('#')
  const absolute = path === '' ? from : resolve(dirname(from), decodeURIComponent(path))
  if (!existsSync(absolute)) return 'no such file'
  if (anchor === undefined || !absolute.endsWith('.md')) return undefined
  return headingsOf(readFileSync(absolute, 'utf8')).has(anchor) ? undefined : 'no such heading'
}

/** GitHub's anchors of a document's headings. */
function headingsOf(text: string): ReadonlySet<string> {
  const titles = linesOf(text).flatMap(({ content, fenced }) => {
    const title = fenced === undefined ? /^#{1,6} (.*)$/.exec(content)?.[1] : undefined
    return title === undefined ? [] : [title]
  })
  return new Set(
    titles.map((title) =>
      title
        .toLowerCase()
        .replaceAll(/[^\p{Letter}\p{Number}\s_-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  )
}

/** `npm run X` anywhere, and programs that a shell block runs by their path. */
function commandFaults(root: string, file: string, text: string, scripts: ReadonlySet<string>): Fault[] {
  return linesOf(text).flatMap(({ line, content, fenced }) => {
    const named = [...content.matchAll(/\bnpm run (?:--\S+ )*([\w:]+[\w:-]*)/g)].map((match) => match[1] ?? '')
    if (/\bnpm (?:start|test)\b/.test(content)) named.push(...(content.match(/(?<=\bnpm )(?:start|test)\b/g) ?? []))
    const missing = named.filter((name) => !scripts.has(name)).map((name) => `npm run ${name}: no such script`)
    const programs = fenced === 'sh' ? [...content.matchAll(/\bnode (?:--\S+ )*([\w./-]+\.(?:ts|mjs))/g)] : []
    const absent = programs
      .map((match) => match[1] ?? '')
      .filter((path) => !existsSync(join(root, path)))
      .map((path) => `runs ${path}: no such file`)
    return [...missing, ...absent].map((what) => ({ file, line, what }))
  })
}

/** Paths of sources in `code spans`; `{a,b}` stands for both, `*` for anything. */
function pathFaults(root: string, file: string, text: string): Fault[] {
  return linesOf(text).flatMap(({ line, content, fenced }) => {
    if (fenced !== undefined) return []
    const spans = [...content.matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? '')
    const words = spans.flatMap((span) => span.split(/\s+/)).filter((word) => SOURCE_PATH.test(word))
    return words
      .flatMap(expandBraces)
      .filter((path) => !path.includes('*') && !isSomewhere(root, dirname(file), path))
      .map((path) => ({ file, line, what: `names ${path}: no such file` }))
  })
}

function isSomewhere(root: string, own: string, path: string): boolean {
  return [own, ...BASES].some((base) => existsSync(join(root, base, path)))
}

function expandBraces(path: string): string[] {
  const match = /^(.*?)\{([^}]*)\}(.*)$/.exec(path)
  if (match === null) return [path]
  const [, before = '', inside = '', after = ''] = match
  return inside.split(',').flatMap((each) => expandBraces(`${before}${each}${after}`))
}

/**
 * Between `<!-- figures: FILE -->` and `<!-- /figures -->` every number must stand in FILE, thousands' commas aside. Numbers
 * inside code spans, and whole numbers below 100, which count things, are not looked up.
 */
function figureFaults(root: string, file: string, text: string): Fault[] {
  let source: { readonly name: string; readonly numbers: ReadonlySet<string> } | undefined
  return linesOf(text).flatMap(({ line, content }) => {
    const opened = /<!-- figures: (\S+) -->/.exec(content)?.[1]
    if (opened !== undefined) {
      if (!existsSync(join(root, opened))) return [{ file, line, what: `takes figures from ${opened}: no such file` }]
      source = { name: opened, numbers: new Set(numbersIn(readFileSync(join(root, opened), 'utf8'))) }
      return []
    }
    if (content.includes('<!-- /figures -->')) source = undefined
    const from = source
    if (from === undefined) return []
    return numbersIn(content.replaceAll(/`[^`]*`/g, ''))
      .filter((number) => (number.includes('.') || Number(number) >= 100) && !from.numbers.has(number))
      .map((number) => ({ file, line, what: `the figure ${number} does not stand in ${from.name}` }))
  })
}

function numbersIn(text: string): string[] {
  return text.replaceAll(/(?<=\d),(?=\d{3})/g, '').match(/\d+(?:\.\d+)?/g) ?? []
}

/**
 * What differs between the flags of a table in a document (first column, in backticks) and those of a program's `--help`,
 * arguments included; `--help` itself needs no row.
 */
export function flagDifferences(document: string, help: string): string[] {
  const inTable = new Set([...document.matchAll(/^\| *`(--[^`]+)`/gm)].map((match) => match[1] ?? ''))
  const inHelp = new Set([...help.matchAll(/^ {2}(--[\w-]+(?: <[^>]+>)?)/gm)].map((match) => match[1] ?? ''))
  const missing = [...inHelp].filter((flag) => !inTable.has(flag)).map((flag) => `${flag} is not in the table`)
  const extra = [...inTable].filter((flag) => !inHelp.has(flag)).map((flag) => `${flag} is no flag of the program`)
  return inHelp.size === 0 ? ['the help names no flags'] : [...missing, ...extra]
}

/** What `npm start -- --help` prints. @throws {Error} with what it printed, when it fails. */
export function startHelp(root: string): string {
  const script = join(root, 'oracle-node/devnet/start.ts')
  const ran = spawnSync(process.execPath, [script, '--help'], { encoding: 'utf8' })
  if (ran.status !== 0) throw new Error(`${relative(root, script)} --help failed:\n${ran.stderr}`)
  return ran.stdout
}

type Line = { readonly line: number; readonly content: string; readonly fenced: string | undefined }

/** Lines with the language of the code block that they stand in; the fence's own lines count as in it. */
function linesOf(text: string): Line[] {
  let fenced: string | undefined
  return text.split('\n').map((content, index) => {
    const fence = /^\s*```(\w*)/.exec(content)
    const before = fenced
    if (fence !== null) fenced = before === undefined ? (fence[1] ?? '') : undefined
    return { line: index + 1, content, fenced: before ?? fenced }
  })
}

function main(): void {
  const root = fileURLToPath(new URL('../../', import.meta.url))
  if (!statSync(join(root, 'README.md')).isFile()) throw new Error('no README.md')
  const readme = readFileSync(join(root, 'README.md'), 'utf8')
  const faults = checkDocs(root).map(({ file, line, what }) => `${file}:${line} ${what}`)
  const flags = flagDifferences(readme, startHelp(root)).map((what) => `README.md: ${what}`)
  for (const fault of [...faults, ...flags]) process.stderr.write(`${fault}\n`)
  process.exitCode = faults.length + flags.length === 0 ? 0 : 1
}

if (import.meta.main) main()
