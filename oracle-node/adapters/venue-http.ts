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

const LISTING = /\/(exchangeInfo|products|AssetPairs)(\?|$)/

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
const book = z.object({ bids: z.array(z.unknown()), asks: z.array(z.unknown()) })
const kraken = z.object({ error: z.array(z.string()), result: z.record(z.string(), z.unknown()).optional() })

/** The envelope of each answer that we ask for, by the end of its path; what is inside is for `core/tick.ts` to judge. */
const SHAPES: ReadonlyArray<readonly [RegExp, z.ZodType]> = [
  [/\/(klines|candles)\?/, z.array(row)],
  [/\/(depth|book)\?/, book],
  [/\/exchangeInfo(\?|$)/, z.object({ symbols: z.array(z.looseObject({ symbol: z.string() })) })],
  [/\/products(\?|$)/, z.array(z.looseObject({ id: z.string() }))],
  [
    /\/0\/public\/OHLC\?/,
    kraken.refine((answer) => answer.error.length > 0 || hasList(answer.result), 'a list of candles is needed'),
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
