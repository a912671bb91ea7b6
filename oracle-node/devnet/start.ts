import { mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { SingleBar } from 'cli-progress'
import { Command, Option } from 'commander'
import { buildContracts } from './build.ts'
import { conductRound, type RoundOutcome } from './conduct.ts'
import { type Dashboard, startDashboard } from './dashboard.ts'
import { chooseInput, type Input } from './input.ts'
import { type Network, NODES, STAGES, startNetwork } from './network.ts'
import {
  type Incident,
  parseCount,
  parseDuration,
  parseNodeIncident,
  parsePort,
  parseSpeed,
  parseTime,
  parseVenueFault,
} from './options.ts'
import { roundLines } from './print.ts'
import { summaryOf } from './summary.ts'

const RUNS = fileURLToPath(new URL('../../.plimsoll/runs/', import.meta.url))
const RUNS_KEPT = 5
const DEFAULT_PORT = 8080
/** Market time to wall time when a person watches: a round of 15 minutes every three seconds. */
const WATCHED_SPEED = 300

type Options = {
  readonly rounds?: number
  readonly json?: boolean
  readonly data?: string
  readonly from?: number
  readonly step?: number
  readonly speed?: number
  readonly simulate?: boolean
  readonly seed: number
  readonly live?: boolean
  readonly hold?: boolean
  readonly transport: 'tls' | 'libp2p'
  readonly port?: number
  readonly kill?: readonly Incident[]
  readonly restart?: readonly Incident[]
  readonly fault?: readonly Incident[]
}

const program = new Command('npm start --')
  .description(
    'Runs a whole Plimsoll network on this machine: a chain, a real Aave v3 market, four nodes, the venues, a status page.',
  )
  .option('--rounds <n>', 'stop after this many rounds (default: go on until Ctrl-C)', parseCount)
  .option('--json', 'print one JSON object at the end; everything else goes to standard error')
  .option(
    '--data <folder>',
    'replay recorded data from this folder (default: the recordings beside the checkout, else the simulator)',
  )
  .option('--from <time>', 'where in the recording to start, ISO, UTC', parseTime)
  .option('--step <time>', 'market time between rounds (default: 15m, with --live 1m)', parseDuration)
  .option(
    '--speed <n>',
    `how many times faster than real a replay runs at most (default: ${WATCHED_SPEED}; with --rounds, as fast as it can)`,
    parseSpeed,
  )
  .option('--simulate', 'feed the network from the seeded simulator also where there are recordings')
  .option('--seed <n>', 'the simulator’s seed', parseCount, 1)
  .option('--live', 'the venues’ public endpoints and the wall clock')
  .option('--kill <node@round>', 'kill a node in the midst of a round; repeatable', parseNodeIncident('kill'))
  .option(
    '--restart <node@round>',
    'start a killed node again before a round; repeatable',
    parseNodeIncident('restart'),
  )
  .option(
    '--fault <venue:fault@round>',
    'let a venue go wrong from a round on, e.g. kraken:off-by-10@3; repeatable',
    parseVenueFault,
  )
  .option(
    '--port <port>',
    `the status page’s port (default: ${DEFAULT_PORT}, or a free one when it is taken)`,
    parsePort,
  )
  .addOption(
    new Option('--transport <kind>', 'how the nodes talk: libp2p finds its peers by a registry on the chain')
      .choices(['tls', 'libp2p'])
      .default('tls')
      .hideHelp(),
  )
  .option('--hold', 'after the last round, keep everything up until Ctrl-C')
  .addHelpText(
    'after',
    '\nExamples:\n  npm start\n  npm start -- --rounds 5 --json\n  npm start -- --rounds 6 --kill 2@3\n  npm start -- --from 2023-03-12T00:00Z --step 1h',
  )
  .showHelpAfterError()

program.action(run)
await program.parseAsync().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`)
  process.exitCode = 1
})

async function run(options: Options): Promise<void> {
  const say = (line: string): void => {
    ;(options.json === true ? process.stderr : process.stdout).write(`${line}\n`)
  }
  const incidents = [options.kill, options.restart, options.fault].flatMap((each) => each ?? [])
  checkIncidents(incidents, options)
  const input = chooseInput(options)
  const stepSeconds = options.step ?? (options.live === true ? 60 : 900)
  say(`Input: ${input.description.source}. ${input.description.note}`)
  const interrupted = interruption()
  const network = await setUp(input, stepSeconds, options.transport, interrupted)
  try {
    const dashboard = await startDashboard({
      network,
      input: input.description,
      stepSeconds,
      port: options.port ?? DEFAULT_PORT,
      fallback: options.port === undefined,
    })
    say(`Status page: ${dashboard.url}   Chain: ${network.rpcUrl}   Oracle: ${network.deployment.oracle}`)
    const outcomes = await playRounds({ network, dashboard, options, incidents, stepSeconds, say, interrupted })
    if (options.json === true)
      process.stdout.write(`${JSON.stringify(await summaryOf(network, outcomes, input.description))}\n`)
    if (options.hold === true && !interrupted.aborted) {
      say('Everything stays up; Ctrl-C ends it.')
      await new Promise((resolve) => interrupted.addEventListener('abort', resolve))
    }
    await dashboard.close()
  } finally {
    await network.stop()
  }
}

/** Ctrl-C once lets everything end in order; a second time does not wait. */
function interruption(): AbortSignal {
  const controller = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (controller.signal.aborted) process.exit(130)
      controller.abort()
    })
  }
  return controller.signal
}

/** Faults of the command line that only show when its options are seen together. */
function checkIncidents(incidents: readonly Incident[], options: Options): void {
  const last = options.rounds ?? Number.POSITIVE_INFINITY
  for (const incident of incidents) {
    if (incident.kind !== 'fault' && (incident.node < 1 || incident.node > NODES)) {
      throw new Error(`--${incident.kind} ${incident.node}@${incident.round}: the nodes are 1 to ${NODES}`)
    }
    if (incident.round < 1 || incident.round > last) {
      throw new Error(
        `--${incident.kind} at round ${incident.round}: the rounds are 1 to ${options.rounds ?? 'as many as you wait for'}`,
      )
    }
  }
  if (options.live !== true) return
  const replayOnly = {
    data: options.data,
    simulate: options.simulate,
    from: options.from,
    speed: options.speed,
    fault: options.fault?.[0],
  }
  const given = Object.entries(replayOnly).find(([, value]) => value !== undefined)
  if (given !== undefined) throw new Error(`--live takes the world as it is: it does not go with --${given[0]}`)
}

/** Builds and starts everything, with a bar that shows how far it is. */
async function setUp(
  input: Input,
  stepSeconds: number,
  transport: Options['transport'],
  interrupted: AbortSignal,
): Promise<Network> {
  const bar = new SingleBar({
    format: 'Setting up [{bar}] {value}/{total} {stage}',
    stream: process.stderr,
    hideCursor: true,
    clearOnComplete: true,
    noTTYOutput: false,
  })
  bar.start(STAGES + 1, 0, { stage: 'contracts' })
  let last = ''
  const onStage = (stage: string): void => {
    bar.increment({ stage })
    if (process.stderr.isTTY !== true && stage !== last) process.stderr.write(`Setting up: ${stage}\n`)
    last = stage
    if (interrupted.aborted) throw new Error('interrupted')
  }
  try {
    await buildContracts()
    const folder = newRunFolder(new Date())
    return await startNetwork({ folder, stepSeconds, market: input.market, transport, onStage })
  } finally {
    bar.stop()
  }
}

/** A folder of this run's own; the oldest ones of earlier runs go. */
function newRunFolder(now: Date): string {
  mkdirSync(RUNS, { recursive: true, mode: 0o700 })
  const finished = readdirSync(RUNS).filter((name) => !isRunning(Number(name.split('-').at(-1))))
  for (const name of finished.sort().slice(0, -RUNS_KEPT)) rmSync(join(RUNS, name), { recursive: true, force: true })
  return join(RUNS, `${now.toISOString().replaceAll(/[-:]/g, '').slice(0, 15)}-${process.pid}`)
}

function isRunning(pid: number): boolean {
  try {
    return Number.isInteger(pid) && process.kill(pid, 0)
  } catch {
    return false
  }
}

async function playRounds(game: {
  readonly network: Network
  readonly dashboard: Dashboard
  readonly options: Options
  readonly incidents: readonly Incident[]
  readonly stepSeconds: number
  readonly say: (line: string) => void
  readonly interrupted: AbortSignal
}): Promise<RoundOutcome[]> {
  const { network, dashboard, options, incidents, stepSeconds, say, interrupted } = game
  const speed = options.speed ?? (options.rounds === undefined ? WATCHED_SPEED : Number.POSITIVE_INFINITY)
  const outcomes: RoundOutcome[] = []
  for (let round = 1; round <= (options.rounds ?? Number.POSITIVE_INFINITY) && !interrupted.aborted; round += 1) {
    const nextAt = performance.now() + (options.live === true ? 0 : (stepSeconds / speed) * 1000)
    const outcome = await conductRound(
      network,
      round,
      incidents.filter((incident) => incident.round === round),
    )
    // Only a run of a stated length is summed up; an endless one must not grow.
    if (options.rounds !== undefined) outcomes.push(outcome)
    await dashboard.add(outcome)
    for (const line of roundLines(outcome)) say(line)
    if (!interrupted.aborted) await pause(nextAt - performance.now(), interrupted)
  }
  return outcomes
}

function pause(milliseconds: number, interrupted: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, Math.max(0, milliseconds))
    interrupted.addEventListener('abort', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}
