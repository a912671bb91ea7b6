import { JsonRpcProvider } from 'ethers'
import { deployRegistry } from '../../contracts/script/deploy-plimsoll.ts'
import type { History } from '../../data/recorded/history.ts'
import { startVenues, type Venues } from '../../data/venues/venues.ts'
import type { NodeConfigInput, RunConfig } from '../app/config.ts'
import { LIVE_MARKETS } from '../app/live-markets.ts'
import { faultyMax, quorum } from '../core/quorum.ts'
import { type UnixSeconds, unixSeconds } from '../core/units.ts'
import { type ChainWatch, chainWatch } from './chain-watch.ts'
import { type Deployment, deployAll } from './deployment.ts'
import { keyCeremony, type Member, makeMembers, ON_LOOPBACK, type Placement, writeConfig } from './members.ts'
import type { Incident } from './options.ts'
import { type Child, Processes } from './processes.ts'

export const NODES = 4
/** Steps of {@link startNetwork} that its progress is counted in. */
export const STAGES: number = 2 * NODES + 5 + 2 + NODES

const CHAIN_PROGRAM = new URL('chain.ts', import.meta.url)
const NODE_PROGRAM = new URL('../app/main.ts', import.meta.url)
/** The chain starts this long before the first round, so that what is deployed stands before it. */
const LEAD_SECONDS = 3_600

export type NetworkOptions = {
  readonly folder: string
  readonly stepSeconds: number
  readonly market:
    | { readonly kind: 'replay'; readonly history: History; readonly from: UnixSeconds }
    /** The venues' public endpoints and the wall clock. */
    | { readonly kind: 'live' }
  readonly onStage: (stage: string) => void
  /** How the nodes talk in rounds; libp2p finds the peers by a registry on the chain. Default: mutual TLS. */
  readonly transport?: 'tls' | 'libp2p'
  /** Default: {@link NODES}. */
  readonly nodes?: number
  /** Default: everything on the loopback of this machine. */
  readonly place?: Placement
  /** Programs that some nodes run in place of the real one, by number; for tests of faulty members. */
  readonly programs?: Readonly<Record<number, URL>>
}

/** The network on this machine: a chain, the contracts, the venues, and the nodes, each of the latter a process of its own. */
export type Network = {
  readonly members: readonly Member[]
  readonly faulty: number
  readonly quorum: number
  readonly groupKey: string
  readonly deployment: Deployment
  readonly rpcUrl: string
  readonly provider: JsonRpcProvider
  readonly watch: ChainWatch
  /** Unix seconds at which a round begins. */
  timeOf(round: number): number
  isAlive(node: number): boolean
  /** Sends a node's process a signal: SIGSTOP freezes it with its connections open. */
  signal(node: number, signal: NodeJS.Signals): void
  /** Sets the chain's and the venues' time to the beginning of a round; live, waits for it. */
  begin(round: number): Promise<void>
  apply(incident: Incident): Promise<void>
  stop(): Promise<void>
}

/**
 * Sets everything up from nothing.
 * @throws {Error} with what a process printed, when one fails; everything started before is stopped.
 */
export async function startNetwork(options: NetworkOptions): Promise<Network> {
  const processes = new Processes()
  try {
    return await assemble(options, processes)
  } catch (error) {
    await processes.stop()
    throw error
  }
}

async function assemble(options: NetworkOptions, processes: Processes): Promise<Network> {
  const { folder, stepSeconds, market, onStage, nodes: count = NODES, place = ON_LOOPBACK } = options
  const firstRoundAt = market.kind === 'replay' ? market.from : Math.floor(Date.now() / 1000)
  onStage('local chain')
  const { rpcUrl, provider } = await startChain(
    processes,
    firstRoundAt - (market.kind === 'replay' ? LEAD_SECONDS : 0),
    place.servicesHost,
  )
  const members = await makeMembers(processes, folder, count, () => onStage('node keys'), place)
  const keys = await keyCeremony(processes, members, () => onStage('group key'), place)
  const operators = members.map((member) => member.operator)
  const deployment = await deployAll({ provider, keys, epoch: 1, operators, onStage })

  const registry =
    options.transport === 'libp2p' ? await startRegistry(provider, rpcUrl, deployment, operators) : undefined

  const marketTime = { now: unixSeconds(firstRoundAt) }
  onStage('venues')
  const history = market.kind === 'replay' ? market.history : undefined
  const venues = history && (await startVenues({ history, now: () => marketTime.now, host: place.servicesHost }))
  const genesis = market.kind === 'replay' ? firstRoundAt - stepSeconds : Math.floor(Date.now() / 1000)
  const baseUrls = await reachable(venues?.baseUrls ?? {}, place)
  const run = runConfig({ market, baseUrls, stepSeconds, genesis, rpcUrl, deployment })
  const nodes = nodeRunner(processes, members, place, options.programs ?? {})
  await Promise.all(
    members.map(async (member) => {
      const chosen = registry && (await withRegistry(member, registry, place))
      writeConfig(member, members, { run, groupKey: keys.groupKey }, chosen)
      const register = ['register', '--config', member.configFile]
      if (registry !== undefined) await processes.runToEnd(NODE_PROGRAM, register, place.within(member.node))
      await nodes.start(member.node)
      onStage('nodes')
    }),
  )
  const timeOf = (round: number): number => genesis + round * stepSeconds
  return {
    members,
    faulty: faultyMax(count),
    quorum: quorum(count),
    groupKey: keys.groupKey,
    deployment,
    rpcUrl,
    provider,
    watch: await chainWatch(provider, deployment),
    timeOf,
    isAlive: nodes.isAlive,
    signal: nodes.signal,
    begin: async (round) => {
      if (market.kind === 'live') return await waitUntil(timeOf(round))
      marketTime.now = unixSeconds(timeOf(round))
      await provider.send('evm_setNextBlockTimestamp', [timeOf(round)])
      await provider.send('evm_mine', [])
    },
    apply: async (incident) => {
      if (incident.kind === 'fault') venues?.faults.set(incident.venue, incident.fault)
      else if (incident.kind === 'kill') await nodes.kill(incident.node)
      else await nodes.start(incident.node)
    },
    stop: async () => {
      await processes.stop()
      provider.destroy()
      await venues?.close()
    },
  }
}

