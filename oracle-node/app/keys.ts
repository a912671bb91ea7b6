import { randomBytes } from 'node:crypto'
import { access, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { type NodeSecrets, openSecrets, sealSecrets } from '../adapters/encrypted-key-store.ts'
import { httpsTransport } from '../adapters/https-transport.ts'
import { makeTlsIdentity } from '../adapters/tls-identity.ts'
import { parseKeygenMessage, toWire } from '../adapters/wire.ts'
import type { Hex } from '../core/bytes.ts'
import { addressOf } from '../core/observation.ts'
import type { PublicKeys, RandomBytes } from '../core/threshold.ts'
import { type NodeIndex, nodeIndex } from '../core/units.ts'
import type { Transport } from '../ports/transport.ts'
import { type KeygenEffect, type KeygenMessage, startKeygen, stepKeygen } from '../protocol/keygen.ts'
import type { NodeConfig } from './config.ts'

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
  const peers = config.members
    .filter((member) => member.node !== config.node)
    .map(({ node, host, port, certificatePem }) => ({ node: nodeIndex(node), host, port, certificatePem }))
  return httpsTransport({
    listen: config.listen,
    keyPem: secrets.tlsKeyPem,
    certificatePem: secrets.tlsCertificatePem,
    peers,
  })
}

const RESEND_MS = 250

/**
 * Takes part in a distributed key generation and seals this node's share into its keystore.
 * @throws {Error} that names the member at fault where that can be known, or who did not answer in time.
 */
export async function generateGroupKey(
  config: NodeConfig,
  passphrase: string,
  options: { readonly timeoutMs: number; readonly replace: boolean },
): Promise<PublicKeys> {
  const path = keystorePath(config.dataFolder)
  const secrets = await openSecrets(path, passphrase)
  if (secrets.group !== undefined && !options.replace) {
    throw new Error(
      `${path} holds a share already, and a second key generation would orphan it. When the first one did not end well at every ` +
        'member, all of them repeat it with --replace',
    )
  }
  const transport = await connect(config, secrets)
  try {
    const made = await ceremony(transport, nodeIndex(config.node), config.members.length, options.timeoutMs)
    const share = Buffer.from(made.secret.share).toString('hex')
    await sealSecrets(path, { ...secrets, group: { node: config.node, share, keys: made.keys } }, passphrase)
    return made.keys
  } finally {
    await transport.close()
  }
}

type Made = Extract<KeygenEffect, { kind: 'done' }>

/** Drives the state machine until it is done and every peer has taken every message: who left early would strand the rest. */
async function ceremony(transport: Transport, self: NodeIndex, members: number, timeoutMs: number): Promise<Made> {
  const deadline = AbortSignal.timeout(timeoutMs)
  const post = patientPost(transport, deadline)
  const outcome = Promise.withResolvers<Made>()
  const carryOut = (effects: readonly KeygenEffect[]): void => {
    for (const effect of effects) {
      if (effect.kind === 'send') post.deliver(effect.to, effect.message)
      else if (effect.kind === 'done') outcome.resolve(effect)
      else outcome.reject(new Error(failureOf(effect)))
    }
  }
  deadline.addEventListener('abort', () => {
    const missing = post.waitingFor().join(', ')
    const why = missing === '' ? 'a message is missing' : `no answer from node ${missing}`
    outcome.reject(
      new Error(`key generation did not finish within ${timeoutMs / 1000} s: ${why}. All members must take part`),
    )
  })
  const started = startKeygen(self, members, osRandom)
  let state = started.state
  transport.onMessage((from, json) => {
    const parsed = parseKeygenMessage(json)
    if (!parsed.ok) return
    const stepped = stepKeygen(state, { from, message: parsed.message })
    state = stepped.state
    carryOut(stepped.effects)
  })
  carryOut(started.effects)
  const made = await outcome.promise
  await post.emptied()
  return made
}

function failureOf(effect: Extract<KeygenEffect, { kind: 'failed' }>): string {
  return `key generation failed: ${effect.node === undefined ? '' : `node ${effect.node} `}${effect.reason}`
}

/** Sends each message until its receiver takes it: members start at different times. */
function patientPost(transport: Transport, deadline: AbortSignal) {
  const open = new Map<Promise<void>, NodeIndex>()
  const persist = async (to: NodeIndex, message: KeygenMessage): Promise<void> => {
    while (!deadline.aborted && !(await transport.send(to, toWire(message)))) {
      await new Promise((wake) => setTimeout(wake, RESEND_MS))
    }
  }
  return {
    deliver: (to: NodeIndex, message: KeygenMessage): void => {
      const sending = persist(to, message).finally(() => open.delete(sending))
      open.set(sending, to)
    },
    waitingFor: () => [...new Set(open.values())],
    emptied: () => Promise.all(open.keys()),
  }
}
