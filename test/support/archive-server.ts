import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import { onTestFinished } from 'vitest'
import type { Candle } from '../../data/recorded/read-candles.ts'
import { zipOf } from './zip.ts'

/** What goes wrong with one file of the archive. */
export type ArchiveFault =
  | 'wrong-checksum'
  | 'no-checksum'
  | 'html-checksum'
  | 'html'
  | 'cut-off'
  | 'truncated-zip'
  | 'bomb'
  | 'not-candles'
  | 'one-bad-row'
  | 'server-error'
  | 'gone'
  | 'silent'

export type ArchiveServer = {
  readonly baseUrl: string
  /** `2021-05`, or a day: this goes wrong the next `times` that the file itself is asked for. */
  fail(period: string, fault: ArchiveFault, times?: number): void
  /** Files asked for so far, oldest first, without their checksums; by period. */
  asked(): readonly string[]
  /** Holds every answer back for so long. */
  slow(ms: number): void
}

const PATH =
  /^\/(?:data|public_data)\/spot\/(monthly|daily)\/klines\/([A-Z0-9]+)\/([0-9a-z]+)\/\2-\3-([0-9-]+)\.zip(\.CHECKSUM)?$/
/** Faults that show whatever is asked for. */
const EITHER: readonly ArchiveFault[] = ['server-error', 'gone', 'silent']
const STEPS: Readonly<Record<string, number>> = { '1m': 60, '1h': 3_600 }
/** From here on the archive writes microseconds. */
const MICROSECONDS_FROM = Date.UTC(2025, 0) / 1_000

/** A server with the layout of Binance's public archive, of one market's candles; ends with the test. */
export async function archiveServer(options: {
  readonly candles: readonly Candle[]
  readonly symbol: string
  readonly interval: '1m' | '1h'
  readonly header?: boolean
  /** Periods whose files are not there. */
  readonly without?: readonly string[]
}): Promise<ArchiveServer> {
  const asked: string[] = []
  const faults = new Map<string, { fault: ArchiveFault; left: number }>()
  const rows = rowsByPeriod(options)
  let delayMs = 0
  /** The fault of this request, which counts as one of those that were planned when it shows. */
  const faultOf = (period: string, checksum: boolean): ArchiveFault | undefined => {
    const planned = faults.get(period)
    if (planned === undefined || planned.left <= 0) return undefined
    if (!checksum || EITHER.includes(planned.fault)) planned.left -= 1
    return planned.fault
  }
  const server = createServer((request, response) => {
    const [, , symbol, interval, period = '', ending] = PATH.exec(request.url ?? '') ?? []
    const checksum = ending !== undefined
    const known = symbol === options.symbol && interval === options.interval && !options.without?.includes(period)
    const text = known ? rows(period) : ''
    if (!checksum && period !== '') asked.push(period)
    const fault = faultOf(period, checksum)
    setTimeout(() => {
      if (text === '') response.writeHead(404).end('<Error><Code>NoSuchKey</Code></Error>')
      else send(response, { text, name: `${symbol}-${interval}-${period}`, checksum, fault })
    }, delayMs)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  return {
    baseUrl: `http://127.0.0.1:${address.port}`,
    fail: (period, fault, times = Number.POSITIVE_INFINITY) => faults.set(period, { fault, left: times }),
    asked: () => [...asked],
    slow: (ms) => {
      delayMs = ms
    },
  }
}

type Answer = {
  readonly text: string
  readonly name: string
  readonly checksum: boolean
  readonly fault: ArchiveFault | undefined
}

function send(response: ServerResponse, { text, name, checksum, fault }: Answer): void {
  const zip = fileOf(text, name, fault)
  const sha256 = createHash('sha256').update(zip).digest('hex')
  if (fault === 'silent') return
  if (fault === 'server-error') response.writeHead(500).end('oops')
  else if (fault === 'gone') response.writeHead(403).end('no')
  else if (checksum && fault === 'no-checksum') response.writeHead(404).end()
  else if (checksum && fault === 'html-checksum') response.writeHead(200).end('<!doctype html><title>Login</title>')
  else if (checksum)
    response.end(
      `${fault === 'wrong-checksum' ? sha256.replace(/^./, (d) => (d === '0' ? '1' : '0')) : sha256}  ${name}.zip\n`,
    )
  else if (fault === 'html')
    response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>Login</title>')
  else if (fault === 'cut-off') {
    response.writeHead(200, { 'content-length': zip.length })
    response.write(zip.subarray(0, zip.length >> 1), () => response.destroy())
  } else response.end(zip)
}

function fileOf(text: string, name: string, fault: ArchiveFault | undefined): Buffer {
  const entry = `${name}.csv`
  if (fault === 'bomb') return zipOf({ name: entry, content: Buffer.alloc(80 * 1_024 * 1_024, '1') })
  if (fault === 'not-candles') return zipOf({ name: entry, content: 'a,b\nc,d\n' })
  const lines = text.split('\n')
  const content =
    fault === 'one-bad-row'
      ? lines.toSpliced(2, 1, `${lines[2]?.split(',', 3).join(',')},0,0,0,0,0,0,0,0,0`).join('\n')
      : text
  const zip = zipOf({ name: entry, content })
  return fault === 'truncated-zip' ? zip.subarray(0, zip.length - 40) : zip
}

const HEADER =
  'open_time,open,high,low,close,volume,close_time,quote_volume,count,taker_buy_volume,taker_buy_quote_volume,ignore\n'

/** The file of a month or a day; empty where nothing was recorded. */
function rowsByPeriod({ candles, interval, header }: Parameters<typeof archiveServer>[0]): (period: string) => string {
  const days = Map.groupBy(candles, ({ ts }) => new Date(ts * 1_000).toISOString().slice(0, 10))
  return (period) => {
    const some = [...days].flatMap(([day, bars]) => (day === period || day.startsWith(`${period}-`) ? bars : []))
    const rows = some.map((candle) => rowOf(candle, STEPS[interval] ?? 60))
    return rows.length === 0 ? '' : `${header === true ? HEADER : ''}${rows.join('\n')}\n`
  }
}

function rowOf({ ts, open, high, low, close, volume }: Candle, step: number): string {
  const unit = ts >= MICROSECONDS_FROM ? 1e6 : 1e3
  const prices = [open, high, low, close, volume].map((value) => value.toFixed(8))
  return [ts * unit, ...prices, (ts + step) * unit - 1, (volume * close).toFixed(8), 7, '0.1', '0.2', 0].join(',')
}
