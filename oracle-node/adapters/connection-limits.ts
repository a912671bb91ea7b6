import type { Socket } from 'node:net'
import type { Server, TLSSocket } from 'node:tls'

/** Connections that may be in their handshake at once: more strangers than that push out each other, oldest first. */
const HANDSHAKES_MAX = 64
/** A peer's agent keeps four; the rest is room for those that it gave up on and that are not closed here yet. */
const CONNECTIONS_EACH_MAX = 8

/**
 * Limits a TLS server so that nobody shuts out anybody else: what strangers may hold and what each member may hold are counted
 * apart. A limit on all connections together would let a flood of strangers keep members out.
 */
export function limitConnections(server: Server): void {
  const strangers = new Map<string, Socket>()
  const known = new Map<string, Set<TLSSocket>>()
  server.on('connection', (socket: Socket) => {
    const key = endOf(socket)
    strangers.set(key, socket)
    socket.once('close', () => strangers.delete(key))
    const [oldest] = strangers.values()
    if (strangers.size > HANDSHAKES_MAX) oldest?.destroy()
  })
  server.on('secureConnection', (socket: TLSSocket) => {
    strangers.delete(endOf(socket))
    const peer = socket.getPeerX509Certificate()?.fingerprint256 ?? ''
    const own = known.get(peer) ?? new Set()
    known.set(peer, own.add(socket))
    socket.once('close', () => {
      own.delete(socket)
      if (own.size === 0 && known.get(peer) === own) known.delete(peer)
    })
    const [oldest] = own
    if (own.size > CONNECTIONS_EACH_MAX) oldest?.destroy()
  })
}

function endOf(socket: Socket): string {
  return `${socket.remoteAddress} ${socket.remotePort}`
}
