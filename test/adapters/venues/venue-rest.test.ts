import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import { afterEach, describe, expect, test } from 'vitest'
import { restVenue } from '../../../oracle-node/adapters/venues/venue-rest.ts'
import type { VenueId, VenueSource } from '../../../oracle-node/core/market.ts'
import { parseTick } from '../../../oracle-node/core/tick.ts'
import type { UnixSeconds } from '../../../oracle-node/core/units.ts'
import type { MarketSource } from '../../../oracle-node/ports/market-source.ts'

const NOW = 1_700_000_000 as UnixSeconds
const BYTES_MAX = 100_000

let server: Server | undefined
afterEach(async () => {
  if (server === undefined) return
  const done = once(server, 'close')
  server.close()
  server.closeAllConnections()
  server = undefined
  await done
})

async function serve(handler: RequestListener): Promise<string> {
  server = createServer(handler)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return `http://127.0.0.1:${address.port}`
}

function sourceOf(venue: VenueId = 'binance', symbol = 'BTC/USDT'): VenueSource {
  const quote = symbol.endsWith('USDT') ? 'USDT' : 'USD'
  return { venue, symbol, quote, priceInterval: '1h', maxAgeSeconds: 7_200, book: false }
}

function sourceAt(baseUrl: string, venue: VenueId = 'binance', symbol = 'BTC/USDT', timeoutMs = 1_000): MarketSource {
  const source = sourceOf(venue, symbol)
  return restVenue({ venue, baseUrl, timeoutMs, responseBytesMax: BYTES_MAX }).market(source)
}

const LISTING = JSON.stringify({
  symbols: [
    { symbol: 'BTCUSDT', status: 'TRADING', baseAsset: 'BTC', quoteAsset: 'USDT', filters: [], permissions: ['SPOT'] },
  ],
})
/** A venue that lists its market well and then answers candles with this. */
const withCandles =
  (reply: RequestListener): RequestListener =>
  (request, response) => {
    if (request.url?.includes('exchangeInfo')) response.end(LISTING)
    else reply(request, response)
  }

async function outcome(reply: RequestListener): Promise<string> {
  const fetched = await sourceAt(await serve(withCandles(reply))).fetch(NOW)
  return fetched.ok ? 'accepted' : fetched.reason
}
const text =
  (body: string, status = 200): RequestListener =>
  (_, response) => {
    response.writeHead(status).end(body)
  }

describe('a venue failure has a name', () => {
  test.each([
    ['HTTP 429', text('{"code":-1003,"msg":"Too many requests."}', 429), 'rate-limited'],
    ['HTTP 418, a ban', text('{"code":-1003,"msg":"banned"}', 418), 'rate-limited'],
    ['HTTP 500', text('oops', 500), 'server-error'],
    ['HTTP 503', text('', 503), 'server-error'],
    ['HTTP 451', text('{"code":0,"msg":"restricted location"}', 451), 'refused'],
    ['HTTP 403', text('<html>', 403), 'refused'],
    [
      'a redirect',
      ((_, response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end()) as RequestListener,
      'unreachable',
    ],
    ['a page', text('<html>Just a moment</html>'), 'malformed'],
    ['half of an answer', text('[[1700000000000,"1"'), 'malformed'],
    ['an object for a list', text('{"data":[]}'), 'malformed'],
    ['a list of objects', text('[{"open":1}]'), 'malformed'],
    ['null', text('null'), 'malformed'],
    ['nothing', text(''), 'malformed'],
    ['a nest of brackets', text('['.repeat(90_000)), 'malformed'],
    ['more than the limit', text(`[${'[0],'.repeat(BYTES_MAX)}[0]]`), 'malformed'],
    ['a cut connection', ((request) => request.socket.destroy()) as RequestListener, 'unreachable'],
  ])('%s', async (_, reply, reason) => {
    expect(await outcome(reply)).toBe(reason)
  })

  test('a connection that nobody accepts', async () => {
    const baseUrl = await serve(text(''))
    server?.close()
    server?.closeAllConnections()
    server = undefined
    expect(await sourceAt(baseUrl).fetch(NOW)).toMatchObject({ ok: false, reason: 'unreachable' })
  })

  test('an answer that drips for ever ends at the time limit', async () => {
    const baseUrl = await serve(
      withCandles((_, response) => {
        response.writeHead(200)
        const drip = setInterval(() => response.write(' '), 20)
        response.on('close', () => clearInterval(drip))
      }),
    )
    const start = performance.now()
    expect(await sourceAt(baseUrl, 'binance', 'BTC/USDT', 300).fetch(NOW)).toMatchObject({
      ok: false,
      reason: 'timeout',
    })
    expect(performance.now() - start).toBeLessThan(1_500)
  })

  test('Kraken says so inside of an answer with status 200', async () => {
    const kraken = async (error: string): Promise<unknown> => {
      const fetched = await sourceAt(await serve(text(JSON.stringify({ error: [error] }))), 'kraken', 'BTC/USD').fetch(
        NOW,
      )
      return fetched.ok ? 'accepted' : fetched.reason
    }
    expect(await kraken('EGeneral:Too many requests')).toBe('rate-limited')
    expect(await kraken('EService:Unavailable')).toBe('server-error')
  })
})

test('numbers that are not numbers come through as such, for the core to refuse', async () => {
  const rows = Array.from({ length: 30 }, (_, i) => [
    (NOW - (NOW % 3_600) - i * 3_600) * 1_000,
    'x',
    '1',
    '1',
    '1',
    '1',
    0,
  ]).reverse()
  const source = sourceAt(await serve(withCandles(text(JSON.stringify(rows)))))
  const fetched = await source.fetch(NOW)
  if (!fetched.ok) throw new Error(fetched.detail)
  expect(parseTick({ source: sourceOf(), raw: fetched.raw, now: NOW })).toMatchObject({
    ok: false,
    reason: 'malformed',
  })
})

test('one attempt, however it fails; and a failed list of markets is asked for again', async () => {
  const paths: string[] = []
  let isUp = false
  const baseUrl = await serve((request, response) => {
    paths.push(request.url?.split('?')[0] ?? '')
    if (!isUp) response.writeHead(500).end()
    else response.end(request.url?.includes('exchangeInfo') ? LISTING : '[]')
  })
  const source = sourceAt(baseUrl)
  expect(await source.fetch(NOW)).toMatchObject({ ok: false, reason: 'server-error' })
  expect(paths).toEqual(['/api/v3/exchangeInfo'])
  isUp = true
  expect(await source.fetch(NOW)).toMatchObject({ ok: true })
  expect(await source.fetch(NOW)).toMatchObject({ ok: true })
  expect(paths).toEqual(['/api/v3/exchangeInfo', '/api/v3/exchangeInfo', '/api/v3/klines', '/api/v3/klines'])
})

test('no key or other secret of ours is ever sent', async () => {
  const headers: string[] = []
  const baseUrl = await serve((request, response) => {
    headers.push(...Object.keys(request.headers))
    response.end(request.url?.includes('exchangeInfo') ? LISTING : '[]')
  })
  await sourceAt(baseUrl).fetch(NOW)
  expect(headers.filter((name) => /key|sign|auth|cookie|secret/i.test(name))).toEqual([])
  expect(headers.length).toBeGreaterThan(0)
})
