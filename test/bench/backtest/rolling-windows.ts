import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { mulberry32 } from '../../../backtests/metrics/generator.ts'
import { forwardMinimum, rollingMean, rollingSumOfSquares } from '../../../backtests/oracle/rolling.ts'
import { median } from '../../../oracle-node/core/stats.ts'
import { print } from './child.ts'

/* Rolling windows over a column, beside pandas' over the same numbers and what can be written with danfojs, which has none. */

const ROWS = 10_000_000
const RUNS = 5
const DAY = 24
const WEEK = 168
/** danfojs would take minutes for all, so it gets fewer. */
const DANFO_ROWS = 1_000_000
const DANFO_WINDOWS = 100_000

const KERNELS = {
  sumOfSquares24: (values) => rollingSumOfSquares(values, DAY),
  sumOfSquares168: (values) => rollingSumOfSquares(values, WEEK),
  mean168: (values) => rollingMean(values, WEEK),
  forwardMinimum24: (values) => forwardMinimum(values, DAY),
} as const satisfies Readonly<Record<string, (values: Float64Array) => Float64Array>>
type Kernel = keyof typeof KERNELS
type ByKernel = Readonly<Record<Kernel, number>>

export type RollingBench = {
  readonly rows: number
  readonly runs: number
  /** Medians of the runs. */
  readonly rowsPerSecond: ByKernel
  readonly slowest: number
  /** Absent where no Python with pandas was found. */
  readonly pandas: { readonly version: string; readonly rowsPerSecond: ByKernel; readonly ratio: ByKernel } | undefined
  readonly danfojs: {
    /** A day's sum of squares as the difference of two running sums, which loses digits as these grow. */
    readonly byRunningSums: { readonly rows: number; readonly rowsPerSecond: number; readonly ratio: number }
    /** The same with each window cut out of the frame's column. */
    readonly byCutting: { readonly rows: number; readonly rowsPerSecond: number; readonly ratio: number }
  }
}

async function benchRolling(): Promise<RollingBench> {
  const random = mulberry32(1)
  const values = Float64Array.from({ length: ROWS }, () => 0.02 * (random() - 0.5))
  const seconds = Object.entries(KERNELS).map(([name, kernel]) => [name, medianSeconds(() => kernel(values))] as const)
  const rowsPerSecond = byKernel((name) => rate(ROWS, Object.fromEntries(seconds)[name]))
  const pandas = pandasSeconds(values)
  const ours = rowsPerSecond.sumOfSquares24
  const [sums, cut] = [await danfoRunningSums(values), await danfoCutting(values)]
  return {
    rows: ROWS,
    runs: RUNS,
    rowsPerSecond,
    slowest: Math.min(...Object.values(rowsPerSecond)),
    pandas: pandas && {
      version: pandas.version,
      rowsPerSecond: byKernel((name) => rate(ROWS, pandas.seconds[name])),
      ratio: byKernel((name) => tenth((rowsPerSecond[name] * pandas.seconds[name]) / ROWS)),
    },
    danfojs: {
      byRunningSums: { rows: DANFO_ROWS, rowsPerSecond: sums, ratio: tenth(ours / sums) },
      byCutting: { rows: DANFO_WINDOWS, rowsPerSecond: cut, ratio: Math.round(ours / cut) },
    },
  }
}

function byKernel(of: (name: Kernel) => number): ByKernel {
  return {
    sumOfSquares24: of('sumOfSquares24'),
    sumOfSquares168: of('sumOfSquares168'),
    mean168: of('mean168'),
    forwardMinimum24: of('forwardMinimum24'),
  }
}

/** After one that warms up. */
function medianSeconds(work: () => unknown, runs = RUNS): number {
  const seconds = Array.from({ length: runs + 1 }, () => {
    const began = performance.now()
    work()
    return (performance.now() - began) / 1_000
  })
  return median(seconds.slice(1))
}

