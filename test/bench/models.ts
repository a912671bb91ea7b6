import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { SingleBar } from 'cli-progress'
import { evaluateWalk } from '../../models/evaluation/evaluate-walk.ts'
import { folderCache } from '../../models/evaluation/forecast-cache.ts'
import { panelOf } from '../../models/evaluation/panel.ts'
import { walkPlots } from '../../models/evaluation/plots/plots.ts'
import { type Forecasts, type WalkProgress, walkForward } from '../../models/evaluation/walk.ts'
import { walkAhead } from '../../models/evaluation/walk-ahead.ts'
import { recordedFolds } from '../../models/evaluation/walk-data.ts'
import { walkPage } from '../../models/evaluation/walk-page.ts'
import { jsonByLine, walkReport } from '../../models/evaluation/walk-report.ts'
import { walkText } from '../../models/evaluation/walk-text.ts'
import { candidates, GARCH_PEER, HAR_PEER, RISK_METRICS } from '../../models/training/candidates.ts'

/*
 * `npm run bench -- models [--json] [--save] [--plots]`: every model walked forward through the recorded data, out of sample, beside one HAR and
 * one GARCH an asset. Forecasts are kept in the system's temporary folder by the hash of code and samples, so that a run that was
 * stopped goes on where it was.
 */

const USAGE = `npm run bench -- models [--json] [--save] [--plots] [--quick] [--only ID,ID] [--data FOLDER] [--no-cache]
  --json      one JSON object instead of tables
  --save      write test/bench/results/models.json
  --plots     write models/volatility/WALK-FORWARD.md and its plots
  --quick     without models that take minutes to fit
  --only      these models alone, beside what they are measured against
  --data      the recorded data (default: ../shared/data beside the repository)
  --no-cache  fit everything anew
`
const RECORDED_DATA = fileURLToPath(new URL('../../../shared/data', import.meta.url))
const PLOTS = fileURLToPath(new URL('../../models/volatility/plots', import.meta.url))
const SAVED = new URL('results/models.json', import.meta.url)
/** Bars, pooled rows, crises and assets have a line each. */
const JSON_DEPTH = 4

const OPTIONS = {
  json: { type: 'boolean' },
  save: { type: 'boolean' },
  plots: { type: 'boolean' },
  quick: { type: 'boolean' },
  only: { type: 'string' },
  data: { type: 'string' },
  'no-cache': { type: 'boolean' },
  help: { type: 'boolean' },
} as const

/** A progress bar with the time left on a terminal's stderr; nothing where nobody looks. */
async function withProgress<T>(what: string, work: (onProgress: WalkProgress) => T | Promise<T>): Promise<T> {
  const bar = new SingleBar({
    format: `${what} {bar} {value}/{total}  {eta_formatted} left  {step}`,
    stream: process.stderr,
    clearOnComplete: true,
    hideCursor: true,
  })
  try {
    return await work((done, total, step) => {
      if (!process.stderr.isTTY) return
      if (!bar.isActive) bar.start(total, done, { step })
      bar.update(done, { step })
    })
  } finally {
    bar.stop()
  }
}

function chosen({ quick, only }: { readonly quick?: boolean; readonly only?: string }): ReturnType<typeof candidates> {
  const all = candidates().filter(({ slow }) => quick !== true || slow !== true)
  if (only === undefined) return all
  const ids = only.split(',')
  const unknown = ids.filter((id) => !all.some((each) => each.id === id))
  if (unknown.length > 0)
    throw new Error(`no model ${unknown.join(', ')}; there are ${all.map(({ id }) => id).join(', ')}`)
  return all.filter(({ id }) => [...ids, HAR_PEER, GARCH_PEER, RISK_METRICS].includes(id))
}

/** Forecasts of all folds, kept in a folder; a second core, where there is one, does half of them. */
async function forecast(
  models: ReturnType<typeof candidates>,
  dataFolder: string,
  cacheFolder: string,
): Promise<{ folds: ReturnType<typeof recordedFolds>; forecasts: Forecasts[] }> {
  const ids = models.map(({ id }) => id)
  const ahead = availableParallelism() > 1 ? walkAhead({ dataFolder, cacheFolder, ids }) : undefined
  try {
    const folds = await withProgress('samples', (onProgress) => recordedFolds(dataFolder, onProgress))
    const cache = folderCache(cacheFolder)
    const forecasts = await withProgress('forecasts', (onProgress) =>
      walkForward({ candidates: models, folds, cache, onProgress }),
    )
    return { folds, forecasts }
  } finally {
    await ahead?.stop()
  }
}

async function forecastAnew(
  ...[models, dataFolder]: [ReturnType<typeof candidates>, string]
): ReturnType<typeof forecast> {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-walk-forward-'))
  try {
    return await forecast(models, dataFolder, folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: OPTIONS })
  if (values.help === true) {
    process.stdout.write(USAGE)
    return
  }
  const started = performance.now()
  const models = chosen(values)
  const dataFolder = values.data ?? RECORDED_DATA
  const { folds, forecasts } =
    values['no-cache'] === true
      ? await forecastAnew(models, dataFolder)
      : await forecast(models, dataFolder, join(tmpdir(), 'plimsoll-walk-forward'))
  const result = await withProgress('figures', (onProgress) => evaluateWalk(panelOf(folds), forecasts, onProgress))
  const report = walkReport(result, {
    refits: folds.map(({ start }) => new Date(start * 1_000).toISOString().slice(0, 10)),
  })
  if (values.save === true) writeFileSync(SAVED, `${jsonByLine(report, JSON_DEPTH)}\n`)
  if (values.plots === true) {
    mkdirSync(PLOTS, { recursive: true })
    for (const [file, svg] of walkPlots(result)) writeFileSync(join(PLOTS, file), svg)
    writeFileSync(join(PLOTS, '../WALK-FORWARD.md'), walkPage(result))
  }
  if (values.json === true) process.stdout.write(`${JSON.stringify(report)}\n`)
  else process.stdout.write(walkText(result))
  const seconds = ((performance.now() - started) / 1_000).toFixed(0)
  process.stderr.write(`${seconds} s on ${cpus().length} cores, node ${process.version}\n`)
}

try {
  await main()
} catch (error) {
  process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}
