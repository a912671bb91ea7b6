import { createHash } from 'node:crypto'
import { SECONDS_PER_DAY } from '../../oracle-node/core/market-rows.ts'
import { download } from './download.ts'
import { FetchFault, type LoadedPiece, type Piece } from './fetch-pieces.ts'
import { splitLines } from './read-lines.ts'
import { type TableRow, tableOf } from './read-table.ts'
import { type Market, soundBars } from './sound-bars.ts'
import { unzipCsv } from './unzip.ts'

/*
 * The public archives of Binance (github.com/binance/binance-public-data) and Binance.US (binance.us/institutions/market-history):
 * `ROOT/spot/monthly/klines/ETHUSDT/1m/ETHUSDT-1m-2020-01.zip`, `daily` with the day, and beside each the same name with
 * `.CHECKSUM` behind, which holds its sha256. One CSV file in each, with or without a header; times in milliseconds, in
 * microseconds from 2025-01-01 on. A month's file appears in the days after its end; until then there are its days.
 */

export type ArchiveVenue = keyof typeof ARCHIVES
const ARCHIVES = {
  binance: { origin: 'https://data.binance.vision', root: '/data' },
  binanceus: { origin: 'https://data.binance.us', root: '/public_data' },
} as const

export function hasArchive(venue: string): venue is ArchiveVenue {
  return Object.hasOwn(ARCHIVES, venue)
}

export type ArchiveRequest = {
  readonly market: Market & { readonly source: ArchiveVenue }
  /** Unix seconds: whole files that touch [from, to). */
  readonly from: number
  readonly to: number
  readonly now: number
  /** Of another server with the same layout. */
  readonly baseUrl?: string
  readonly timeoutMs: number
}

/** A month of minutes is 3 MB. */
const ZIP_BYTES_MAX = 32 * 1_024 * 1_024
const CHECKSUM_BYTES_MAX = 1_024
/** The first Monday of a month is its 7th at the latest; twice that for delays. */
const MONTH_DELAY_SECONDS = 14 * SECONDS_PER_DAY

/** The archive's files for a period, oldest first: months, and days of a month that has not ended. */
export function archivePieces(request: ArchiveRequest): Piece[] {
  const pieces: Piece[] = []
  for (let month = monthOf(request.from); month.from < request.to; month = monthOf(month.to)) {
    if (month.to <= request.now) pieces.push(monthPiece(request, month))
    else pieces.push(...dayPieces(request, month))
  }
  return pieces
}

type Period = { readonly name: string; readonly from: number; readonly to: number }

function monthPiece(request: ArchiveRequest, month: Period): Piece {
  const late = request.now - month.to < MONTH_DELAY_SECONDS
  return {
    id: month.name,
    from: month.from,
    to: month.to,
    open: false,
    load: async (signal) => {
      const loaded = await loadFile(request, 'monthly', month, signal)
      return loaded.kind === 'not-there' && late ? { kind: 'not-there', instead: dayPieces(request, month) } : loaded
    },
  }
}

function dayPieces(request: ArchiveRequest, month: Period): Piece[] {
  const pieces: Piece[] = []
  for (let from = month.from; from < month.to; from += SECONDS_PER_DAY) {
    const day = { name: new Date(from * 1_000).toISOString().slice(0, 10), from, to: from + SECONDS_PER_DAY }
    const wanted = day.to > request.from && day.from < request.to && day.to <= request.now
    if (wanted) {
      pieces.push({ ...day, id: day.name, open: false, load: (signal) => loadFile(request, 'daily', day, signal) })
    }
  }
  return pieces
}

function monthOf(seconds: number): Period {
  const date = new Date(seconds * 1_000)
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()]
  const [from, to] = [Date.UTC(year, month) / 1_000, Date.UTC(year, month + 1) / 1_000]
  return { name: new Date(from * 1_000).toISOString().slice(0, 7), from, to }
}

async function loadFile(
  request: ArchiveRequest,
  folder: 'monthly' | 'daily',
  period: Period,
  signal: AbortSignal,
): Promise<LoadedPiece> {
  const url = urlOf(request, folder, period)
  const limits = { timeoutMs: request.timeoutMs, signal }
  const said = await download(`${url}.CHECKSUM`, { ...limits, bytesMax: CHECKSUM_BYTES_MAX })
  const zip = await download(url, { ...limits, bytesMax: ZIP_BYTES_MAX })
  if (zip === undefined) return { kind: 'not-there' }
  const sha256 = createHash('sha256').update(zip).digest('hex')
  if (said === undefined) throw new FetchFault(`${url} has no checksum beside it`, { passing: false })
  const wanted = /^([0-9a-f]{64})\b/i.exec(said.toString('latin1'))?.[1]?.toLowerCase()
  if (wanted === undefined) {
    throw new FetchFault(`${url}.CHECKSUM holds no sha256: ${JSON.stringify(said.toString('latin1').slice(0, 60))}`, {
      passing: true,
    })
  }
  if (sha256 !== wanted) {
    throw new FetchFault(`${url} has the sha256 ${sha256}, and ${wanted} was promised`, { passing: true })
  }
  const { bars, bad } = await readArchive(zip, request.market, period).catch((error: unknown) => {
    const why = error instanceof Error ? error.message : String(error)
    // The bytes are what the venue means to give: another attempt would bring the same.
    throw new FetchFault(`${url} cannot be unpacked: ${why}`, { passing: false, cause: error })
  })
  if (bars.length === 0) {
    throw new FetchFault(`${url} holds no sound candle${bad[0] ? `; line ${bad[0].line}: ${bad[0].reason}` : ''}`, {
      passing: false,
    })
  }
  return { kind: 'bars', bars, bad, bytes: zip.byteLength, sha256 }
}

function urlOf({ market, baseUrl }: ArchiveRequest, folder: string, { name }: Period): string {
  const { origin, root } = ARCHIVES[market.source]
  const symbol = encodeURIComponent(market.symbol.replace('/', ''))
  const { interval } = market
  const path = `${root}/spot/${folder}/klines/${symbol}/${interval}/${symbol}-${interval}-${name}.zip`
  return `${baseUrl?.replace(/\/+$/, '') ?? origin}${path}`
}

/**
 * The bars of one archive file; rows that are none, or of another time, apart.
 * @throws {Error} when it is no ZIP archive of one CSV file of candles.
 */
export async function readArchive(
  zip: Buffer,
  market: Market,
  period: { readonly from: number; readonly to: number },
): Promise<Pick<Extract<LoadedPiece, { kind: 'bars' }>, 'bars' | 'bad'>> {
  const table = await tableOf(splitLines(unzipCsv(zip)))
  if (table === undefined) return { bars: [], bad: [] }
  const rows: TableRow[] = []
  for await (const batch of table.rows) for (const row of batch) rows.push(row)
  const width = table.header.length || (rows[0]?.fields?.length ?? 0)
  const { bars, bad } = soundBars(rows, { market, columns: table.columns, width, within: period })
  return { bars, bad }
}
