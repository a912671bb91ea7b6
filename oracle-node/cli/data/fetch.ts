import type { Command } from 'commander'
import type { FetchProgress, FetchRequest, FetchSummary } from '../../../data/history/fetch-history.ts'
import type { Piece } from '../../../data/history/fetch-pieces.ts'
import { unifiedSource } from '../../../data/history/market-name.ts'
import type { Market } from '../../../data/history/sound-bars.ts'
import type { BarInterval } from '../../core/market-rows.ts'
import { Failed, Interrupted, newCommand, UsageError } from '../command.ts'
import { count, countOf, print, printJson, say, styled } from '../output.ts'
import { parseDate, parseInterval, parseSymbol } from './market-options.ts'
import { isPostgres, openStore, type StoreOption, storeOf, storeOption } from './store-option.ts'

type Options = StoreOption & {
  readonly venue: string
  readonly symbol: string
  readonly freq: BarInterval
  readonly from: number
  readonly to?: number
  readonly baseUrl?: string
  readonly json?: boolean
}

/** A file is there whole within this, or is asked for again. */
const TIMEOUT_MS = 60_000
/** Files of an archive at a time: enough to hide the way there and back, and no burden to the venue. */
const ARCHIVE_CONCURRENCY = 4

export function fetchCommand(): Command {
  return newCommand(
    'fetch',
    'Download a market’s candles from its venue: public archives where there are some, else by pages.',
    [
      'plimsoll data fetch --venue binance --symbol ETHUSDT --freq 1m --from 2020-01-01 --to 2020-03-01',
      'plimsoll data fetch --venue kraken --symbol ETH/USD --freq 1h --from 2024-01-01 --store postgres://user@host/db',
    ],
  )
    .requiredOption(
      '--venue <name>',
      'binance and binanceus have archives; bitfinex, bitstamp, bybit, coinbase, gate, kraken and okx go by pages',
    )
    .requiredOption('--symbol <symbol>', 'the market, for instance ETHUSDT or ETH/USDT', parseSymbol)
    .requiredOption('--freq <interval>', 'length of a bar: 1m, 5m, 15m, 30m, 1h, 4h or 1d', parseInterval)
    .requiredOption('--from <time>', 'first bar, for instance 2020-01-01 (UTC)', parseDate)
    .option('--to <time>', 'end, not included (default: now)', parseDate)
    .addOption(storeOption())
    .option('--base-url <url>', 'another server with the venue’s layout')
    .option('--json', 'print the summary as JSON, and no progress')
    .addHelpText(
      'after',
      '\nIt resumes: what the store holds is not got again. Whole files are stored, also where they reach past the period.',
    )
    .action(fetchData)
}

async function fetchData(options: Options): Promise<void> {
  const now = Date.now() / 1_000
  const request = { ...options, venue: unifiedSource(options.venue), to: Math.min(options.to ?? now, now), now }
  if (request.from >= request.to) throw new UsageError('--from must be before --to, and in the past')
  const market: Market = { source: request.venue, symbol: options.symbol, interval: options.freq }
  const { pieces, concurrency } = await piecesOf(request, market)
  const where = storeOf(options)
  const store = await openStore(where, { readOnly: false })
  try {
    const { openFetchJournal } = await import('../../../data/history/fetch-journal.ts')
    const journal = await openFetchJournal(await journalPath(where, market))
    await fetchInto({ market, pieces, concurrency, store, journal }, options.json === true).finally(journal.close)
  } finally {
    await store.close()
  }
}

/** Fetches until all is there or a signal comes, and reports. @throws {Interrupted | Failed} when something is left. */
async function fetchInto(work: Omit<FetchRequest, 'signal'>, json: boolean): Promise<void> {
  const [{ fetchHistory }, { progressBar }] = await Promise.all([
    import('../../../data/history/fetch-history.ts'),
    import('./progress.ts'),
  ])
  const stop = new AbortController()
  const interrupt = (): void => stop.abort(new Error('interrupted'))
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt)
  const bar = progressBar({ quiet: json, of: 'pieces' })
  const onProgress = ({ done, total, rows, piece }: FetchProgress): void => bar.update(done, total, rows, piece)
  const started = performance.now()
  try {
    const summary = await fetchHistory({ ...work, signal: stop.signal, onProgress }).finally(bar.stop)
    report(summary, { market: work.market, seconds: (performance.now() - started) / 1_000, json })
    if (stop.signal.aborted) throw new Interrupted('interrupted; run the same command again to go on')
    if (summary.failed.length > 0) throw new Failed('run the same command again to get what is left')
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt)
  }
}

