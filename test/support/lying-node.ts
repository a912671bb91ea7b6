import { join } from 'node:path'
import { openSecrets } from '../../oracle-node/adapters/encrypted-key-store.ts'
import { parseSealedMessage, sealedToWire } from '../../oracle-node/adapters/sealed-wire.ts'
import { readConfig, readPassphrase } from '../../oracle-node/app/config.ts'
import { startNode } from '../../oracle-node/app/node.ts'
import { signShareStatement } from '../../oracle-node/core/statements.ts'
import { nodeIndex } from '../../oracle-node/core/units.ts'
import type { Transport } from '../../oracle-node/ports/transport.ts'

/*
 * A node of the real program whose signature shares are wrong when they leave it, signed by its operator as if they were right: what a
 * broken or bribed member looks like to the others. It is started in a node's place by the end-to-end tests.
 */

const config = readConfig(process.argv[process.argv.indexOf('--config') + 1] ?? '')
const passphrase = readPassphrase(config.passphraseFile, process.env)
const { operatorKey } = await openSecrets(join(config.dataFolder, 'keystore.json'), passphrase)
const { chain } = config.run ?? {}
if (chain === undefined) throw new Error('a configuration for rounds')
const domain = { chainId: BigInt(chain.chainId), oracle: chain.oracle }

function withWrongShares(transport: Transport): Transport {
  return { ...transport, send: (to, message) => transport.send(to, spoiled(message)) }
}

function spoiled(json: unknown): unknown {
  const parsed = parseSealedMessage(json)
  if (!parsed.ok || parsed.message.message.kind !== 'share' || parsed.message.seal?.kind !== 'share') return json
  const { seal } = parsed.message
  const message = { ...parsed.message.message, share: `0x${'01'.repeat(32)}` } as const
  const { round, attempt, session, share } = message
  const place = { epoch: config.epoch, round, attempt, session, node: nodeIndex(config.node) }
  const { digest, commitmentsHash, groupCommitment } = seal
  const statement = { ...place, digest, commitmentsHash, groupCommitment, share }
  const signature = signShareStatement(domain, statement, Buffer.from(operatorKey, 'hex'))
  return sealedToWire({ message, seal: { ...seal, signature } })
}

const node = await startNode(config, passphrase, withWrongShares)
const stop = (): void => {
  void node.stop().finally(() => process.exit(0))
}
process.once('SIGTERM', stop)
process.once('disconnect', stop)
process.send?.('ready')
