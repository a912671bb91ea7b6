import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type RawData, WebSocket, WebSocketServer } from 'ws'
import { type FaultKind, OLD_SECONDS } from './faults.ts'
import { clockError, type FaultyWire, faultyEvent, faultyWire } from './stream-faults.ts'
import { type Fed, type Feed, feedOf } from './stream-feeds.ts'
import type {
  Moment,
  StreamChannel,
  StreamConnection,
  StreamFormat,
  StreamSession,
  Subscription,
} from './stream-format.ts'
import { sampledAt, type VenueView } from './view.ts'

export type StreamServer = {
  /** Takes over a connection that asks for WebSocket. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void
  /** Sends what has happened since the last look, without waiting for the next. */
  look(): void
  close(): Promise<void>
}

/** No venue takes longer requests: Binance's largest has 1,024 names of 50 letters. */
const REQUEST_BYTES_MAX = 128 * 1_024
/** As many as Binance allows a connection, doubled for venues that allow more. */
const SUBSCRIPTIONS_MAX = 2_048
/** A client that is this far behind is cut off, as venues do. */
const UNSENT_BYTES_MAX: number = 64 * 1_024 * 1_024
/** How often venues say that they are alive; the pause is real, whatever the server's clock does. */
const HEARTBEAT_MS = 1_000
const PING_MS = 20_000

type Client = {
  readonly connection: StreamConnection
  readonly wire: FaultyWire
}
type Channel = { readonly feed: Feed; readonly members: Map<Client, Subscription> }

/**
 * One venue's WebSocket server. Once every `lookMs` of real time it looks at what the history holds by the server's clock and sends
 * what has changed; where that clock is faster than the real one, one message covers more of its time.
 */
export function streamServer(options: {
  readonly format: StreamFormat
  readonly view: () => VenueView
  /** Unix seconds, with a fraction. */
  readonly now: () => number
  readonly fault: () => FaultKind | undefined
  readonly lookMs: number
}): StreamServer {
  const { format, fault } = options
  const server = new WebSocketServer({ noServer: true, maxPayload: REQUEST_BYTES_MAX, perMessageDeflate: false })
  const clients = new Set<Client>()
  const channels = new Map<string, Channel>()
  const time = (): number => sampledAt(options.now(), format.sampleMs)
  const shown = (): number => Math.floor(options.now() * 1_000) + clockError(fault(), OLD_SECONDS) * 1_000

  const deliver = (client: Client, subscription: Subscription, fed: Fed | undefined): void => {
    if (fed === undefined) return
    const kind = fault()
    const event = faultyEvent(fed.event, kind)
    const moment = momentOf(fed, kind)
    const messages = client.connection.encode(subscription, { ...event, moment }).map(textOf)
    client.wire.send(messages, kind, { key: subscription.key, book: event.kind === 'changes' })
  }
  const look = (): void => {
    // A venue that refuses connections has closed those that there were.
    if (refusalOf(fault(), true) !== undefined) for (const socket of server.clients) socket.terminate()
    const at = time()
    const view = options.view()
    for (const { feed, members } of channels.values()) {
      const fed = feed.look(view, at)
      for (const [client, subscription] of members) deliver(client, subscription, fed)
    }
  }
  const subscriptions = subscriptionsOf({ channels, view: options.view, time, deliver })
  const timers = [
    setInterval(look, options.lookMs),
    setInterval(() => {
      for (const { connection, wire } of clients) wire.send((connection.heartbeat?.() ?? []).map(textOf), fault())
    }, HEARTBEAT_MS),
    setInterval(() => pingAll(server, fault()), PING_MS),
  ]
  let opened = 0
  server.on('connection', (socket: WebSocket, request: IncomingMessage) => {
    opened += 1
    const url = urlOf(request)
    const wire = faultyWire(wireTo(socket))
    const own = subscriptions.of(() => client)
    const session: StreamSession = {
      number: opened,
      path: url?.pathname ?? '/',
      query: url?.searchParams ?? new URLSearchParams(),
      markets: options.view().markets,
      now: shown,
      send: (message) => wire.send([textOf(message)], fault()),
      ...own,
    }
    const client: Client = { wire, connection: format.open(session) }
    clients.add(client)
    listen(socket, client, () => {
      clients.delete(client)
      for (const key of own.subscriptions.keys()) own.unsubscribe(key)
    })
  })
  return {
    upgrade: (request, socket, head) => {
      const refusal = refusalOf(fault(), format.path.test(urlOf(request)?.pathname ?? ''))
      // A client that hangs up meanwhile is no error of ours.
      socket.on('error', () => socket.destroy())
      if (refusal === undefined) {
        server.handleUpgrade(request, socket, head, (accepted) => server.emit('connection', accepted, request))
      } else socket.end(`HTTP/1.1 ${refusal}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`)
    },
    look,
    close: async () => {
      for (const timer of timers) clearInterval(timer)
      for (const socket of server.clients) socket.terminate()
      await new Promise<void>((done) => server.close(() => done()))
    },
  }
}

