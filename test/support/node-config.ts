import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stringify } from 'yaml'
import type { NodeConfigInput } from '../../oracle-node/app/config.ts'
import { LIVE_MARKETS } from '../../oracle-node/app/live-markets.ts'
import { temporaryFolder } from './temporary-folder.ts'

const ADDRESS = `0x${'ab'.repeat(20)}`

/** A whole and sound configuration of node 2 of 4, as plain data. */
export function sampleConfig(): NodeConfigInput {
  return {
    node: 2,
    dataFolder: 'data',
    passphraseFile: 'passphrase',
    listen: { host: '127.0.0.1', port: 4_001 },
    http: { host: '127.0.0.1', port: 4_002 },
    epoch: 1,
    members: [1, 2, 3, 4].map((node) => ({
      node,
      host: `node-${node}.example`,
      port: 4_000 + node,
      operator: `0x${String(node).padStart(40, 'A')}`,
      certificatePem: `-----BEGIN CERTIFICATE-----\n${node}\n-----END CERTIFICATE-----\n`,
    })),
    run: {
      chain: { rpcUrl: 'http://127.0.0.1:8545', chainId: 31_337, oracle: ADDRESS },
      schedule: { genesis: 1_700_000_000, stepSeconds: 900, clock: 'system' },
      validForSeconds: 1_860,
      modelsFolder: '../models',
      markets: structuredClone(LIVE_MARKETS),
    },
  }
}

/** Writes a configuration, or whatever else a file may hold, and gives its path. */
export function writeConfigFile(content: unknown): string {
  const path = join(temporaryFolder(), 'node.yaml')
  writeFileSync(path, typeof content === 'string' ? content : stringify(content))
  return path
}
