import type { NodeSecrets } from '../adapters/encrypted-key-store.ts'
import { evmPeerDirectory, type NumberedOperator, readCommittee, registerPeer } from '../adapters/evm-peer-directory.ts'
import { libp2pTransport } from '../adapters/libp2p/libp2p-transport.ts'
import { libp2pKeyOf, peerKeyOf } from '../adapters/libp2p/peer-identity.ts'
import { nodeIndex } from '../core/units.ts'
import type { Telemetry } from '../ports/telemetry.ts'
import type { Transport } from '../ports/transport.ts'
import type { NodeConfig } from './config.ts'
import { connect } from './keys.ts'
import { announcedAddresses, listenAddresses, transportOf } from './network-config.ts'

/**
 * Who sits in the committee: what the registry says, or the configuration where it names none.
 * @throws {Error} when both say so, and not the same.
 */
export async function committeeOf(config: NodeConfig): Promise<readonly NumberedOperator[]> {
  const configured = config.members.map(({ node, operator }) => ({ node: nodeIndex(node), operator }))
  const { registry, epoch } = config
  if (registry === undefined) return configured
  const registered = await readCommittee({ ...registry, registry: registry.address, epoch })
  const differs = registered.find(({ operator }, index) => configured[index]?.operator !== operator)
  if (configured.length > 0 && (differs !== undefined || configured.length !== registered.length)) {
    const list = (members: readonly NumberedOperator[]): string => members.map(({ operator }) => operator).join(', ')
    throw new Error(
      `the registry ${registry.address} says that the committee of epoch ${epoch} is ${list(registered)}; the configuration says ` +
        `${list(configured)}. Find out which is wrong, or leave "members" out`,
    )
  }
  return registered
}

/** Opens the way to the other members as the configuration chooses it. */
export async function openTransport(
  config: NodeConfig,
  secrets: NodeSecrets,
  committee: readonly NumberedOperator[],
  telemetry: Telemetry,
): Promise<Transport> {
  const { registry } = config
  const transport = transportOf(config)
  if (transport.kind === 'tls') return await connect(config, secrets)
  if (registry === undefined) throw new Error('libp2p needs a registry, which says who the peers are')
  const directory = await evmPeerDirectory({ ...registry, registry: registry.address, operators: committee, telemetry })
  const peerKey = peerKeyOf(Buffer.from(secrets.operatorKey, 'hex'))
  try {
    return await libp2pTransport({
      privateKey: libp2pKeyOf(peerKey),
      listen: listenAddresses(config, transport),
      ...(transport.announce === undefined ? {} : { announce: transport.announce }),
      directory,
      telemetry,
    })
  } catch (error) {
    directory.close()
    throw error
  }
}

/**
 * Says on the chain where this node is; does nothing when that stands there already.
 * @throws {Error} when the configuration has no registry or no address that others reach, or the chain refuses.
 */
export async function registerNode(
  config: NodeConfig,
  secrets: NodeSecrets,
): Promise<{
  readonly peerId: string
  readonly addresses: readonly string[]
  readonly transaction: string | undefined
}> {
  const { registry } = config
  const transport = transportOf(config)
  if (registry === undefined || transport.kind !== 'libp2p')
    throw new Error(
      'only a node with a "registry" in its configuration, and without TLS as its transport, is registered',
    )
  const addresses = announcedAddresses(config, transport)
  const operatorKey = Buffer.from(secrets.operatorKey, 'hex')
  const registered = await registerPeer({ ...registry, registry: registry.address, operatorKey, addresses })
  return { ...registered, addresses }
}
