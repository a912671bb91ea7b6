import type { Command } from 'commander'
import type { ImportedFile } from '../../../data/history/import-file.ts'
import { isoTime } from '../../../data/history/time-format.ts'
import type { BarInterval } from '../../core/market-rows.ts'
import type { MarketStore } from '../../ports/market-store.ts'
import { Failed, newCommand, UsageError } from '../command.ts'
import { count, countOf, print, printJson, say, shortTime, styled, table } from '../output.ts'
import { parseInterval, parseSymbol } from './market-options.ts'
import { openStore, type StoreOption, storeOf, storeOption } from './store-option.ts'

type Options = StoreOption & {
  readonly source?: string
  readonly symbol?: string
  readonly freq?: BarInterval
  readonly skipBad?: boolean
  readonly json?: boolean
}

type Refusal = { readonly file: string; readonly reason: string }

export function importCommand(): Command {
  return newCommand('import', 'Take candles of CSV (.csv, .csv.gz) and Parquet files into the store.', [
    'plimsoll data import binance_ETHUSDT_1h_20210404_20231230.csv.gz',
    'plimsoll data import my-candles.parquet --source kraken --symbol ETH/USD --freq 1h',
    'plimsoll data import --skip-bad downloads/',
  ])
    .argument('<file...>', 'files, or folders of files')
    .addOption(storeOption())
    .option('--source <name>', 'the venue (default: from the file’s name)')
    .option('--symbol <symbol>', 'the market, for instance ETH/USDT (default: from the file’s name)', parseSymbol)
    .option('--freq <interval>', 'length of a bar (default: from the file’s name, else from its times)', parseInterval)
    .option('--skip-bad', 'take the sound rows of a file with bad ones, and write the bad ones to FILE.bad.csv')
    .option('--json', 'print one JSON object')
    .action(importData)
}

async function importData(paths: readonly string[], options: Options): Promise<void> {
  const [{ findDataFiles }, { importFile, RefusedFile }, { progressBar }] = await Promise.all([
    import('../../../data/history/check-files.ts'),
    import('../../../data/history/import-file.ts'),
    import('./progress.ts'),
  ])
  const { files } = await findDataFiles(paths).catch((error: unknown) => {
    throw new UsageError(error instanceof Error ? error.message : String(error))
  })
  if (files.length === 0) throw new UsageError(`no data files in ${paths.join(', ')}; CSV or Parquet files are needed`)
  const bar = progressBar({ quiet: options.json === true, of: 'files' })
  const imported: ImportedFile[] = []
  const refused: Refusal[] = []
  let rows = 0
  const takeAll = async (store: MarketStore): Promise<void> => {
    for (const [index, { path, name }] of files.entries()) {
      const onRows = (more: number): void => {
        rows += more
        bar.update(index, files.length, rows, name)
      }
      try {
        imported.push(await importFile(path, store, { ...marketOf(options), onRows }))
      } catch (error) {
        if (!(error instanceof RefusedFile)) throw error
        refused.push({ file: path, reason: error.message })
      }
    }
  }
  await withStore(options, takeAll).finally(() => bar.stop())
  report(imported, refused, options.json === true)
  if (refused.length > 0) throw new Failed(`${countOf(refused.length, 'file')} of ${files.length} refused`)
}

async function withStore(options: StoreOption, work: (store: MarketStore) => Promise<void>): Promise<void> {
  const store = await openStore(storeOf(options), { readOnly: false })
  try {
    await work(store)
  } finally {
    await store.close()
  }
}

function marketOf({ source, symbol, freq, skipBad }: Options): {
  source?: string
  symbol?: string
  interval?: BarInterval
  skipBad: boolean
} {
  return {
    skipBad: skipBad === true,
    ...(source !== undefined && { source }),
    ...(symbol !== undefined && { symbol }),
    ...(freq !== undefined && { interval: freq }),
  }
}

function report(imported: readonly ImportedFile[], refused: readonly Refusal[], json: boolean): void {
  if (json) {
    const files = imported.map((each) => ({ ...each, first: isoTime(each.first), last: isoTime(each.last) }))
    printJson({ imported: files, refused })
    return
  }
  const columns = [
    { title: 'file' },
    { title: 'market' },
    { title: 'bar' },
    { title: 'rows', align: 'right' },
    { title: 'from' },
    { title: 'to' },
    { title: 'times' },
    { title: 'bad rows' },
  ] as const
  if (imported.length > 0) print(table(columns, imported.map(rowOf)))
  for (const { reason } of refused) say(styled('red', reason))
}

function rowOf({
  file,
  source,
  symbol,
  interval,
  rows,
  first,
  last,
  timeFormats,
  bad,
  badFile,
}: ImportedFile): string[] {
  const times = timeFormats.map((format) => (format === 'us' ? 'µs' : format)).join(' + ')
  const name = file.slice(file.lastIndexOf('/') + 1)
  const left = bad === 0 ? '' : styled('yellow', `${count(bad)}, see ${badFile}`)
  return [name, `${source} ${symbol}`, interval, count(rows), shortTime(first), shortTime(last), times, left]
}
