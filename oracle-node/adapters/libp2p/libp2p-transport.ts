import type { PrivateKey } from '@libp2p/interface'
import { peerIdFromPrivateKey, peerIdFromString } from '@libp2p/peer-id'
import type { NodeIndex } from '../../core/units.ts'
import type { PeerDirectory } from '../../ports/peer-directory.ts'
import type { Telemetry } from '../../ports/telemetry.ts'
import type { Transport } from '../../ports/transport.ts'
import { committeeGossip } from './gossip.ts'
import { CONNECTIONS_EACH_MAX, MESSAGE_BYTES_MAX, REDIAL_MS, SEND_TIMEOUT_MS, STREAMS_MAX } from './limits.ts'
import { type CommitteeNode, makeNode } from './make-node.ts'
import { MemberBook } from './member-book.ts'
import { PeerAllowances } from './peer-allowance.ts'
import { type Receiver, receive } from './receive-stream.ts'
import { type Line, lineTo, MESSAGE_PROTOCOL } from './send-stream.ts'

export type Libp2pOptions = {
  readonly privateKey: PrivateKey
  /** Multiaddrs to listen at, for instance `/ip4/0.0.0.0/tcp/4001`. */
  readonly listen: readonly string[]
  /** Where others reach this node, when that is elsewhere: behind NAT, or by a DNS name. */
  readonly announce?: readonly string[]
  readonly directory: PeerDirectory
  readonly telemetry: Telemetry
}

/**
 * libp2p between members: TCP or WebSockets, noise, yamux. A connection proves its peer id, and whoever is not in the directory is
 * refused in the handshake. One stream a message, answered by a byte that says whether the peer took it; a broadcast goes by gossip.
 * @throws {Error} when it can't listen where it is told to.
 */
export async function libp2pTransport(options: Libp2pOptions): Promise<Transport> {
  const { directory, telemetry } = options
  const allowances = new PeerAllowances(() => performance.now())
  const members = new MemberBook(directory, peerIdFromPrivateKey(options.privateKey).toString(), telemetry)
  const node = await makeGatedNode(options, members, allowances)
  const closing = new AbortController()
  let handler: ((from: NodeIndex, message: unknown) => void) | undefined
  const receiver: Receiver = {
    allowances,
    nodeOf: (peerId) => members.nodeOf(peerId),
    deliver: (from, message) => {
      handler?.(from, message)
      return handler !== undefined
    },
    onOffence: (peerId, what) => {
      const member = members.nodeOf(peerId)
      telemetry.count('plimsoll_messages_rejected_total', { node: String(member ?? 'stranger') })
      if (!allowances.offend(peerId)) return
      telemetry.log('warn', 'peer-shut-out', { member, peerId, last: what })
      part(node, peerId, 'shut out')
    },
  }
  await node.handle(MESSAGE_PROTOCOL, (stream, connection) => void receive(stream, connection, receiver), {
    // Above what a peer's allowance lets through, so that the allowance refuses, and counts, what is too much.
    maxInboundStreams: STREAMS_MAX,
  })
  const lines = linesOf(node, members, closing.signal)
  const gossip = committeeGossip(node, receiver)
  limitConnections(node)
  await start(node, options.listen)
  const redialling = keepConnected(node, members, closing.signal)
  directory.onChange(() => {
    for (const peerId of members.refresh()) {
      lines.drop(peerId)
      part(node, peerId, 'no member any more')
    }
    allowances.keepOnly(new Set(members.peerIds()))
    redialling.now()
  })
  return {
    send: async (to, message) => {
      const peerId = members.peerIdOf(to)
      return peerId === undefined ? false : await lines.to(peerId).post(bytesOf(message))
    },
    broadcast: async (message) => {
      const body = bytesOf(message)
      if (body.length > MESSAGE_BYTES_MAX) return
      const reached = await gossip.publish(body)
      const others = members.peerIds().filter((peerId) => !reached.has(peerId))
      await Promise.all(others.map((peerId) => lines.to(peerId).post(body)))
    },
    onMessage: (given) => {
      handler = given
    },
    close: async () => {
      closing.abort()
      redialling.stop()
      directory.close()
      await node.stop()
    },
  }
}

function makeGatedNode(
  options: Libp2pOptions,
  members: MemberBook,
  allowances: PeerAllowances,
): Promise<CommitteeNode> {
  const refused = (peerId: string): boolean => members.nodeOf(peerId) === undefined || allowances.isShutOut(peerId)
  return makeNode({
    ...options,
    announce: options.announce ?? [],
    gater: {
      denyDialPeer: (peer) => refused(peer.toString()),
      denyInboundEncryptedConnection: (peer) => refused(peer.toString()),
      denyOutboundEncryptedConnection: (peer) => refused(peer.toString()),
    },
  })
}

function linesOf(node: CommitteeNode, members: MemberBook, closing: AbortSignal) {
  const lines = new Map<string, Line>()
  return {
    to: (peerId: string): Line => {
      const addresses = () => members.addressesOf(peerId)
      const line = lines.get(peerId) ?? lineTo(node, peerIdFromString(peerId), { addresses, closing })
      lines.set(peerId, line)
      return line
    },
    drop: (peerId: string): void => void lines.delete(peerId),
  }
}

function part(node: CommitteeNode, peerId: string, why: string): void {
  for (const connection of node.getConnections(peerIdFromString(peerId))) connection.abort(new Error(why))
}

/** Dials every member that is not connected, now and again and again. */
function keepConnected(node: CommitteeNode, members: MemberBook, closing: AbortSignal) {
  const dial = (): void => {
    for (const peerId of members.peerIds()) {
      const addresses = members.addressesOf(peerId)
      if (addresses.length === 0 || node.getConnections(peerIdFromString(peerId)).length > 0) continue
      const signal = AbortSignal.any([AbortSignal.timeout(SEND_TIMEOUT_MS), closing])
      // A member that is down, or shut out, is no event: it is dialled again, and a send to it says so.
      node.dial(addresses, { signal }).catch(() => undefined)
    }
  }
  const timer = setInterval(dial, REDIAL_MS)
  dial()
  return { now: dial, stop: (): void => clearInterval(timer) }
}

function bytesOf(message: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(message))
}

async function start(node: CommitteeNode, listen: readonly string[]): Promise<void> {
  try {
    await node.start()
  } catch (error) {
    await node.stop()
    throw new Error(`can't listen at ${listen.join(', ')}: ${error instanceof Error ? error.message : error}`)
  }
}

/** A member that connects again and again loses its own oldest, and takes no room from anybody else. */
function limitConnections(node: CommitteeNode): void {
  node.addEventListener('connection:open', ({ detail }) => {
    const open = node.getConnections(detail.remotePeer).filter(({ status }) => status === 'open')
    for (const surplus of open.slice(0, Math.max(0, open.length - CONNECTIONS_EACH_MAX)))
      surplus.abort(new Error('too many connections'))
  })
}
