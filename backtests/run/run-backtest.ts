import { mkdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { trainingManifest } from '../../models/training/manifest.ts'
import { faultsOf } from '../config/read-config.ts'
import { type BacktestConfig, type BacktestConfigInput, backtestSchema } from '../config/schema.ts'
import { reportHtml } from '../report/report-html.ts'
import type { BacktestResult, Provenance } from '../result.ts'
import { encodeSeries } from '../series-bytes.ts'
import type { Json } from '../tasks/task.ts'
import { canonicalJson } from '../tasks/task-key.ts'
import { type Engine, openEngine } from './engine.ts'
import { type FrameName, rowsOf } from './frames.ts'
import { type Data, type GivenData, openData, sha256 } from './load-data.ts'
import { ownFiles } from './own-files.ts'
import type { OnRunProgress } from './progress.ts'
import { codeCommit } from './provenance.ts'
import { runFolder, writeRun } from './run-folder.ts'
import { runForecast } from './run-forecast.ts'
import { runLending } from './run-lending.ts'
import type { Training } from './task-inputs.ts'
import { writeParquet } from './write-parquet.ts'

export type RunOptions = {
  /** What the config's paths are relative to; the folder that the process runs in when absent. */
  readonly folder?: string
  /** Where runs and finished tasks are kept. */
  readonly out?: string
  /** Threads; one a core when absent. */
  readonly jobs?: number
  /** A queue of workers on this or other machines. */
  readonly redisUrl?: string
  /** Hours by asset beside those that the config names, such as a danfojs frame's columns. */
  readonly data?: GivenData
  readonly onProgress?: OnRunProgress
  readonly signal?: AbortSignal
}

export type BacktestRun = {
  readonly result: BacktestResult
  readonly files: { readonly folder: string; readonly result: string; readonly report: string }
}

/**
 * Runs a backtest, or what earlier runs left of it, and writes its result and report into a folder of its own.
 * The same config, data and code give the same bytes of `result.json` on any number of threads or machines.
 * @example
 * const { result } = await runBacktest({ name: 'mine', data: { recorded: 'shared/data' }, lending: { … } })
 * const runs = await frameOf(result, 'runs')
 * @throws {Error} that says which field, file or task was at fault. What was finished is kept.
 */
export async function runBacktest(given: BacktestConfigInput, options: RunOptions = {}): Promise<BacktestRun> {
  const parsed = backtestSchema.safeParse(given)
  if (!parsed.success) throw faultsOf(parsed.error, 'what runBacktest was given')
  const config = parsed.data
  const { folder = process.cwd(), out = 'plimsoll-backtests', jobs = availableParallelism() } = options
  const { onProgress = () => undefined, signal, redisUrl } = options
  const data = openData(config.data, folder, options.data)
  const engine = await openEngine({ out, jobs, redisUrl, onProgress, signal })
  try {
    const { lending: asked } = config
    const lending =
      asked &&
      (await runLending({
        config,
        lending: asked,
        folder,
        data,
        engine,
        training: () => trainingOf(config, data, engine),
      }))
    const { marketAsset } = config.data
    const forecast =
      config.forecast &&
      (await runForecast({ forecast: config.forecast, seed: config.seed, marketAsset, data, engine }))
    const files = asked === undefined ? [] : ownFiles(asked, folder)
    const provenance = provenanceOf({ config, data, engine, files, models: lending?.models ?? [] })
    const result: BacktestResult = {
      version: 1,
      id: idOf(provenance, lending?.keys ?? []),
      name: config.name,
      ...(lending && { lending: lending.result }),
      ...(forecast && { forecast }),
      provenance,
    }
    onProgress({ stage: 'report', done: 0, total: 1, label: 'writing' })
    const written = runFolder(out, result.id)
    mkdirSync(written, { recursive: true })
    for (const name of PARQUET) await writeParquet(join(written, `${name}.parquet`), rowsOf(result, name))
    writeRun(out, result, { 'report.html': reportHtml(result) })
    onProgress({ stage: 'report', done: 1, total: 1, label: 'done' })
    return {
      result,
      files: { folder: written, result: join(written, 'result.json'), report: join(written, 'report.html') },
    }
  } finally {
    await engine.close()
  }
}

/** What of a result is written as Parquet too, for whoever has no wish to read megabytes of JSON. */
const PARQUET: readonly FrameName[] = ['markets', 'hours', 'changes', 'forecasts']

/** The recorded market data where they are named, else all of the user's own. */
async function trainingOf(config: BacktestConfig, data: Data, engine: Engine): Promise<Training> {
  if (data.recorded !== undefined) {
    return { from: 'recorded', sha256: sha256(manifestOf(data.recorded)), local: { folder: data.recorded } }
  }
  const series: string[] = []
  for (const asset of data.assets) series.push(await engine.put(encodeSeries(await data.series(asset))))
  const { marketAsset } = config.data
  const market = data.has(marketAsset) ? series[data.assets.indexOf(marketAsset)] : undefined
  return { from: 'series', series, ...(market !== undefined && { market }) }
}

function manifestOf(folder: string): string {
  try {
    return trainingManifest(folder)
  } catch (error) {
    throw new Error(
      `models are fitted on the recordings in data.recorded, and ${folder} lacks some; leave it out to fit on data.files`,
      { cause: error },
    )
  }
}

function provenanceOf(parts: {
  readonly config: BacktestConfig
  readonly data: Data
  readonly engine: Engine
  readonly files: Provenance['files']
  readonly models: Provenance['models']
}): Provenance {
  const { config, data, engine, files, models } = parts
  // Where files lie says nothing of what was run; their hashes do.
  const plain = JSON.parse(JSON.stringify(config)) as Json
  return {
    config: plain,
    configSha256: sha256(canonicalJson(plain, 'the config')),
    data: data.sources(),
    files,
    models,
    code: { commit: codeCommit(), sha256: engine.code },
    seed: config.seed,
  }
}

const ID_DIGITS = 12

/**
 * By what it depends on, the user's own policies and positions too, which the tasks' keys are made of; the commit's name is not of it, for the
 * hash of its code is.
 */
function idOf({ configSha256, data, code }: Provenance, keys: readonly string[]): string {
  const names = data.map(({ name, sha256: hash, from, to }) => [name, hash, from, to])
  return sha256(JSON.stringify([configSha256, names, code.sha256, keys])).slice(0, ID_DIGITS)
}
