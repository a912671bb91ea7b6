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
  /** Where the others reach it. */
  readonly host: string
  readonly folder: string
  readonly configFile: string
  readonly passphraseFile: string
  readonly operator: Hex
  readonly certificatePem: string
  readonly port: number
  readonly httpPort: number
}

const LOOPBACK = '127.0.0.1'

/** Where the network's parts are, when not all on the loopback of this machine: in network namespaces, for instance. */
export type Placement = {
  /** Where the chain and the venues listen. */
  readonly servicesHost: string
  /** Where a node listens for the others. */
  hostOf(node: number): string
  /** The multiaddrs that a node is to be reached at; undefined for where it listens. */
  announceOf(node: number, port: number): Promise<readonly string[] | undefined>
  /** Where every node finds a venue that is at this URL. */
  urlFor(url: string): Promise<string>
  /** A command in front of a node's own, that runs it where it belongs. */
  within(node: number): readonly string[]
}

export const ON_LOOPBACK: Placement = {
  servicesHost: LOOPBACK,
  hostOf: () => LOOPBACK,
  announceOf: async () => undefined,
  urlFor: async (url) => url,
  within: () => [],
}
const NODE_PROGRAM = new URL('../app/main.ts', import.meta.url)

/** Makes each node's own folder, passphrase and keys, each in a process of its own, and tells each who the others are. */
export async function makeMembers(
  processes: Processes,
  folder: string,
  count: number,
  onMade: () => void,
  place: Placement,
): Promise<Member[]> {
  const ports = await freePorts(2 * count)
  const members = await Promise.all(
    Array.from({ length: count }, async (_, index): Promise<Member> => {
      const own = join(folder, `node-${index + 1}`)
      mkdirSync(own, { recursive: true, mode: 0o700 })
      const passphraseFile = join(own, 'passphrase')
      writeFileSync(passphraseFile, `${randomBytes(24).toString('base64url')}\n`, { mode: 0o600 })
      const args = ['keys', '--data', own, '--passphrase-file', passphraseFile]
      const printed = await processes.runToEnd(NODE_PROGRAM, args)
      const identity: PublicIdentity = JSON.parse(printed)
      onMade()
      return {
        node: index + 1,
        host: place.hostOf(index + 1),
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
 * Writes a node's configuration: with what was made since, also for taking part in rounds. With a registry the members are left out: each node
 * reads from the chain who they are and where.
 */
export function writeConfig(
  member: Member,
  members: readonly Member[],
  made?: { readonly run: NonNullable<NodeConfigInput['run']>; readonly groupKey: Hex },
  chosen: Pick<NodeConfigInput, 'registry' | 'transport'> = {},
): void {
  const listed = members.map(({ node, host, port, operator, certificatePem }) => ({
    node,
    host,
    port,
    operator,
    certificatePem,
  }))
  const config: NodeConfigInput = {
    node: member.node,
    dataFolder: '.',
    passphraseFile: 'passphrase',
    listen: { host: member.host, port: member.port },
    http: { host: LOOPBACK, port: member.httpPort },
    epoch: 1,
    ...(chosen.registry === undefined ? { members: listed } : {}),
    ...chosen,
    ...made,
  }
  writeFileSync(member.configFile, stringify(config, { lineWidth: 0 }), { mode: 0o600 })
}

/** Lets the nodes make the group key among themselves, over the network; the devnet only starts them and reads the public half. */
export async function keyCeremony(
  processes: Processes,
  members: readonly Member[],
  onDone: () => void,
  place: Placement,
): Promise<PublicKeys> {
  const printed = await Promise.all(
    members.map(async (member) => {
      const output = await processes.runToEnd(
        NODE_PROGRAM,
        ['dkg', '--config', member.configFile],
        place.within(member.node),
      )
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
