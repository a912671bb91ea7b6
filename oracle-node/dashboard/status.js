import { capitalised, clock, duration, listed, nodesListed } from './format.js'
import { lastReported, partOf } from './state.js'

/** Rounds without it after which a node that is up counts as silent. */
const SILENT_ROUNDS = 3
/** A replay's pace before two rounds have shown it. */
const REPLAY_PACE_MS = 30_000
/** So that a fast replay's jitter does not raise an alarm. */
const GRACE_MS = 3_000

/**
 * What to tell somebody who looks at the page once: the worst thing first.
 * @returns {{level: 'idle' | 'good' | 'warn' | 'alarm', headline: string, detail: string}}
 */
export function statusOf(view) {
  return (
    unreachable(view) ??
    waiting(view) ??
    noQuorum(view) ??
    overdue(view) ??
    missed(view) ??
    weakened(view) ??
    reporting(view)
  )
}

/** When the last round was heard of, in milliseconds: of rounds before the page was opened only a live network's is known. */
export function heardAt({ network, arrivals, loadedAt }) {
  if (arrivals.length > 0) return arrivals.at(-1)
  const last = network?.rounds.at(-1)
  return network?.input.source === 'live' && last !== undefined ? last.time * 1_000 : loadedAt
}

function unreachable({ network, lost, retryAt, now }) {
  if (!lost) return undefined
  const again = retryAt > now ? `Trying again in ${duration(Math.ceil((retryAt - now) / 1_000))}.` : 'Trying again now.'
  const last = network?.rounds.at(-1)
  const shown = last === undefined ? '' : `What you see below is as of round ${last.round}, and may be old. `
  return { level: 'alarm', headline: 'Connection to the network’s server lost', detail: `${shown}${again}` }
}

function waiting({ network }) {
  if (network === undefined) {
    return {
      level: 'idle',
      headline: 'Connecting to the network',
      detail: 'The page asks its server for the rounds so far.',
    }
  }
  if (network.rounds.length > 0) return undefined
  const detail = 'The nodes are up and read the market. Their first report will appear here.'
  return { level: 'idle', headline: 'Waiting for the first round', detail }
}

function noQuorum({ network }) {
  const { nodes, quorum, rounds } = network
  const up = nodes.filter((node) => node.alive).length
  if (up >= quorum) return undefined
  return {
    level: 'alarm',
    headline: `No quorum: ${up} of ${nodes.length} nodes are up, ${quorum} are needed`,
    detail: oldRecords(rounds),
  }
}

function overdue(view) {
  const silence = view.now - heardAt(view)
  const pace = paceOf(view)
  if (silence <= 2 * pace + GRACE_MS) return undefined
  return {
    level: 'alarm',
    headline: `No round for ${duration(silence / 1_000)}`,
    detail: `One was due every ${duration(Math.max(1, pace / 1_000))}. ${oldRecords(view.network.rounds)}`,
  }
}

function missed({ network: { rounds } }) {
  const last = rounds.at(-1)
  if (last.missed === undefined) return undefined
  return {
    level: 'alarm',
    headline: `Round ${last.round} brought no report`,
    detail: `${capitalised(last.missed)}. ${oldRecords(rounds)}`,
  }
}

function weakened({ network }) {
  const { nodes, quorum, rounds } = network
  const down = nodes.filter((node) => !node.alive).map(({ node }) => node)
  const reported = rounds.filter((round) => round.report !== undefined).slice(-SILENT_ROUNDS)
  const quiet = nodes
    .filter(
      ({ node, alive }) =>
        alive && reported.length === SILENT_ROUNDS && reported.every((round) => partOf(round, node) === 'silent'),
    )
    .map(({ node }) => node)
  if (down.length + quiet.length === 0) return undefined
  const spare = nodes.length - down.length - quiet.length - quorum
  const left = spare > 0 ? `${spare} more may fail.` : 'No further node may fail.'
  if (down.length > 0) {
    return {
      level: 'warn',
      headline: `Reporting without ${nodesListed(down)}`,
      detail: `${down.length === 1 ? 'It is' : 'They are'} down. ${left}`,
    }
  }
  const detail = `Up, but not among the observers of the last ${SILENT_ROUNDS} reports. ${left}`
  return {
    level: 'warn',
    headline: `Reporting, but ${nodesListed(quiet)} ${quiet.length === 1 ? 'is' : 'are'} silent`,
    detail,
  }
}

function reporting({ network: { rounds } }) {
  const { round, report, seconds } = rounds.at(-1)
  const by = `signed by ${nodesListed(report.signers)}, stored on chain by node ${report.transmitter}`
  const took = `${seconds.toFixed(1)}\u202fs`
  const detail = `Round ${round}: seen by ${listed(report.observers)}, ${by}, in ${took}.`
  return { level: 'good', headline: 'Reporting', detail }
}

/** What consumers read while no new report comes. */
function oldRecords(rounds) {
  const last = lastReported(rounds)
  if (last === undefined) return 'No report has been stored yet.'
  const until = Math.min(...last.report.records.map((record) => record.observedAt + record.validForSeconds))
  const now = rounds.at(-1).time
  const validity =
    now > until ? `were valid until ${clock(until)} and are refused now` : `are valid until ${clock(until)}`
  return `Round ${last.round}’s records stand; they ${validity} (market time).`
}

/** Milliseconds between rounds: the median of the last ones heard. A replay is faster than its step, so that is no guide. */
function paceOf({ network, arrivals }) {
  const gaps = arrivals.slice(-10).flatMap((at, index, all) => (index === 0 ? [] : [at - all[index - 1]]))
  if (gaps.length > 0) return gaps.sort((a, b) => a - b)[gaps.length >> 1]
  return network.input.source === 'live' ? network.stepSeconds * 1_000 : REPLAY_PACE_MS
}