type Asked = Options & { readonly to: number; readonly now: number }

async function piecesOf(request: Asked, market: Market): Promise<{ pieces: readonly Piece[]; concurrency: number }> {
  const { from, to, now, baseUrl } = request
  if (baseUrl !== undefined && !/^https?:\/\/[^/]/.test(baseUrl)) {
    throw new UsageError(`--base-url needs an http:// or https:// address, got ${baseUrl}`)
  }
  const { archivePieces, hasArchive } = await import('../../../data/history/binance-archive.ts')
  const { source } = market
  const common = { from, to, now }
  if (hasArchive(source)) {
    const asked = {
      ...common,
      market: { ...market, source },
      timeoutMs: TIMEOUT_MS,
      ...(baseUrl !== undefined && { baseUrl }),
    }
    return { pieces: archivePieces(asked), concurrency: ARCHIVE_CONCURRENCY }
  }
  const [{ candlePages }, { isVenue, venueCandles }] = await Promise.all([
    import('../../../data/history/candle-pages.ts'),
    import('./venue-candles.ts'),
  ])
  if (!isVenue(source)) {
    const { VENUES } = await import('../../core/market.ts')
    throw new UsageError(`the venue ${request.venue} is not known; give one of ${VENUES.join(', ')}`)
  }
  const candles = venueCandles({
    venue: source,
    symbol: market.symbol,
    interval: market.interval,
    baseUrl,
    timeoutMs: TIMEOUT_MS,
  })
  return { pieces: candlePages({ ...common, market, ...candles }), concurrency: 1 }
}

/** Beside the store's own files; what goes to a server is remembered in the folder that the command runs in. */
async function journalPath(where: string, { source, symbol, interval }: Market): Promise<string> {
  const [{ mkdir }, { join }] = await Promise.all([import('node:fs/promises'), import('node:path')])
  const folder = join(isPostgres(where) ? '.plimsoll' : where, 'fetched')
  await mkdir(folder, { recursive: true })
  return join(folder, `${source}_${symbol.replace('/', '-')}_${interval}.jsonl`)
}

function report(
  summary: FetchSummary,
  run: { readonly market: Market; readonly seconds: number; readonly json: boolean },
): void {
  const { market, seconds } = run
  if (run.json) {
    printJson({ ...market, ...summary, seconds: Math.round(seconds * 100) / 100 })
    return
  }
  const { fetched, held, notThere, failed, left, rows, bytes, verified, bad } = summary
  const size = bytes > 0 ? `, ${(bytes / 1e6).toFixed(1)} MB, ${countOf(verified, 'checksum')} right` : ''
  print(
    `${market.source} ${market.symbol} ${market.interval}: ${count(rows)} rows stored of ${countOf(fetched, 'piece')} in ${seconds.toFixed(1)} s${size}`,
  )
  if (held > 0) print(`held already: ${countOf(held, 'piece')}`)
  if (notThere.length > 0) print(styled('yellow', `not there: ${listed(notThere)}`))
  for (const { piece, reason } of failed) print(styled('red', `failed: ${piece}: ${reason}`))
  if (left > 0) print(`left: ${countOf(left, 'piece')}`)
  if (bad.count > 0) {
    print(styled('yellow', `left out ${countOf(bad.count, 'bad row')}:`))
    for (const { piece, line, reason } of bad.first) print(`  ${piece} line ${line}: ${reason}`)
  }
  if (fetched + held === 0 && failed.length === 0) say('The venue has nothing of this period under this symbol.')
}

function listed(names: readonly string[]): string {
  const [first, last] = [names[0], names.at(-1)]
  return names.length <= 6 ? names.join(', ') : `${names.length} pieces from ${first} to ${last}`
}
