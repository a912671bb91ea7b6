import { httpsTransport, type Peer } from '../../oracle-node/adapters/https-transport.ts'
import { makeTlsIdentity } from '../../oracle-node/adapters/tls-identity.ts'
import { type NodeIndex, nodeIndex } from '../../oracle-node/core/units.ts'
import { freePorts } from '../../oracle-node/devnet/processes.ts'
import type { Transport } from '../../oracle-node/ports/transport.ts'

export type TlsMember = {
  readonly node: NodeIndex
  readonly port: number
  readonly keyPem: string
  readonly certificatePem: string
}

const HOST = '127.0.0.1'

/** Members with identities and ports of their own; `name` gives the certificate's subject. */
export async function tlsMembers(
  count: number,
  name: (node: number) => string = (node) => `member-${node}`,
): Promise<TlsMember[]> {
  const ports = await freePorts(count)
  return Promise.all(
    ports.map(async (port, index) => ({
      node: nodeIndex(index + 1),
      port,
      ...(await makeTlsIdentity(name(index + 1), new Date())),
    })),
  )
}

export function peerOf({ node, port, certificatePem }: TlsMember): Peer {
  return { node, host: HOST, port, certificatePem }
}

/** A member's transport to all the others. */
export function transportOf(self: TlsMember, members: readonly TlsMember[]): Promise<Transport> {
  return httpsTransport({
    listen: { host: HOST, port: self.port },
    keyPem: self.keyPem,
    certificatePem: self.certificatePem,
    peers: members.filter(({ node }) => node !== self.node).map(peerOf),
  })
}
