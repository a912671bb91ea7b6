import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { VenueId } from '../../oracle-node/core/market.ts'
import type { UnixSeconds } from '../../oracle-node/core/units.ts'
import type { BaseUrls, History } from '../recorded/history.ts'
import { binanceFormat } from './binance.ts'
import { coinbaseFormat } from './coinbase.ts'
import { HUGE_BYTES, type VenueFaultKind } from './faults.ts'
import { krakenFormat } from './kraken.ts'
import { venueView } from './view.ts'
import type { VenueReply, WireFormat } from './wire-format.ts'

export type Venues = {
  /** Origins of the venues that the history has markets of. */
  readonly baseUrls: BaseUrls
  readonly faults: { set(venue: VenueId, fault: VenueFaultKind | null): void }
  /** Requests since the start, by venue. */
  requests(): Readonly<Partial<Record<VenueId, number>>>
  close(): Promise<void>
}

const FORMATS: Readonly<Record<VenueId, WireFormat>> = {
  binance: binanceFormat,
  binanceus: binanceFormat,
  coinbaseexchange: coinbaseFormat,
  kraken: krakenFormat,
}

/** Longer than any poll's pause, so that a client never writes to a connection that is being closed. */
const KEEP_ALIVE_MS = 120_000

/**
 * Starts one HTTP server a venue, each on a free port of its own, that serves the history in the venue's own REST format as of
 * `now()`: nothing after that moment is ever visible.
 */
export async function startVenues(options: {
  readonly history: History
  readonly now: () => UnixSeconds
  readonly host?: string
}): Promise<Venues> {
  const { history, now, host = '127.0.0.1' } = options
  const faults = new Map<VenueId, VenueFaultKind>()
  const counts = new Map<VenueId, number>()
  const servers = new Map<VenueId, Server>()
  const baseUrls: Partial<Record<VenueId, string>> = {}
  for (const venue of Object.keys(FORMATS) as VenueId[]) {
    if (history.markets(venue).length === 0) continue
    counts.set(venue, 0)
    const server = createServer((request, response) => {
      counts.set(venue, (counts.get(venue) ?? 0) + 1)
      answer(request, response, { history, venue, now: now(), fault: faults.get(venue) })
    })
    server.keepAliveTimeout = KEEP_ALIVE_MS
    server.listen(0, host)
    await once(server, 'listening')
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error(`the server of ${venue} has no port`)
    servers.set(venue, server)
    baseUrls[venue] = `http://${host}:${address.port}`
  }
  return {
    baseUrls,
    faults: {
      set: (venue, fault) => {
        if (fault === null) faults.delete(venue)
        else faults.set(venue, fault)
      },
    },
    requests: () => Object.fromEntries(counts),
    close: async () => {
      await Promise.all([...servers.values()].map(closed))
    },
  }
}

type Moment = {
  readonly history: History
  readonly venue: VenueId
  readonly now: number
  readonly fault: VenueFaultKind | undefined
}

function answer(request: IncomingMessage, response: ServerResponse, moment: Moment): void {
  const format = FORMATS[moment.venue]
  switch (moment.fault) {
    case 'silent':
      return
    case 'garbage':
      response.writeHead(200, { 'content-type': 'text/html' }).end('<html><body>Just a moment…</body></html>')
      return
    case 'huge':
      sendHuge(response)
      return
    case 'wrong-shape':
      send(response, { status: 200, body: { status: 'ok', data: { candles: 'moved' } } })
      return
    case 'http-429':
      send(response, { status: 429, body: format.tooMany })
      return
    case 'http-500':
      send(response, { status: 500, body: format.broken })
      return
    default:
      send(response, replyTo(request, moment))
  }
}

function replyTo(request: IncomingMessage, moment: Moment): VenueReply {
  const format = FORMATS[moment.venue]
  if (request.method !== 'GET') return { status: 405, body: { message: 'only GET is served' } }
  const url = URL.parse(request.url ?? '/', 'http://venue')
  if (url === null) return { status: 400, body: { message: 'not a path' } }
  const view = venueView({ ...moment, fillsEmpty: format.fillsEmpty })
  return format.reply({ path: url.pathname, query: url.searchParams }, view)
}

function send(response: ServerResponse, { status, body }: VenueReply): void {
  const text = JSON.stringify(body)
  response
    .writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) })
    .end(text)
}

/** A valid but endless list, as fast as the client takes it. */
function sendHuge(response: ServerResponse): void {
  const piece = Buffer.from('[0,0,0,0,0,0],'.repeat(4_096))
  let left = HUGE_BYTES
  const more = (): void => {
    while (left > 0 && !response.destroyed) {
      left -= piece.length
      if (!response.write(piece)) {
        response.once('drain', more)
        return
      }
    }
    if (!response.destroyed) response.end('[]]')
  }
  response.on('error', () => response.destroy())
  response.writeHead(200, { 'content-type': 'application/json' }).write('[')
  more()
}

async function closed(server: Server): Promise<void> {
  const done = once(server, 'close')
  server.close()
  server.closeAllConnections()
  await done
}
