import { join } from 'node:path'
import type { NodeSecrets } from '../adapters/encrypted-key-store.ts'
import { evmPeerDirectory, type NumberedOperator, readCommittee, registerPeer } from '../adapters/evm-peer-directory.ts'
import { libp2pTransport } from '../adapters/libp2p/libp2p-transport.ts'
import { libp2pKeyOf, peerKeyOf } from '../adapters/libp2p/peer-identity.ts'
import { pinoPrometheus } from '../adapters/pino-prometheus.ts'
import { type NodeIndex, nodeIndex } from '../core/units.ts'
import type { Telemetry } from '../ports/telemetry.ts'
import type { Transport } from '../ports/transport.ts'
import type { MemberConfig, NodeConfig } from './config.ts'
import { connect, connectTo } from './keys.ts'
import { announcedAddresses, listenAddresses, transportOf } from './network-config.ts'
import type { Party } from './resharing-plan.ts'

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
 * Opens the way to a key ceremony's other parties, who need not sit in the committee of the configuration. What libp2p has to say goes
 * to `node.log` in the data folder: the command's own output is for people.
 * @throws {Error} that names a party whose address is missing.
 */
export function connectParties(
  config: NodeConfig,
  secrets: NodeSecrets,
  parties: readonly Party[],
  self: NodeIndex,
): Promise<Transport> {
  if (transportOf(config).kind === 'tls') {
    const others = parties.filter(({ node }) => node !== self)
    return connectTo(others.map(withAddress), config.listen, secrets)
  }
  const telemetry = pinoPrometheus({ node: config.node, logFile: join(config.dataFolder, 'node.log') })
  const numbered = parties.map(({ node, operator }) => ({ node: nodeIndex(node), operator }))
  return openTransport(config, secrets, numbered, telemetry)
}

function withAddress({ node, operator, host, port, certificatePem }: Party): MemberConfig {
  if (host === undefined || port === undefined || certificatePem === undefined)
    throw new Error(
      `nothing says where member ${operator} is: it needs host, port and certificatePem, or a "registry" in the configuration`,
    )
  return { node, operator, host, port, certificatePem }
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
