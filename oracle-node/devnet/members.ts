import { randomBytes } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stringify } from 'yaml'
import type { NodeConfigInput } from '../app/config.ts'
import type { PublicIdentity } from '../app/keys.ts'
import type { Hex } from '../core/bytes.ts'
import type { PublicKeys } from '../core/threshold.ts'
import { freePorts, type Processes } from './processes.ts'

/** One node of the network as the devnet knows it: where it is, and nothing that is secret. */
export type Member = {
  readonly node: number
  readonly folder: string
  readonly configFile: string
  readonly passphraseFile: string
  readonly operator: Hex
  readonly certificatePem: string
  readonly port: number
  readonly httpPort: number
}

const HOST = '127.0.0.1'
const NODE_PROGRAM = new URL('../app/main.ts', import.meta.url)

/** Makes each node's own folder, passphrase and keys, each in a process of its own, and tells each who the others are. */
export async function makeMembers(
  processes: Processes,
  folder: string,
  count: number,
  onMade: () => void,
): Promise<Member[]> {
  const ports = await freePorts(2 * count)
  const members = await Promise.all(
    Array.from({ length: count }, async (_, index): Promise<Member> => {
      const own = join(folder, `node-${index + 1}`)
      mkdirSync(own, { recursive: true, mode: 0o700 })
      const passphraseFile = join(own, 'passphrase')
      writeFileSync(passphraseFile, `${randomBytes(24).toString('base64url')}\n`, { mode: 0o600 })
      const printed = await processes.runToEnd(NODE_PROGRAM, [
        'keys',
        '--data',
        own,
        '--passphrase-file',
        passphraseFile,
      ])
      const identity: PublicIdentity = JSON.parse(printed)
      onMade()
      return {
        node: index + 1,
        folder: own,
        configFile: join(own, 'node.yaml'),
        passphraseFile,
        ...identity,
        port: ports[2 * index] ?? 0,
        httpPort: ports[2 * index + 1] ?? 0,
      }
    }),
  )
  for (const member of members) writeConfig(member, members)
  return members
}

/**
 * Writes a node's configuration: with `run`, also for taking part in rounds. With a registry the members are left out: each node
 * reads from the chain who they are and where.
 */
export function writeConfig(
  member: Member,
  members: readonly Member[],
  run?: NodeConfigInput['run'],
  registry?: NodeConfigInput['registry'],
): void {
  const listed = members.map(({ node, port, operator, certificatePem }) => ({
    node,
    host: HOST,
    port,
    operator,
    certificatePem,
  }))
  const config: NodeConfigInput = {
    node: member.node,
    dataFolder: '.',
    passphraseFile: 'passphrase',
    listen: { host: HOST, port: member.port },
    http: { host: HOST, port: member.httpPort },
    epoch: 1,
    ...(registry === undefined ? { members: listed } : { registry }),
    ...(run === undefined ? {} : { run }),
  }
  writeFileSync(member.configFile, stringify(config, { lineWidth: 0 }), { mode: 0o600 })
}

/** Lets the nodes make the group key among themselves, over the network; the devnet only starts them and reads the public half. */
export async function keyCeremony(
  processes: Processes,
  members: readonly Member[],
  onDone: () => void,
): Promise<PublicKeys> {
  const printed = await Promise.all(
    members.map(async (member) => {
      const output = await processes.runToEnd(NODE_PROGRAM, ['dkg', '--config', member.configFile])
      onDone()
      return output
    }),
  )
  const [first, ...others] = printed
  if (first === undefined || others.some((each) => each !== first)) {
    throw new Error(`the nodes came out of key generation with different keys:\n${printed.join('')}`)
  }
  return JSON.parse(first)
}
