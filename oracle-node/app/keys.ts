import { randomBytes } from 'node:crypto'
import { access, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { type NodeSecrets, sealSecrets } from '../adapters/encrypted-key-store.ts'
import { httpsTransport } from '../adapters/https-transport.ts'
import { makeTlsIdentity } from '../adapters/tls-identity.ts'
import type { Hex } from '../core/bytes.ts'
import { addressOf } from '../core/observation.ts'
import type { RandomBytes } from '../core/threshold.ts'
import { nodeIndex } from '../core/units.ts'
import type { Transport } from '../ports/transport.ts'
import type { MemberConfig, NodeConfig } from './config.ts'

/** What others need to know of a node before key generation. */
export type PublicIdentity = { readonly operator: Hex; readonly certificatePem: string }

export const osRandom: RandomBytes = (length = 32) => new Uint8Array(randomBytes(length))

export function keystorePath(dataFolder: string): string {
  return join(dataFolder, 'keystore.json')
}

/**
 * Makes a node's operator key and TLS identity and seals them into its data folder.
 * @throws {Error} when there is a keystore already: it is never written over.
 */
export async function newKeys(dataFolder: string, passphrase: string): Promise<PublicIdentity> {
  const path = keystorePath(dataFolder)
  await mkdir(dataFolder, { recursive: true, mode: 0o700 })
  const exists = await access(path).then(
    () => true,
    () => false,
  )
  if (exists) throw new Error(`${path} exists and is not written over; move it away if you really want new keys`)
  const operatorKey = secp256k1.utils.randomSecretKey(osRandom(48))
  // The name is the operator's own: OpenSSL looks up a pinned certificate by its subject, so no two may share one.
  const operator = addressOf(secp256k1.getPublicKey(operatorKey, false))
  const tls = await makeTlsIdentity(operator, new Date())
  const secrets: NodeSecrets = {
    operatorKey: Buffer.from(operatorKey).toString('hex'),
    tlsKeyPem: tls.keyPem,
    tlsCertificatePem: tls.certificatePem,
  }
  await sealSecrets(path, secrets, passphrase)
  return { operator, certificatePem: tls.certificatePem }
}

export function identityOf(secrets: NodeSecrets): PublicIdentity {
  const operator = addressOf(secp256k1.getPublicKey(Buffer.from(secrets.operatorKey, 'hex'), false))
  return { operator, certificatePem: secrets.tlsCertificatePem }
}

/** Opens the transport to the other members as the configuration names them. */
export function connect(config: NodeConfig, secrets: NodeSecrets): Promise<Transport> {
  const others = config.members.filter((member) => member.node !== config.node)
  return connectTo(others, config.listen, secrets)
}

/** Opens the transport to peers under the numbers given. */
export function connectTo(
  peers: readonly MemberConfig[],
  listen: NodeConfig['listen'],
  secrets: NodeSecrets,
): Promise<Transport> {
  return httpsTransport({
    listen,
    keyPem: secrets.tlsKeyPem,
    certificatePem: secrets.tlsCertificatePem,
    peers: peers.map(({ node, host, port, certificatePem }) => ({ node: nodeIndex(node), host, port, certificatePem })),
  })
}
