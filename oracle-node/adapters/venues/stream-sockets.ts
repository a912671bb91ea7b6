import type { Exchange } from 'ccxt'
import type { FollowedMarket } from './followed-market.ts'
import { isFields } from './read-message.ts'
import type { StreamProtocol } from './stream-protocols.ts'

/** ccxt's own side of a socket. */
export type StreamSocket = Exchange['clients'][string]

/**
 * Puts a receiver between ccxt's sockets and ccxt, and tapes where ccxt keeps trades.
 * @param hooks.receive Gets every message, as JSON gave it or as the text that is none.
 * @param hooks.record Whether a trade that ccxt read was one.
 * @returns ccxt's own handler, for what is not ours.
 */
export function hookSockets(
  exchange: Exchange,
  markets: Iterable<FollowedMarket>,
  hooks: {
    receive(socket: StreamSocket, message: unknown): void
    record(isTrade: boolean): void
  },
): Exchange['handleMessage'] {
  const own = exchange.handleMessage.bind(exchange)
  const open = exchange.client.bind(exchange)
  const known = new WeakSet<StreamSocket>()
  exchange.client = (url) => {
    const socket = open(url)
    if (!known.has(socket)) tame(socket)
    known.add(socket)
    return socket
  }
  exchange.handleMessage = hooks.receive
  // Sealed: a trade of a market that nobody asked for finds no place.
  const tapes = [...markets].map(({ market, tape }) => [
    market.symbol,
    Object.assign([], { append: (trade: unknown) => hooks.record(tape.append(trade)), getLimit: () => 0 }),
  ])
  Object.assign(exchange, { trades: Object.seal(Object.fromEntries(tapes)) })
  return own
}

/** Ends sockets in whatever state they are: a peer that is gone answers no goodbye. */
export function dropSockets(exchange: Exchange, reason: Error): void {
  for (const socket of Object.values(exchange.clients)) {
    socket.error ??= reason
    socket.reset(socket.error)
    socket.connection?.terminate()
  }
  exchange.clients = {}
}

/** Two habits of ccxt's that a hostile venue could use: to print what is no JSON, and to leave a failed send to nobody. */
function tame(socket: StreamSocket): void {
  const send = socket.send.bind(socket)
  socket.log = () => undefined
  socket.send = (message) =>
    send(message).catch((error: unknown) => {
      socket.onError(error)
    })
}

/** The address that ccxt has for a venue's books and trades, or what a configuration put in its place. */
export function socketUrl(exchange: Exchange, { url: { path, suffix = '' } }: StreamProtocol): string {
  let url: unknown = exchange.urls.api
  for (const step of path) url = isFields(url) ? url[step] : undefined
  return exchange.implodeHostname(`${String(url)}${suffix}`)
}
