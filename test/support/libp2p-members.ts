import { randomBytes } from 'node:crypto'
import type { PrivateKey } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { libp2pTransport } from '../../oracle-node/adapters/libp2p/libp2p-transport.ts'
import { libp2pKeyOf, peerKeyOf } from '../../oracle-node/adapters/libp2p/peer-identity.ts'
import { type NodeIndex, nodeIndex } from '../../oracle-node/core/units.ts'
import { freePorts } from '../../oracle-node/devnet/processes.ts'
import type { MemberPeer, PeerDirectory } from '../../oracle-node/ports/peer-directory.ts'
import type { Transport } from '../../oracle-node/ports/transport.ts'
import { memoryTelemetry } from './memory-telemetry.ts'

export type Libp2pMember = {
  readonly node: NodeIndex
  readonly port: number
  readonly privateKey: PrivateKey
  readonly peerId: string
  readonly address: string
}

export function strangerKey(): PrivateKey {
  return libp2pKeyOf(peerKeyOf(randomBytes(32)))
}

/** Members with keys and ports of their own; `suffix` behind the port, for instance `/ws`. */
export async function libp2pMembers(count: number, suffix = ''): Promise<Libp2pMember[]> {
  const ports = await freePorts(count)
  return ports.map((port, index) => {
    const privateKey = strangerKey()
    const peerId = peerIdFromPrivateKey(privateKey).toString()
    return { node: nodeIndex(index + 1), port, privateKey, peerId, address: `/ip4/127.0.0.1/tcp/${port}${suffix}` }
  })
}

/** A directory that a test changes as it likes. */
export function changingDirectory(
  first: readonly MemberPeer[],
): PeerDirectory & { set(peers: readonly MemberPeer[]): void } {
  let peers = first
  const handlers: Array<() => void> = []
  return {
    peers: () => peers,
    onChange: (handler) => void handlers.push(handler),
    close: () => undefined,
    set: (given) => {
      peers = given
      for (const handler of handlers) handler()
    },
  }
}

export function peersOf(members: readonly Libp2pMember[]): MemberPeer[] {
  return members.map(({ node, peerId, address }) => ({ node, peerId, addresses: [address] }))
}

/** A member's transport to all the others. */
export function libp2pTransportOf(
  self: Libp2pMember,
  members: readonly Libp2pMember[],
  directory: PeerDirectory = changingDirectory(peersOf(members)),
): Promise<Transport> {
  return libp2pTransport({
    privateKey: self.privateKey,
    listen: [self.address],
    directory,
    telemetry: memoryTelemetry(),
  })
}