async function startChain(
  processes: Processes,
  startsAt: number,
  host: string,
): Promise<{ readonly rpcUrl: string; readonly provider: JsonRpcProvider }> {
  const { said } = await processes.start(CHAIN_PROGRAM, [String(startsAt), host])
  const rpcUrl = `http://${host}:${portIn(said)}`
  const quick = { staticNetwork: true, batchMaxCount: 1, cacheTimeout: -1, pollingInterval: 50 }
  return { rpcUrl, provider: new JsonRpcProvider(rpcUrl, undefined, quick) }
}

/** The registry of committees with this network's; each node says in it itself where it is. */
async function startRegistry(
  provider: JsonRpcProvider,
  rpcUrl: string,
  { chainId }: Deployment,
  operators: readonly string[],
): Promise<NonNullable<NodeConfigInput['registry']>> {
  const address = await deployRegistry(await provider.getSigner(0), { epoch: 1, operators })
  return { address, rpcUrl, chainId }
}

async function reachable(baseUrls: Venues['baseUrls'], place: Placement): Promise<Venues['baseUrls']> {
  const found: Record<string, string> = {}
  for (const [venue, url] of Object.entries(baseUrls)) found[venue] = await place.urlFor(url)
  return found
}

async function withRegistry(
  member: Member,
  registry: NonNullable<NodeConfigInput['registry']>,
  place: Placement,
): Promise<Pick<NodeConfigInput, 'registry' | 'transport'>> {
  const announce = await place.announceOf(member.node, member.port)
  return announce === undefined ? { registry } : { registry, transport: { kind: 'libp2p', announce: [...announce] } }
}

/** The nodes' processes: each can be killed as if its machine had failed, and started again on its own folder. */
function nodeRunner(
  processes: Processes,
  members: readonly Member[],
  place: Placement,
  programs: Readonly<Record<number, URL>>,
) {
  const children = new Map<number, Child>()
  const isAlive = (node: number): boolean => children.get(node)?.alive() === true
  return {
    isAlive,
    start: async (node: number): Promise<void> => {
      const member = members[node - 1]
      if (member === undefined) throw new Error(`there is no node ${node}; the nodes are 1 to ${members.length}`)
      if (isAlive(node)) return
      const started = await processes.start(
        programs[node] ?? NODE_PROGRAM,
        ['run', '--config', member.configFile],
        place.within(node),
      )
      children.set(node, started.child)
    },
    signal: (node: number, signal: NodeJS.Signals): void => children.get(node)?.kill(signal),
    kill: async (node: number): Promise<void> => {
      children.get(node)?.kill('SIGKILL')
      await children.get(node)?.exited
    },
  }
}

function runConfig(parts: {
  readonly market: NetworkOptions['market']
  readonly baseUrls: Venues['baseUrls']
  readonly stepSeconds: number
  readonly genesis: number
  readonly rpcUrl: string
  readonly deployment: Deployment
}): RunConfig {
  const { market, baseUrls, stepSeconds, genesis, rpcUrl, deployment } = parts
  const markets = market.kind === 'replay' ? market.history.marketConfig(baseUrls) : LIVE_MARKETS
  const tokens = Object.entries(deployment.market.tokens)
  const assets = Object.fromEntries(tokens.map(([asset, token]) => [asset, token.toLowerCase() as `0x${string}`]))
  return {
    chain: {
      rpcUrl,
      chainId: deployment.chainId,
      oracle: deployment.oracle,
      steward: { address: deployment.steward, assets },
    },
    schedule: { genesis, stepSeconds, clock: market.kind === 'replay' ? 'chain' : 'system' },
    // Two missed rounds and a minute: then a consumer must not go on as if nothing had happened.
    validForSeconds: Math.min(65_535, 2 * stepSeconds + 60),
    tolerance: { priceBps: 300, riskBps: 500, clockSeconds: 120 },
    timing: { collectMs: 1_000, shareMs: 1_500, attemptMs: 5_000, transmitMs: 3_000 },
    modelsFolder: new URL('../../models/', import.meta.url).pathname,
    markets,
    lending: { dataProvider: deployment.market.dataProvider.toLowerCase() as `0x${string}`, reserves: assets },
    logLevel: 'info',
  }
}

async function waitUntil(seconds: number): Promise<void> {
  await new Promise((wake) => setTimeout(wake, Math.max(0, seconds * 1000 - Date.now())))
}

function portIn(said: unknown): number {
  const port = typeof said === 'object' && said !== null && 'port' in said ? Number(said.port) : Number.NaN
  if (!Number.isInteger(port))
    throw new Error(`the chain's process said ${JSON.stringify(said)} where its port was needed`)
  return port
}
