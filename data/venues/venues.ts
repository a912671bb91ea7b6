import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { VENUES, type VenueId } from '../../oracle-node/core/market.ts'
import type { BaseUrls, History } from '../recorded/history.ts'
import { type FaultKind, HUGE_BYTES } from './faults.ts'
import { FORMATS } from './formats.ts'
import { type StreamServer, streamServer } from './stream-server.ts'
import { venueView } from './view.ts'
import type { VenueReply } from './wire-format.ts'

export type Venues = {
  /** Origins of the venues that the history has markets of. */
  readonly baseUrls: BaseUrls
  /** The same servers' WebSocket origins; the paths on them are the venues' own. */
  readonly streamUrls: BaseUrls
  readonly faults: { set(venue: VenueId, fault: FaultKind | null): void }
  /** Lets the streams send at once what `now()` has brought: for a clock that is put forward by hand. */
  look(): void
  /** REST requests since the start, by venue. */
  requests(): Readonly<Partial<Record<VenueId, number>>>
  close(): Promise<void>
}

/** Longer than any poll's pause, so that a client never writes to a connection that is being closed. */
const KEEP_ALIVE_MS = 120_000

/**
 * Starts one server a venue, each on a free port of its own, that serves the history in the venue's own REST and WebSocket formats as
 * of `now()`: nothing after that moment is ever visible.
 * @param options.now unix seconds, which may have a fraction and may run at any speed.
 * @param options.venues those to serve; all that the history has markets of when absent.
 * @param options.port of the first venue, the others on those after it; free ones when absent.
 * @param options.lookMs real time between looks at the history for the streams, 10 to 1000; each venue's own pause when absent.
 * @throws {Error} of the operating system when a port is taken; nothing is left running then.
 */
export async function startVenues(options: {
  readonly history: History
  readonly now: () => number
  readonly host?: string
  readonly venues?: readonly VenueId[]
  readonly lookMs?: number
  readonly port?: number
}): Promise<Venues> {
  const { history, now, host = '127.0.0.1' } = options
  const faults = new Map<VenueId, FaultKind>()
  const counts = new Map<VenueId, number>()
  const servers: Running[] = []
  const baseUrls: Partial<Record<VenueId, string>> = {}
  const streamUrls: Partial<Record<VenueId, string>> = {}
  const start = async (venue: VenueId): Promise<void> => {
    counts.set(venue, 0)
    const server = createServer((request, response) => {
      counts.set(venue, (counts.get(venue) ?? 0) + 1)
      answer(request, response, { history, venue, now: now(), fault: faults.get(venue) })
    })
    server.keepAliveTimeout = KEEP_ALIVE_MS
    const streams = streamsOf({ history, venue, now, fault: () => faults.get(venue), lookMs: options.lookMs })
    server.on('upgrade', streams.upgrade)
    const port = options.port === undefined ? 0 : options.port + servers.length
    servers.push({ server, streams })
    server.listen(port, host)
    await once(server, 'listening')
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error(`the server of ${venue} has no port`)
    baseUrls[venue] = `http://${host}:${address.port}`
    streamUrls[venue] = `ws://${host}:${address.port}`
  }
  try {
    for (const venue of options.venues ?? VENUES) if (history.markets(venue).length > 0) await start(venue)
  } catch (error) {
    await Promise.all(servers.map(closed))
    throw error
  }
  return {
    baseUrls,
    streamUrls,
    faults: {
      set: (venue, fault) => {
        if (fault === null) faults.delete(venue)
        else faults.set(venue, fault)
      },
    },
    look: () => {
      for (const { streams } of servers) streams.look()
    },
    requests: () => Object.fromEntries(counts),
    close: async () => {
      await Promise.all(servers.map(closed))
    },
  }
}

type Running = { readonly server: Server; readonly streams: StreamServer }

function streamsOf(options: {
  readonly history: History
  readonly venue: VenueId
  readonly now: () => number
  readonly fault: () => FaultKind | undefined
  readonly lookMs: number | undefined
}): StreamServer {
  const { history, venue, now, fault } = options
  const { rest, stream } = FORMATS[venue]
  const { fillsEmpty } = rest
  const { sampleMs } = stream
  return streamServer({
    format: stream,
    now,
    fault,
    lookMs: options.lookMs ?? sampleMs,
    view: () => {
      const kind = fault()
      const shown = kind === 'nan' ? undefined : kind
      return venueView({ history, venue, now: now(), fillsEmpty, sampleMs, fault: shown })
    },
  })
}

type Moment = {
  readonly history: History
  readonly venue: VenueId
  readonly now: number
  readonly fault: FaultKind | undefined
}

function answer(request: IncomingMessage, response: ServerResponse, moment: Moment): void {
  const format = FORMATS[moment.venue].rest
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
  const { rest: format, stream } = FORMATS[moment.venue]
  if (request.method !== 'GET') return { status: 405, body: { message: 'only GET is served' } }
  const url = URL.parse(request.url ?? '/', 'http://venue')
  if (url === null) return { status: 400, body: { message: 'not a path' } }
  const view = venueView({ ...moment, fillsEmpty: format.fillsEmpty, sampleMs: stream.sampleMs })
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

async function closed({ server, streams }: Running): Promise<void> {
  await streams.close()
  if (!server.listening) return
  const done = once(server, 'close')
  server.close()
  server.closeAllConnections()
  await done
}
