import type { NodeStatus } from '../app/http.ts'
import type { JsonRound } from '../app/round-json.ts'
import type { Accepted, StewardMove } from './chain-watch.ts'
import type { Network } from './network.ts'
import type { Incident } from './options.ts'

/** What came of one round. */
export type RoundOutcome = {
  readonly round: number
  /** Market time, unix seconds. */
  readonly time: number
  /** Wall time from the round's beginning to its last transaction. */
  readonly seconds: number
  readonly report?: JsonRound & { readonly gas: number; readonly transaction: string; readonly transmitter: number }
  /** Why there is no report. */
  readonly missed?: string
  /** Every parameter that the steward looked at: moved, or held with the reason. */
  readonly moves: readonly StewardMove[]
  readonly incidents: readonly Incident[]
}

/** A killed node is killed in the midst of its work: after the round began and before it can be over. */
const MID_ROUND_MS = 150
const POLL_MS = 60
/** All attempts of all leaders, and the standbys' turns after that. */
const REPORT_WITHIN_MS = 45_000
/** With fewer than a quorum there is nothing to wait for but the proof that nothing comes. */
const NO_QUORUM_WITHIN_MS = 6_000
/** The steward's turn after the report, with a dead transmitter's standbys. */
const SYNC_WITHIN_MS = 15_000

/** Runs one round of the network: sets the time, lets happen what is to happen, and waits for what comes of it. */
export async function conductRound(
  network: Network,
  round: number,
  incidents: readonly Incident[],
): Promise<RoundOutcome> {
  for (const incident of incidents.filter((each) => each.kind !== 'kill')) await network.apply(incident)
  const started = performance.now()
  await network.begin(round)
  const kills = incidents.filter((each) => each.kind === 'kill')
  if (kills.length > 0) {
    await sleep(MID_ROUND_MS)
    for (const incident of kills) await network.apply(incident)
  }
  const seen = await settle(network, round, started)
  const seconds = (performance.now() - started) / 1000
  const base = { round, time: network.timeOf(round), seconds, moves: seen.moves, incidents }
  const { accepted } = seen
  if (accepted === undefined) return { ...base, missed: await whyMissed(network, round) }
  const certified = await certificateOf(network, round)
  if (certified === undefined)
    return { ...base, missed: 'the report is on chain, but no node answered with its certificate' }
  const transmitter = network.members.find((member) => member.operator === accepted.sender.toLowerCase())?.node ?? 0
  return { ...base, report: { ...certified, gas: accepted.gas, transaction: accepted.transaction, transmitter } }
}

/** Waits for the report and for the steward's answer to each of its records, or until nothing more can be expected. */
async function settle(
  network: Network,
  round: number,
  started: number,
): Promise<{ readonly accepted: Accepted | undefined; readonly moves: readonly StewardMove[] }> {
  const moves: StewardMove[] = []
  let accepted: Accepted | undefined
  let acceptedAt = 0
  for (;;) {
    const seen = await network.watch.next()
    moves.push(...seen.moves)
    const found = seen.accepted.find((each) => each.round === round)
    if (found !== undefined) {
      accepted = found
      acceptedAt = performance.now()
    }
    const answered = new Set(moves.map((move) => move.asset))
    if (accepted?.assets.every((asset) => answered.has(asset))) return { accepted, moves }
    if (accepted !== undefined && performance.now() - acceptedAt > SYNC_WITHIN_MS) return { accepted, moves }
    const able = aliveNodes(network).length - (await abstainers(network, round)).length
    const patience = able >= network.quorum ? REPORT_WITHIN_MS : NO_QUORUM_WITHIN_MS
    if (accepted === undefined && performance.now() - started > patience) return { accepted, moves }
    await sleep(POLL_MS)
  }
}

async function whyMissed(network: Network, round: number): Promise<string> {
  const alive = aliveNodes(network)
  const needed = `${network.quorum} are needed`
  if (alive.length < network.quorum) return `only ${alive.length} of ${network.members.length} nodes are up, ${needed}`
  const abstained = await abstainers(network, round)
  if (alive.length - abstained.length < network.quorum) {
    return `nodes ${abstained.join(', ')} judged no asset for want of venues, ${needed}`
  }
  return `no report within ${REPORT_WITHIN_MS / 1000} s; the nodes’ logs say why`
}

/** Nodes that say they have no observation in this round. */
async function abstainers(network: Network, round: number): Promise<number[]> {
  const asked = aliveNodes(network).map(async (node) => {
    const response = await fetch(`http://127.0.0.1:${network.members[node - 1]?.httpPort}/v1/status`).catch(
      () => undefined,
    )
    const status = response?.ok === true ? ((await response.json()) as NodeStatus) : undefined
    return status?.abstainedIn === round ? [node] : []
  })
  return (await Promise.all(asked)).flat()
}

function aliveNodes(network: Network): number[] {
  return network.members.filter((member) => network.isAlive(member.node)).map((member) => member.node)
}

/** Asks the nodes for the round's certificate: each has it, so the first that answers will do. */
async function certificateOf(network: Network, round: number): Promise<JsonRound | undefined> {
  for (let tries = 0; tries < 10; tries += 1) {
    for (const member of network.members.filter(({ node }) => network.isAlive(node))) {
      const response = await fetch(`http://127.0.0.1:${member.httpPort}/v1/rounds/${round}`).catch(() => undefined)
      if (response?.ok === true) return (await response.json()) as JsonRound
    }
    await sleep(100)
  }
  return undefined
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((wake) => setTimeout(wake, milliseconds))
}
