import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type WebSocket, WebSocketServer } from 'ws'
import { startVenues, type Venues } from '../../../data/venues/venues.ts'
import { ccxtVenues } from '../../../oracle-node/adapters/venues/venue-ccxt.ts'
import { VENUES } from '../../../oracle-node/core/market.ts'
import type { UnixSeconds } from '../../../oracle-node/core/units.ts'
import { spoiled } from '../../support/hostile-json.ts'
import { memoryTelemetry } from '../../support/memory-telemetry.ts'
import { movingHistory, movingSource } from '../../support/moving-market.ts'
import { VENUE_MESSAGES } from '../../support/venue-messages.ts'

const MESSAGES = 400
const SEED = 20_260

let rest: Venues
const unhandled: unknown[] = []
const note = (error: unknown): void => {
  unhandled.push(error)
}
beforeAll(async () => {
  process.on('unhandledRejection', note)
  rest = await startVenues({ history: movingHistory(), now: () => Date.now() / 1_000 })
})
afterAll(async () => {
  await rest.close()
  process.off('unhandledRejection', note)
})

/** A WebSocket server that does with each connection whatever a test wants. */
async function hostileServer(
  onConnection: (socket: WebSocket) => void,
): Promise<{ url: string; close(): Promise<void> }> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  server.on('connection', (socket) => {
    socket.on('error', () => socket.terminate())
    onConnection(socket)
  })
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return {
    url: `ws://127.0.0.1:${address.port}`,
    close: async () => {
      for (const socket of server.clients) socket.terminate()
      await new Promise<void>((done) => server.close(() => done()))
    },
  }
}

function follow(venue: (typeof VENUES)[number], streamUrl: string, timeoutMs = 400) {
  const telemetry = memoryTelemetry()
  const config = {
    venues: { [venue]: { baseUrl: rest.baseUrls[venue], streamUrl, stream: true } },
    timeoutMs,
    responseBytesMax: 200_000,
  }
  const venues = ccxtVenues(config, telemetry)
  const source = venues.market(movingSource(venue))
  return { telemetry, venues, fetch: () => source.fetch(Math.floor(Date.now() / 1_000) as UnixSeconds) }
}

describe.each(VENUES)('%s', (venue) => {
  test('hostile messages of every kind end in a named rejection, and never in a crash', async () => {
    const messages = fc.sample(fc.constantFrom(...VENUE_MESSAGES[venue]).chain(spoiled), {
      numRuns: MESSAGES,
      seed: SEED,
    })
    const texts = [
      ...messages.map((message) => JSON.stringify(message) ?? ''),
      '{',
      '[1,2',
      '[',
      'null',
      'pong',
      '',
      '{"a":NaN}',
      '['.repeat(10_000),
    ]
    let sent = 0
    const server = await hostileServer((socket) => {
      // At once, so that what comes behind an error is read before the connection is given up for it.
      for (const text of texts) socket.send(text)
      sent += texts.length
    })
    const { venues, fetch } = follow(venue, server.url)
    const fetched = await fetch()
    if (!fetched.ok)
      expect([
        'out-of-sync',
        'unreachable',
        'timeout',
        'refused',
        'malformed',
        'rate-limited',
        'server-error',
      ]).toContain(fetched.reason)
    await pause(300)
    expect(sent).toBeGreaterThan(MESSAGES)
    await venues.close()
    await server.close()
    await pause(20)
    expect(unhandled).toEqual([])
  })
})

test('trades of markets that nobody asked for are kept nowhere, and counted', async () => {
  const server = await hostileServer((socket) => {
    for (let index = 0; index < 500; index++) {
      socket.send(
        JSON.stringify({
          arg: { channel: 'trades', instId: `X${index}-USDT` },
          data: [{ instId: `X${index}-USDT`, tradeId: '1', px: '1', sz: '1', side: 'buy', ts: '1630048897897' }],
        }),
      )
    }
  })
  const { venues, telemetry, fetch } = follow('okx', server.url)
  expect(await fetch()).toMatchObject({ ok: false, reason: 'out-of-sync' })
  expect(telemetry.counted('plimsoll_stream_messages_rejected_total', { venue: 'okx' })).toBe(500)
  await venues.close()
  await server.close()
})

test('a server that accepts and hangs up is asked again after a pause that grows, not at once', async () => {
  let connections = 0
  const server = await hostileServer((socket) => {
    connections++
    socket.terminate()
  })
  const { venues, telemetry, fetch } = follow('kraken', server.url, 2_500)
  expect(await fetch()).toMatchObject({ ok: false, reason: 'unreachable' })
  await pause(2_500)
  expect(connections).toBeGreaterThanOrEqual(2)
  expect(connections).toBeLessThanOrEqual(4)
  expect(telemetry.counted('plimsoll_stream_reconnects_total', { venue: 'kraken' })).toBeGreaterThanOrEqual(2)
  await venues.close()
  const before = connections
  await pause(1_500)
  expect(connections).toBe(before)
  await server.close()
})

test('where nobody listens, the stream is unreachable within the time limit', async () => {
  const server = await hostileServer(() => undefined)
  await server.close()
  const { venues, fetch } = follow('bybit', server.url)
  const start = performance.now()
  expect(await fetch()).toMatchObject({ ok: false, reason: 'unreachable' })
  expect(performance.now() - start).toBeLessThan(1_500)
  await venues.close()
})