/** The same windows as a quant would write them: a file of doubles and how often, seconds as JSON. */
const PANDAS = `
import json, sys, time
import numpy, pandas

path, runs = sys.argv[1], int(sys.argv[2])
values = pandas.Series(numpy.fromfile(path, dtype='<f8'))
kernels = {
    'sumOfSquares24': lambda: (values * values).rolling(${DAY}).sum(),
    'sumOfSquares168': lambda: (values * values).rolling(${WEEK}).sum(),
    'mean168': lambda: values.rolling(${WEEK}).mean(),
    'forwardMinimum24': lambda: values[::-1].rolling(${DAY}).min()[::-1].shift(-1),
}

def measured(kernel):
    seconds = []
    kernel()
    for _ in range(runs):
        begun = time.perf_counter()
        result = kernel()
        seconds.append(time.perf_counter() - begun)
    return {'seconds': sorted(seconds)[runs // 2], 'last': float(result.iloc[-1 - ${DAY}]), 'sum': float(result.sum())}

print(json.dumps({'pandas': pandas.__version__, 'kernels': {name: measured(each) for name, each in kernels.items()}}))
`

function pandasSeconds(values: Float64Array): { readonly version: string; readonly seconds: ByKernel } | undefined {
  const python = ['/usr/bin/python3', 'python3'].find(
    (each) => spawnSync(each, ['-c', 'import pandas'], { stdio: 'ignore' }).status === 0,
  )
  if (python === undefined) return undefined
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-bench-'))
  try {
    const path = join(folder, 'values.f64')
    writeFileSync(path, values)
    const said: PandasSaid = JSON.parse(execFileSync(python, ['-c', PANDAS, path, `${RUNS}`], { encoding: 'utf8' }))
    for (const name of Object.keys(KERNELS) as Kernel[]) expectSame(name, KERNELS[name](values), said.kernels[name])
    return { version: said.pandas, seconds: byKernel((name) => said.kernels[name].seconds) }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

type Worked = { readonly seconds: number; readonly last: number; readonly sum: number }
type PandasSaid = { readonly pandas: string; readonly kernels: Readonly<Record<Kernel, Worked>> }

function expectSame(name: string, ours: Float64Array, theirs: Worked): void {
  let sum = 0
  for (const value of ours) if (!Number.isNaN(value)) sum += value
  expectNear(`${name} of pandas, a day before the end,`, theirs.last, ours.at(-1 - DAY))
  expectNear(`${name} of pandas, all together,`, theirs.sum, sum)
}

/** Others add and take away as the window moves on, so their last digits drift. */
const DRIFT = 1e-6

function expectNear(what: string, theirs: number, ours = Number.NaN): void {
  if (Math.abs(ours - theirs) <= DRIFT * Math.abs(ours)) return
  throw new Error(
    `${what} is ${theirs}, and ours is ${ours}: they do not work out the same, so they cannot be compared`,
  )
}

async function danfoRunningSums(values: Float64Array): Promise<number> {
  const { Series } = await import('danfojs-node')
  const series = new Series([...values.subarray(0, DANFO_ROWS)])
  let last = Number.NaN
  const seconds = medianSeconds(() => {
    const sums = series.mul(series).cumSum()
    const ends = sums.iloc([`${DAY}:`]).resetIndex()
    last = Number(ends.sub(sums.iloc([`:${DANFO_ROWS - DAY}`])).values.at(-1))
  }, 1)
  expectNear('the last day of danfojs', last, rollingSumOfSquares(values.subarray(0, DANFO_ROWS), DAY).at(-1))
  return rate(DANFO_ROWS, seconds)
}

async function danfoCutting(values: Float64Array): Promise<number> {
  const { Series } = await import('danfojs-node')
  const series = new Series([...values.subarray(0, DANFO_WINDOWS)])
  let last = Number.NaN
  const seconds = medianSeconds(() => {
    const squares = series.mul(series)
    for (let from = 0; from + DAY <= DANFO_WINDOWS; from++) last = squares.iloc([`${from}:${from + DAY}`]).sum()
  }, 1)
  expectNear('the last day of danfojs', last, rollingSumOfSquares(values.subarray(0, DANFO_WINDOWS), DAY).at(-1))
  return rate(DANFO_WINDOWS, seconds)
}

function rate(rows: number, seconds: number | undefined): number {
  return Math.round(rows / (seconds ?? Number.NaN))
}

const tenth = (value: number): number => Math.round(value * 10) / 10

if (import.meta.main) print(await benchRolling())
