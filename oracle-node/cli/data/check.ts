import { type Command, InvalidArgumentError } from 'commander'
import type { NamedCheck } from '../../../data/history/check-files.ts'
import type { CheckOptions } from '../../../data/history/series.ts'
import { Failed, newCommand, UsageError } from '../command.ts'
import { printJson, say } from '../output.ts'
import { isStoreFolder, openStore, type StoreOption, storeOf, storeOption } from './store-option.ts'

type Options = StoreOption & {
  readonly json?: boolean
  readonly plot?: string
  readonly strict?: boolean
  readonly jumpSigmas: number
  readonly listed: number
}

export function checkCommand(): Command {
  return newCommand('check', 'Report gaps, duplicates, jumps and unsound rows of files or of a store.', [
    'plimsoll data check my-data',
    'plimsoll data check --json binance_ETHUSDT_1h_20210404_20231230.csv.gz',
    'plimsoll data check --store ./plimsoll-data --plot report.html',
  ])
    .argument('[path...]', 'files or folders of CSV (.csv, .csv.gz), Parquet and recorded messages (.log, .log.gz)')
    .addOption(storeOption('without paths, check what this store holds'))
    .option('--json', 'print one JSON object')
    .option('--plot <file>', 'also write a report with drawings: .html, or .svg for the drawings alone')
    .option('--strict', 'exit with 1 when there are problems')
    .option('--jump-sigmas <number>', 'what is a jump: so many robust standard deviations', above0, 20)
    .option('--listed <count>', 'how many gaps and jumps of a series to list', whole, 5)
    .action(check)
}

async function check(paths: readonly string[], options: Options): Promise<void> {
  if (paths.length > 0 && options.store !== undefined) {
    throw new UsageError('paths and --store were given; check one or the other')
  }
  const plot = options.plot === undefined ? undefined : plotKind(options.plot)
  const started = performance.now()
  const { checks, skipped } =
    paths.length > 0 ? await filesChecked(paths, options) : await storeChecked(storeOf(options), options)
  const seconds = (performance.now() - started) / 1_000
  const { printChecks, checksAsJson, problemsIn } = await import('./check-print.ts')
  if (options.plot !== undefined && plot !== undefined) await writePlot(options.plot, plot, checks)
  if (options.json === true) printJson(checksAsJson(checks, { seconds, skipped }))
  else printChecks(checks, { seconds, skipped })
  if (options.strict === true && problemsIn(checks) > 0) throw new Failed('')
}

type Checked = { readonly checks: readonly NamedCheck[]; readonly skipped: readonly string[] }

async function filesChecked(paths: readonly string[], options: CheckOptions): Promise<Checked> {
  const { checkFiles, findDataFiles } = await import('../../../data/history/check-files.ts')
  const store = paths.find(isStoreFolder)
  if (store !== undefined) throw new UsageError(`${store} is a store; check it with --store ${store}`)
  const found = await findDataFiles(paths).catch((error: unknown) => {
    throw new UsageError(error instanceof Error ? error.message : String(error))
  })
  if (found.files.length === 0)
    throw new UsageError(`no data files in ${paths.join(', ')}; CSV, Parquet or logs are needed`)
  return { checks: await checkFiles(found, options), skipped: found.skipped }
}

async function storeChecked(where: string, options: CheckOptions): Promise<Checked> {
  const { checkStore } = await import('../../../data/history/check-store.ts')
  const store = await openStore(where, { readOnly: true })
  try {
    return { checks: await checkStore(store, options), skipped: [] }
  } finally {
    await store.close()
  }
}

async function writePlot(file: string, kind: 'html' | 'svg', checks: readonly NamedCheck[]): Promise<void> {
  const [{ reportHtml, reportSvg }, { writeFile }] = await Promise.all([
    import('../../../data/history/report-html.ts'),
    import('node:fs/promises'),
  ])
  await writeFile(file, kind === 'html' ? reportHtml(checks) : reportSvg(checks))
  say(`wrote ${file}`)
}

function plotKind(file: string): 'html' | 'svg' {
  const kind = /\.(html|svg)$/i.exec(file)?.[1]?.toLowerCase()
  if (kind === 'html' || kind === 'svg') return kind
  throw new UsageError(`--plot needs a name that ends in .html or .svg, got ${file}`)
}

function above0(text: string): number {
  const value = Number(text)
  if (value > 0 && Number.isFinite(value)) return value
  throw new InvalidArgumentError(`got ${JSON.stringify(text)}; give a number above 0`)
}

function whole(text: string): number {
  const value = Number(text)
  if (Number.isInteger(value) && value >= 0 && value <= 10_000) return value
  throw new InvalidArgumentError(`got ${JSON.stringify(text)}; give a whole number from 0 to 10000`)
}