function momentOf({ sequence, previous }: Fed, fault: FaultKind | undefined): Moment {
  const now = sequence + clockError(fault, OLD_SECONDS) * 1_000
  return { now, sequence, previous, checksumError: fault === 'bad-checksum' ? 1 : 0 }
}

function pingAll(server: WebSocketServer, fault: FaultKind | undefined): void {
  if (fault !== 'silent') for (const socket of server.clients) socket.ping()
}

function listen(socket: WebSocket, { connection }: Client, closed: () => void): void {
  socket.on('message', (data) => connection.receive(receivedText(data)))
  socket.on('error', () => socket.terminate())
  socket.on('close', closed)
}

/** One feed a channel, whoever listens to it; gone with its last listener. */
function subscriptionsOf(options: {
  readonly channels: Map<string, Channel>
  readonly view: () => VenueView
  readonly time: () => number
  readonly deliver: (client: Client, subscription: Subscription, fed: Fed | undefined) => void
}) {
  const { channels, view, time, deliver } = options
  const nameOf = (channel: StreamChannel): string => JSON.stringify(channel)
  return {
    of: (client: () => Client) => {
      const all = new Map<string, Subscription>()
      let numbers = 0
      return {
        subscriptions: all,
        subscribe: (key: string, channel: StreamChannel): Subscription | undefined => {
          const known = all.get(key)
          if (known !== undefined || all.size >= SUBSCRIPTIONS_MAX) return known
          numbers += 1
          const subscription = { key, id: numbers, channel }
          all.set(key, subscription)
          return subscription
        },
        start: (subscription: Subscription): void => {
          const name = nameOf(subscription.channel)
          const channel = channels.get(name) ?? {
            feed: feedOf(subscription.channel, view(), time()),
            members: new Map(),
          }
          channels.set(name, channel)
          channel.members.set(client(), subscription)
          deliver(client(), subscription, channel.feed.first())
        },
        unsubscribe: (key: string): Subscription | undefined => {
          const subscription = all.get(key)
          if (subscription === undefined) return undefined
          all.delete(key)
          const name = nameOf(subscription.channel)
          const members = channels.get(name)?.members
          if (members?.get(client()) === subscription) members.delete(client())
          if (members?.size === 0) channels.delete(name)
          return subscription
        },
      }
    },
  }
}

function refusalOf(fault: FaultKind | undefined, isPath: boolean): string | undefined {
  if (fault === 'http-429') return '429 Too Many Requests'
  if (fault === 'http-500') return '500 Internal Server Error'
  return isPath ? undefined : '404 Not Found'
}

function wireTo(socket: WebSocket): Parameters<typeof faultyWire>[0] {
  return {
    write: (text) => {
      if (socket.readyState !== WebSocket.OPEN) return
      if (socket.bufferedAmount > UNSENT_BYTES_MAX) socket.terminate()
      else socket.send(text)
    },
    drop: () => socket.terminate(),
  }
}

function receivedText(data: RawData): string {
  if (Array.isArray(data)) return Buffer.concat(data).toString()
  return data instanceof ArrayBuffer ? Buffer.from(data).toString() : data.toString()
}

function urlOf(request: IncomingMessage): URL | null {
  return URL.parse(request.url ?? '/', 'http://venue')
}

function textOf(message: string | object): string {
  return typeof message === 'string' ? message : JSON.stringify(message)
}
