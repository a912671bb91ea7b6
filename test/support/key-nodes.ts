import { join } from 'node:path'
import { openSecrets } from '../../oracle-node/adapters/encrypted-key-store.ts'
import type { NodeConfig } from '../../oracle-node/app/config.ts'
import { keystorePath, newKeys } from '../../oracle-node/app/keys.ts'
import type { SecretShare } from '../../oracle-node/core/threshold.ts'
import { nodeIndex } from '../../oracle-node/core/units.ts'
import { freePorts } from '../../oracle-node/devnet/processes.ts'
import { temporaryFolder } from './temporary-folder.ts'

export const PASSPHRASE = 'a passphrase of some length'
const HOST = '127.0.0.1'

/** Operators with keys of their own in folders of their own, each configured as a member of the committee that they all are. */
export async function makeNodes(count: number): Promise<NodeConfig[]> {
  const folder = temporaryFolder()
  const ports = await freePorts(count)
  const made = []
  for (let index = 0; index < count; index += 1) {
    const dataFolder = join(folder, `node-${index + 1}`)
    const identity = await newKeys(dataFolder, PASSPHRASE)
    made.push({ dataFolder, port: ports[index] ?? 0, ...identity })
  }
  return committeeOf(made.map(({ dataFolder, port, ...identity }) => ({ ...identity, dataFolder, port })))
}

type Made = {
  readonly dataFolder: string
  readonly port: number
  readonly operator: `0x${string}`
  readonly certificatePem: string
}

function committeeOf(made: readonly Made[]): NodeConfig[] {
  const members = made.map(({ port, operator, certificatePem }, index) => ({
    node: index + 1,
    host: HOST,
    port,
    operator,
    certificatePem,
  }))
  return made.map(({ dataFolder, port }, index) => ({
    node: index + 1,
    dataFolder,
    listen: { host: HOST, port },
    http: { host: HOST, port: 1 },
    epoch: 1,
    members,
  }))
}

/** Configurations of some of these operators as a committee of its own, numbered in the order given. */
export function asCommittee(nodes: readonly NodeConfig[]): NodeConfig[] {
  return committeeOf(
    nodes.map(({ dataFolder, listen, members, node }) => {
      const own = members[node - 1]
      if (own === undefined) throw new Error('a node is among its members')
      return { dataFolder, port: listen.port, operator: own.operator, certificatePem: own.certificatePem }
    }),
  )
}

/** The share in a node's keystore. */
export async function shareOf({ dataFolder }: NodeConfig): Promise<SecretShare> {
  const { group } = await openSecrets(keystorePath(dataFolder), PASSPHRASE)
  if (group === undefined) throw new Error('no share')
  return { node: nodeIndex(group.node), share: new Uint8Array(Buffer.from(group.share, 'hex')) }
}
