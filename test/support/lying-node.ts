import { readConfig, readPassphrase } from '../../oracle-node/app/config.ts'
import { startNode } from '../../oracle-node/app/node.ts'
import type { Transport } from '../../oracle-node/ports/transport.ts'

/*
 * A node of the real program whose signature shares are wrong when they leave it: what a broken or bribed member looks like
 * to the others. It is started in a node's place by the end-to-end tests.
 */

function withWrongShares(transport: Transport): Transport {
  return {
    ...transport,
    send: (to, message) =>
      transport.send(to, isShare(message) ? { ...message, share: `0x${'01'.repeat(32)}` } : message),
  }
}

function isShare(message: unknown): message is { kind: 'share' } {
  return typeof message === 'object' && message !== null && 'kind' in message && message.kind === 'share'
}

const config = readConfig(process.argv[process.argv.indexOf('--config') + 1] ?? '')
const node = await startNode(config, readPassphrase(config.passphraseFile, process.env), withWrongShares)
const stop = (): void => {
  void node.stop().finally(() => process.exit(0))
}
process.once('SIGTERM', stop)
process.once('disconnect', stop)
process.send?.('ready')
