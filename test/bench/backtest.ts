import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus, loadavg } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { table } from '../../oracle-node/cli/output.ts'
import { inChild } from './backtest/child.ts'
import type { VectorsBench } from './backtest/feature-vectors.ts'
import { benchLargeFile } from './backtest/hundred-million.ts'
import { benchLending } from './backtest/lending.ts'
import { linesOf, type Parts } from './backtest/lines.ts'
import type { RollingBench } from './backtest/rolling-windows.ts'
import { benchScaling } from './backtest/scaling.ts'
import type { WalkForwardBench } from './backtest/walk-forward.ts'

/*
 * `npm run bench -- backtest [--json] [--save]`: what backtests cost, each figure beside its bar and, where there is one, what a user would pick
 * instead, measured in the same run. Each part runs in processes of its own.
 */

const NAMES = ['walk-forward', 'lending', 'rolling', 'vectors', 'rows', 'scaling'] as const satisfies Array<keyof Parts>
type Name = (typeof NAMES)[number]

const USAGE = `npm run bench -- backtest [--json] [--save] [--only NAME,NAME] [--rows N] [--data FOLDER]
  --json   one JSON object instead of a table
  --save   write test/bench/results/backtest.json, part by part; what was not measured now stays as it was there
  --only   of ${NAMES.join(', ')}
  --rows   of the large Parquet file (default: 100000000)
  --data   the recorded data, which walk-forward needs (default: ../shared/data beside the repository)
`
const RECORDED_DATA = fileURLToPath(new URL('../../../shared/data', import.meta.url))
const SAVED = new URL('results/backtest.json', import.meta.url)
const ROWS = 100_000_000

const OPTIONS = {
  json: { type: 'boolean' },
  save: { type: 'boolean' },
  only: { type: 'string' },
  rows: { type: 'string' },
  data: { type: 'string' },
  help: { type: 'boolean' },
} as const

const LIMITS = [
  'the markets are seeded: no recording has forty assets for three years. Prices of lending, scaling and vectors are made up, their work is not.',
  'other processes share the two cores: `load` is how many wanted a processor in the minute before a part began and at its end, the part itself included. Quote ratios and processor seconds where it is high.',
  'walk-forward has no peer: no package that installs here fits these models. danfojs has no rolling windows; what is measured is what a user would write.',
] as const

type Options = ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>['values']

async function measured(name: Name, { rows, data = RECORDED_DATA }: Options): Promise<Parts> {
  const module = (file: string): string => new URL(`backtest/${file}.ts`, import.meta.url).href
  switch (name) {
    case 'walk-forward':
      return { 'walk-forward': await inChild<WalkForwardBench>(module(name), [data]) }
    case 'lending':
      return { lending: await benchLending(say) }
    case 'rolling':
      return { rolling: await inChild<RollingBench>(module('rolling-windows')) }
    case 'vectors':
      return { vectors: await inChild<VectorsBench>(module('feature-vectors')) }
    case 'rows':
      return { rows: benchLargeFile(rowsOf(rows)) }
    case 'scaling':
      return { scaling: await benchScaling(say) }
  }
}

function rowsOf(text: string | undefined): number {
  const rows = Number(text ?? ROWS)
  if (Number.isSafeInteger(rows) && rows > 0) return rows
  throw new Error(`--rows needs a whole number above 0, got ${text}`)
}

function namesOf(only: string | undefined): readonly Name[] {
  const asked = only?.split(',')
  const unknown = asked?.find((each) => !NAMES.some((name) => name === each))
  if (unknown !== undefined) throw new Error(`--only needs some of ${NAMES.join(', ')}, got ${JSON.stringify(unknown)}`)
  return asked === undefined ? NAMES : NAMES.filter((name) => asked.includes(name))
}

function say(stage: string): void {
  process.stderr.write(`${stage} …\n`)
}

/** Of the last minute. */
function loadNow(): number {
  return Math.round((loadavg()[0] ?? Number.NaN) * 100) / 100
}

type Load = { readonly before: number; readonly after: number }
type Figures = {
  readonly bench: 'backtest'
  readonly machine: { readonly cores: number; readonly cpu: string | undefined; readonly node: string }
  readonly load: Partial<Record<Name, Load>>
  readonly lines: ReturnType<typeof linesOf>
  readonly parts: Parts
  readonly limits: typeof LIMITS
}

function figuresOf(load: Figures['load'], parts: Parts): Figures {
  const machine = { cores: cpus().length, cpu: cpus()[0]?.model, node: process.version }
  return { bench: 'backtest', machine, load, lines: linesOf(parts), parts, limits: LIMITS }
}

/** Into the saved figures, those of another machine or Node thrown away: they could not be compared. */
function save(now: Figures): void {
  const saved: Figures | undefined = existsSync(SAVED) ? JSON.parse(readFileSync(SAVED, 'utf8')) : undefined
  const isSame = saved !== undefined && JSON.stringify(saved.machine) === JSON.stringify(now.machine)
  const all = isSame ? figuresOf({ ...saved.load, ...now.load }, { ...saved.parts, ...now.parts }) : now
  writeFileSync(SAVED, `${JSON.stringify(all, null, 2)}\n`)
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: OPTIONS })
  if (values.help === true) {
    process.stdout.write(USAGE)
    return
  }
  let figures = figuresOf({}, {})
  for (const name of namesOf(values.only)) {
    const before = loadNow()
    say(name)
    const parts = { ...figures.parts, ...(await measured(name, values)) }
    figures = figuresOf({ ...figures.load, [name]: { before, after: loadNow() } }, parts)
    if (values.save === true) save(figures)
  }
  if (values.json === true) process.stdout.write(`${JSON.stringify(figures)}\n`)
  else process.stdout.write(`${textOf(figures.lines)}\n${LIMITS.join('\n')}\n`)
}

function textOf(lines: ReturnType<typeof linesOf>): string {
  return table(
    ['figure', 'measured', 'bar', 'met', 'beside it'].map((title) => ({ title })),
    lines.map(({ figure, measured: value, bar, met, beside }) => [figure, value, bar, met, beside]),
  )
}

try {
  await main()
} catch (error) {
  process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}
