import { randomBytes } from 'node:crypto'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { libp2pTransport } from '../../../oracle-node/adapters/libp2p/libp2p-transport.ts'
import { libp2pKeyOf, peerKeyOf } from '../../../oracle-node/adapters/libp2p/peer-identity.ts'
import { nodeIndex } from '../../../oracle-node/core/units.ts'
import { freePorts } from '../../../oracle-node/devnet/processes.ts'
import type { Telemetry } from '../../../oracle-node/ports/telemetry.ts'
import type { Transport } from '../../../oracle-node/ports/transport.ts'
import { type TlsMember, tlsMembers, transportOf } from '../../support/tls-members.ts'

type Libp2pMember = { readonly address: string; readonly operatorKey: string }

/** Who is where on loopback, as it can be told to another process; the keys are the measurement's own. */
export type Network =
  | { readonly kind: 'tls'; readonly members: readonly TlsMember[] }
  | { readonly kind: 'libp2p'; readonly members: readonly Libp2pMember[] }

export async function makeNetwork(kind: Network['kind'], size: number): Promise<Network> {
  if (kind === 'tls') return { kind, members: await tlsMembers(size) }
  const ports = await freePorts(size)
  const members = ports.map((port) => ({
    address: `/ip4/127.0.0.1/tcp/${port}`,
    operatorKey: randomBytes(32).toString('hex'),
  }))
  return { kind, members }
}

export function joinNetwork(network: Network, node: number, telemetry: Telemetry): Promise<Transport> {
  if (network.kind === 'tls') {
    const self = network.members[node - 1]
    if (self === undefined) throw new Error(`no member ${node} of ${network.members.length}`)
    return transportOf(self, network.members)
  }
  const peers = network.members.map(({ address, operatorKey }, index) => {
    const privateKey = libp2pKeyOf(peerKeyOf(Buffer.from(operatorKey, 'hex')))
    const peerId = peerIdFromPrivateKey(privateKey).toString()
    return { node: nodeIndex(index + 1), privateKey, peerId, addresses: [address] }
  })
  const self = peers[node - 1]
  if (self === undefined) throw new Error(`no member ${node} of ${peers.length}`)
  return libp2pTransport({
    privateKey: self.privateKey,
    listen: self.addresses,
    directory: { peers: () => peers, onChange: () => undefined, close: () => undefined },
    telemetry,
  })
}
