import { randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { BacktestResult } from '../result.ts'

export type RunEntry = {
  readonly id: string
  readonly folder: string
  /** Unix seconds. */
  readonly finishedAt: number
  readonly result: BacktestResult
}

/** No run, or more than one, begins as was said. */
export class RunNotFound extends Error {
  override name = 'RunNotFound'
}

const RESULT_FILE = 'result.json'

/** Where results of finished pieces are kept, whatever run they were for. */
export function tasksFolder(out: string): string {
  return join(out, 'tasks')
}

export function runFolder(out: string, id: string): string {
  return join(out, 'runs', id)
}

/** Writes a run's files, the result last: where it is, all of them are. */
export function writeRun(
  out: string,
  result: BacktestResult,
  files: Readonly<Record<string, string | Uint8Array>>,
): string {
  const folder = runFolder(out, result.id)
  mkdirSync(folder, { recursive: true })
  for (const [name, content] of Object.entries({ ...files, [RESULT_FILE]: resultText(result) })) {
    const path = join(folder, name)
    // Two runs of the same may end at once.
    const unfinished = `${path}.${randomUUID()}`
    writeFileSync(unfinished, content)
    renameSync(unfinished, path)
  }
  return folder
}

/** The bytes of `result.json`. */
export function resultText(result: BacktestResult): string {
  return `${JSON.stringify(result)}\n`
}

/** All whole runs, the newest first, and the folders that hold none. */
export function listRuns(out: string): { readonly runs: readonly RunEntry[]; readonly damaged: readonly string[] } {
  const folder = join(out, 'runs')
  if (!existsSync(folder)) return { runs: [], damaged: [] }
  const runs: RunEntry[] = []
  const damaged: string[] = []
  for (const id of readdirSync(folder).sort()) {
    const entry = readRun(out, id)
    if (entry === undefined) damaged.push(join(folder, id))
    else runs.push(entry)
  }
  return { runs: runs.sort((a, b) => b.finishedAt - a.finishedAt || (a.id < b.id ? -1 : 1)), damaged }
}

/** @throws {RunNotFound} that says which runs there are. */
export function findRun(out: string, idOrStart: string): RunEntry {
  const folder = join(out, 'runs')
  const all = existsSync(folder) ? readdirSync(folder).sort() : []
  const found = all.filter((id) => id.startsWith(idOrStart))
  const [only] = found
  if (found.length > 1) throw new RunNotFound(`${found.length} runs begin with ${idOrStart}: ${found.join(', ')}`)
  if (only !== undefined) {
    const entry = readRun(out, only)
    if (entry !== undefined) return entry
    throw new RunNotFound(`${join(folder, only)} holds no whole result; run its config again, which restores it`)
  }
  const known = all.length === 0 ? 'there are none yet' : `there are ${all.join(', ')}`
  throw new RunNotFound(`no run in ${out} begins with ${idOrStart}; ${known}`)
}

function readRun(out: string, id: string): RunEntry | undefined {
  const folder = runFolder(out, id)
  const path = join(folder, RESULT_FILE)
  if (!existsSync(path)) return undefined
  try {
    const result: BacktestResult = JSON.parse(readFileSync(path, 'utf8'))
    if (result.version !== 1 || result.id !== id || !isWhole(result)) return undefined
    return { id, folder, finishedAt: Math.floor(statSync(path).mtimeMs / 1_000), result }
  } catch {
    // Cut off or changed: not a result.
    return undefined
  }
}

/** What commands and the report read first; a result that another version wrote, or somebody else, may lack it. */
function isWhole({ name, lending, forecast, provenance }: Partial<BacktestResult>): boolean {
  const lists = [
    ...(lending === undefined
      ? []
      : [lending.policies, lending.periods, lending.runs, lending.verdicts, lending.courses]),
    ...(forecast === undefined ? [] : [forecast.cells, forecast.courses]),
  ]
  return typeof name === 'string' && typeof provenance === 'object' && lists.every(Array.isArray)
}
