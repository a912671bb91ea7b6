import { z } from 'zod'
import type { Rejection } from '../core/market.ts'

/** A venue's failure with the name that logs and metrics show. It travels through ccxt, which passes unknown errors on. */
export class VenueFault extends Error {
  override name = 'VenueFault'
  readonly reason: Rejection

  constructor(reason: Rejection, message: string) {
    super(message)
    this.reason = reason
  }
}

/** What ccxt needs of a response. */
export type VenueResponse = {
  readonly status: number
  readonly statusText: string
  readonly headers: Headers
  text(): Promise<string>
}

/**
 * A venue's list of all its markets, read once a start, is far larger than any other answer: Binance's has several thousand
 * entries of about 4 kB.
 */
export const LISTING_BYTES_MAX: number = 48 * 1_024 * 1_024

const LISTING =
  /\/(exchangeInfo|products|AssetPairs|instruments-info|instruments|currency_pairs|markets\/?|conf\/pub:info:pair[^?]*)(\?|$)/

/**
 * A `fetch` for ccxt that reads at most `bytesMax` within `timeoutMs`, follows no redirect, and names every failure: ccxt's
 * own would buffer any length, and takes text that is not JSON for data.
 */
export function boundedFetch(limits: {
  readonly timeoutMs: number
  readonly bytesMax: number
}): (url: string, init?: RequestInit) => Promise<VenueResponse> {
  return async (url, init) => {
    const signal = AbortSignal.timeout(limits.timeoutMs)
    try {
      const response = await fetch(url, {
        method: init?.method ?? 'GET',
        headers: init?.headers ?? {},
        redirect: 'error',
        signal,
      })
      const listing = LISTING.test(url)
      const text = await textOf(response, listing ? Math.max(limits.bytesMax, LISTING_BYTES_MAX) : limits.bytesMax)
      refuseStatus(response.status, text)
      refuseShape(url, text)
      return {
        status: response.status,
        statusText: response.statusText,
        headers: response.headers,
        text: async () => text,
      }
    } catch (error) {
      throw faultOf(error, limits.timeoutMs)
    }
  }
}

function faultOf(error: unknown, timeoutMs: number): VenueFault {
  if (error instanceof VenueFault) return error
  const { name, message, cause } = error instanceof Error ? error : new Error(String(error))
  if (name === 'TimeoutError' || name === 'AbortError')
    return new VenueFault('timeout', `no answer within ${timeoutMs} ms`)
  return new VenueFault('unreachable', cause instanceof Error ? `${message}: ${cause.message}` : message)
}

async function textOf(response: Response, bytesMax: number): Promise<string> {
  const decoder = new TextDecoder()
  let bytes = 0
  let text = ''
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength
    if (bytes > bytesMax) throw new VenueFault('malformed', `the answer is longer than ${bytesMax} bytes`)
    text += decoder.decode(chunk, { stream: true })
  }
  return text + decoder.decode()
}

function refuseStatus(status: number, text: string): void {
  if (status < 400) return
  const detail = `HTTP ${status}: ${text.slice(0, 120)}`
  // 418 is how Binance bans who went on after a 429.
  if (status === 429 || status === 418) throw new VenueFault('rate-limited', detail)
  throw new VenueFault(status >= 500 ? 'server-error' : 'refused', detail)
}

const row = z.array(z.unknown())
const rows = z.array(row)
const records = z.array(z.looseObject({}))
const book = z.object({ bids: rows, asks: rows })
const kraken = z.object({ error: z.array(z.string()), result: z.record(z.string(), z.unknown()).optional() })
/** OKX and Bybit answer with a code and, when it is not zero, without data: ccxt reads the code. */
const okx = <T extends z.ZodType>(data: T) =>
  z.union([z.object({ code: z.literal('0'), data }), z.looseObject({ code: z.string().regex(/[1-9]/) })])
const bybit = <T extends z.ZodType>(result: T) =>
  z.union([
    z.object({ retCode: z.literal(0), result }),
    z.looseObject({ retCode: z.number().refine((code) => code !== 0) }),
  ])
const idOf = (name: string) => z.array(z.looseObject({ [name]: z.string() }))

/** The envelope of each answer that we ask for, by its path; what is inside is for `core/tick.ts` to judge. */
const SHAPES: ReadonlyArray<readonly [RegExp, z.ZodType]> = [
  [/\/api\/v5\/market\/candles\?/, okx(rows)],
  [/\/api\/v5\/market\/books\?/, okx(z.array(book).min(1))],
  [/\/api\/v5\/market\/trades\?/, okx(records)],
  [/\/api\/v5\/public\/instruments\?/, okx(idOf('instId'))],
  [/\/v5\/market\/kline\?/, bybit(z.object({ list: rows }))],
  [/\/v5\/market\/orderbook\?/, bybit(z.object({ b: rows, a: rows }))],
  [/\/v5\/market\/recent-trade\?/, bybit(z.object({ list: records }))],
  [/\/v5\/market\/instruments-info\?/, bybit(z.object({ list: idOf('symbol') }))],
  [/\/api\/v2\/ohlc\//, z.object({ data: z.object({ ohlc: records }) })],
  [/\/api\/v2\/order_book\//, book],
  [/\/api\/v2\/transactions\//, records],
  [/\/api\/v2\/markets\//, idOf('market_symbol')],
  [/\/api\/v4\/spot\/candlesticks\?/, rows],
  [/\/api\/v4\/spot\/order_book\?/, book],
  [/\/api\/v4\/spot\/trades\?/, records],
  [/\/api\/v4\/(spot|margin)\/currency_pairs/, idOf('id')],
  [/\/v2\/(candles|book|trades)\//, rows],
  [/\/v2\/conf\//, z.array(rows.or(z.array(z.string())))],
  [/\/(klines|candles)\?/, rows],
  [/\/(depth|book)\?/, book],
  [/\/trades(\?|$)/, records],
  [/\/exchangeInfo(\?|$)/, z.object({ symbols: idOf('symbol') })],
  [/\/products(\?|$)/, idOf('id')],
  [
    /\/0\/public\/(OHLC|Trades)\?/,
    kraken.refine((answer) => answer.error.length > 0 || hasList(answer.result), 'a list of rows is needed'),
  ],
  [
    /\/0\/public\/(Depth|AssetPairs)(\?|$)/,
    kraken.refine((answer) => answer.error.length > 0 || isFilled(answer.result), 'a pair is needed'),
  ],
]

function hasList(result: Record<string, unknown> | undefined): boolean {
  return Object.values(result ?? {}).some(
    (value) => Array.isArray(value) && value.every((entry) => Array.isArray(entry)),
  )
}

function isFilled(result: Record<string, unknown> | undefined): boolean {
  return Object.values(result ?? {}).some((value) => typeof value === 'object' && value !== null)
}

function refuseShape(url: string, text: string): void {
  const shape = SHAPES.find(([path]) => path.test(url))?.[1]
  const parsed = shape?.safeParse(jsonOf(text))
  if (parsed === undefined || parsed.success) return
  const issue = parsed.error.issues[0]
  throw new VenueFault(
    'malformed',
    `the answer's shape is wrong at "${issue?.path.join('.') ?? ''}": ${issue?.message ?? ''}`,
  )
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new VenueFault('malformed', `the answer is not JSON: ${JSON.stringify(text.slice(0, 60))}`)
  }
}
