import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { SingleBar } from 'cli-progress'
import { toFrame } from '../../backtests/frame.ts'
import { sha256Hex } from './manifest.ts'
import { type Progress, type Trained, trainModels } from './pipeline.ts'

const MODELS = fileURLToPath(new URL('../', import.meta.url))
const MANIFEST = fileURLToPath(new URL('../../data/manifests/training.json', import.meta.url))
export const RECORDED_DATA: string = fileURLToPath(new URL('../../../shared/data', import.meta.url))

const USAGE = `npm run models:train [-- --out FOLDER] [-- --data FOLDER]
Trains every model on the recorded market data and writes the ONNX files, cards and registry.
  --out   where to write (default: models/, with the manifest in data/manifests/)
  --data  the recorded data (default: ../shared/data beside the repository)`

/** Runs `work` with a progress bar on stderr, which is erased of nothing when stderr is no terminal. */
export async function withProgressBar<T>(work: (progress: Progress) => Promise<T>): Promise<T> {
  const bar = new SingleBar({ format: '{bar} {value}/{total} {what}', stream: process.stderr, clearOnComplete: true })
  try {
    return await work((done, total, what) => {
      if (!bar.isActive) bar.start(total, done, { what })
      bar.update(done, { what })
    })
  } finally {
    bar.stop()
  }
}

if (import.meta.main) await main()

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { out: { type: 'string' }, data: { type: 'string' }, help: { type: 'boolean' } },
  })
  if (values.help === true) {
    console.log(USAGE)
    return
  }
  const { files, trained } = await withProgressBar((progress) =>
    trainModels(values.data ?? RECORDED_DATA, progress, codeCommit()),
  )
  for (const [file, bytes] of files) {
    const path =
      file === 'training-manifest.json' && values.out === undefined ? MANIFEST : join(values.out ?? MODELS, file)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, bytes)
    console.log(`${sha256Hex(bytes)}  ${file}`)
  }
  await printMetrics(trained)
}

/** The commit that trains; changes that are not committed are said with it. */
function codeCommit(): string {
  const git = (...args: readonly string[]): string =>
    execFileSync('git', args, { cwd: MODELS, encoding: 'utf8' }).trim()
  try {
    const code = [
      'models/training',
      'models/baselines',
      'oracle-node/core',
      'oracle-node/ports',
      'data/recorded',
      'backtests/metrics',
      'package-lock.json',
    ].map((path) => `:/${path}`)
    const changed = git('status', '--porcelain', '--', ...code) !== ''
    return `${git('rev-parse', 'HEAD')}${changed ? ' and changes' : ''}`
  } catch {
    return 'unknown: not a git checkout'
  }
}

/** Through the quant's frame, as anyone who loads results would see them. */
async function printMetrics(trained: Trained): Promise<void> {
  const rounded = (value: number): number => Number(value.toFixed(4))
  const pooled = await toFrame(
    trained.pooled.map((row) => ({
      part: row.part,
      kind: row.kind,
      model: row.model,
      n: row.forecasts,
      coverage: rounded(row.coverage),
      qlike: rounded(row.qlike),
      fz0: rounded(row.fzLoss),
      z2: rounded(row.acerbiSzekely),
    })),
  )
  console.log('All assets of a kind together; forecasts at 00:00 UTC:')
  pooled.print()
  const assets = await toFrame(
    trained.assets
      .filter((row) => row.part === 'test')
      .map((row) => ({ model: row.model, asset: row.asset, coverage: row.coverage, qlike: row.qlike })),
  )
  console.log('Test, mean over the model’s assets:')
  assets.groupby(['model']).agg({ coverage: 'mean', qlike: 'mean' }).print()
}
