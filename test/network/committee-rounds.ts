import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Contract } from 'ethers'
import { riskOracleAbi } from '../../contracts/abi/risk-oracle.generated.ts'
import { SYNTHETIC_START, syntheticHistory } from '../../data/synthetic/simulator.ts'
import { buildContracts } from '../../oracle-node/devnet/build.ts'
import { type Network, startNetwork } from '../../oracle-node/devnet/network.ts'
import { leaderOf } from '../../oracle-node/protocol/committee.ts'
import { logOf } from '../e2e/run-devnet.ts'
import { makeNamespaces, type Namespaces } from './namespaces.ts'

const POLL_MS = 100

/** A committee of real nodes, each a process in a network namespace of its own, over libp2p. */
export type Committee = {
  readonly network: Network
  readonly namespaces: Namespaces
  readonly nodes: readonly number[]
  /** Begins the next round. @returns Its number. */
  begin(): Promise<number>
  /** Which of the nodes hold a round's certificate once these do, or after the time. */
  certified(round: number, by: readonly number[], withinMs: number): Promise<number[]>
  /** The round that the chain stored last. */
  latestOnChain(): Promise<number>
  /** The node that leads the round to come first. */
  nextLeader(): number
  stop(): Promise<void>
}

export async function startCommittee(count: number): Promise<Committee> {
  await buildContracts()
  const namespaces = await makeNamespaces(count)
  let network: Network
  try {
    network = await startNetwork({
      folder: mkdtempSync(join(tmpdir(), 'plimsoll-network-')),
      stepSeconds: 900,
      market: {
        kind: 'replay',
        history: syntheticHistory({ seed: '1', from: SYNTHETIC_START, hours: 48 }),
        from: SYNTHETIC_START,
      },
      onStage: () => undefined,
      transport: 'libp2p',
      nodes: count,
      place: namespaces.place,
    })
  } catch (error) {
    namespaces.remove()
    throw error
  }
  let round = 0
  const nodes = network.members.map(({ node }) => node)
  const holders = (wanted: number): number[] =>
    nodes.filter((node) =>
      logOf(network, node).some((line) => line.event === 'round-certified' && line.round === wanted),
    )
  return {
    network,
    namespaces,
    nodes,
    begin: async () => {
      round += 1
      await network.begin(round)
      return round
    },
    certified: async (wanted, by, withinMs) => {
      const until = performance.now() + withinMs
      for (;;) {
        const found = holders(wanted)
        if (by.every((node) => found.includes(node)) || performance.now() > until) return found
        await new Promise((wake) => setTimeout(wake, POLL_MS))
      }
    },
    latestOnChain: async () => {
      const oracle = new Contract(network.deployment.oracle, riskOracleAbi, network.provider)
      return Number(await oracle.getFunction('latestRound')())
    },
    nextLeader: () => {
      const operators = network.members.map(({ operator }) => operator)
      return leaderOf({ epoch: 1, operators }, round + 1, 0)
    },
    stop: async () => {
      await network.stop()
      namespaces.remove()
    },
  }
}
