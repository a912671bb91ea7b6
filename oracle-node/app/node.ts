import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { chainClock } from '../adapters/chain-clock.ts'
import { type NodeSecrets, openSecrets } from '../adapters/encrypted-key-store.ts'
import { evidenceFolder } from '../adapters/evidence-folder.ts'
import { evmChain } from '../adapters/evm-chain.ts'
import { fileJournal } from '../adapters/file-journal.ts'
import { loadDefaultModels } from '../adapters/model-registry.ts'
import { pinoPrometheus } from '../adapters/pino-prometheus.ts'
import { systemClock } from '../adapters/system-clock.ts'
import type { Hex } from '../core/bytes.ts'
import { assetOf } from '../core/feed.ts'
import { quorum } from '../core/quorum.ts'
import { aggregate } from '../core/report.ts'
import type { JournalEntry } from '../ports/journal.ts'
import type { Telemetry } from '../ports/telemetry.ts'
import type { Transport } from '../ports/transport.ts'
import { faultyOf } from '../protocol/committee.ts'
import type { RoundSettings } from '../protocol/round-state.ts'
import { openAuditor } from './audit.ts'
import { fileCalibrations } from './calibrations.ts'
import { clockWatch } from './clock-watch.ts'
import type { NodeConfig, RunConfig } from './config.ts'
import { committeeOf, openTransport } from './connect.ts'
import { whenDue } from './due-reports.ts'
import { evidenceKeeper } from './evidence-keeper.ts'
import { explainer } from './explain.ts'
import { ROUNDS_SHOWN, type StatusServer, statusServer } from './http.ts'
import { identityOf, keystorePath, osRandom } from './keys.ts'
import { marketAssetOf } from './market-config.ts'
import { openStore, reserveWatch } from './market-tools.ts'
import { type MarketWatch, marketWatch } from './observe-markets.ts'
import { type Observer, roundObserver } from './observe-round.ts'
import { openMarkets } from './open-markets.ts'
import { marketRecorder, storeKeeper } from './record-markets.ts'
import { type Certified, type DriverOptions, RoundDriver } from './round-driver.ts'
import { roundSettings } from './round-settings.ts'
import { transmitter } from './transmit.ts'

/** How often the node looks whether the next round has begun. */
const TICK_MS = 50
/** What was heard of clocks longer ago counts no more: a member that is down says nothing. */
const STALE_ROUNDS = 4

type Parts = Awaited<ReturnType<typeof openParts>>

export type RunningNode = { stop(): Promise<void> }

/**
 * Starts a node: opens its keystore, models, journal and connections, and takes part in every round from now on.
 * @param wrapTransport For tests that play a hostile network between this node and the others.
 * @throws {Error} that says what is missing when the node can't take part.
 */
export async function startNode(
  config: NodeConfig,
  passphrase: string,
  wrapTransport: (transport: Transport) => Transport = (transport) => transport,
): Promise<RunningNode> {
  const { run } = config
  if (run === undefined) throw new Error('the configuration has no "run" part: it is enough for keys, not for rounds')
  let driver: RoundDriver | undefined
  const parts = await openParts(config, run, passphrase, () => driver?.abstainedIn ?? 0)
  const { secrets, settings, models, telemetry, journal, clock, chain, status, audit } = parts
  const transport = wrapTransport(parts.transport)
  const { committee, self } = settings
  const transmitting = transmitter({ self, committee, chain, telemetry, transmitMs: run.timing.transmitMs })
  const transmit = whenDue(transmitting.transmit, { chain, clock, telemetry, triggers: run.triggers })
  const calibrations = fileCalibrations(join(config.dataFolder, 'calibration.json'), models.modelSet, telemetry)
  const markets = await openWatch(run, telemetry)
  const running = new RoundDriver({
    settings,
    secret: parts.secret,
    operatorKey: Buffer.from(secrets.operatorKey, 'hex'),
    transport,
    journal,
    clock,
    telemetry,
    random: osRandom,
    ...watchClock(
      run,
      parts,
      roundObserver({
        node: self,
        epoch: config.epoch,
        watch: markets.watch,
        marketAsset: marketAssetOf(run.markets),
        utilisation: markets.utilisation,
        calibrations,
        onJudged: parts.explain.record,
        slippageSizesUsd: run.markets.slippageSizesUsd,
        ...models,
        validForSeconds: run.validForSeconds,
        telemetry,
      }),
    ),
    onCertified: (certified) => {
      publish(certified, status, telemetry)
      void audit.keep(certified)
      transmit(certified)
    },
    onEvidence: evidenceKeeper(evidenceFolder(join(config.dataFolder, 'evidence')), telemetry),
  })
  driver = running
  let round = 0
  const ticker = setInterval(() => {
    const now = parts.currentRound()
    if (now <= round) return
    round = now
    running.begin(round)
  }, TICK_MS)
  telemetry.log('info', 'node-started', { round: parts.currentRound(), modelSet: models.modelSet })
  return {
    stop: async () => {
      clearInterval(ticker)
      running.stop()
      transmitting.stop()
      clock.stop()
      chain.close()
      await Promise.all([transport.close(), status.close(), markets.close(), calibrations.settled()])
      await Promise.all([journal.close(), audit.close()])
      telemetry.log('info', 'node-stopped')
    },
  }
}

/** Lets the node abstain while its clock is off. Where the chain is the clock all members have the same, and there is nothing to watch. */
function watchClock(
  { schedule, tolerance }: RunConfig,
  { settings, clock, chain, telemetry }: Parts,
  observe: Observer,
): Pick<DriverOptions, 'observe' | 'onHeard'> {
  if (schedule.clock === 'chain') return { observe }
  const watch = clockWatch(
    {
      self: settings.self,
      members: settings.committee.operators.length,
      // Beyond the whole of it the others refuse what this node says, which would cost them a signer.
      toleranceSeconds: tolerance.clockSeconds / 2,
      staleSeconds: STALE_ROUNDS * schedule.stepSeconds,
      clock,
      telemetry,
    },
    chain.blockTime,
  )
  return { observe: watch.guard(observe), onHeard: watch.heard }
}

/** The markets as a node watches them: with what it keeps of them, and with the reserves that it steers, where configured. */
async function openWatch(
  run: RunConfig,
  telemetry: Telemetry,
): Promise<{
  readonly watch: MarketWatch
  utilisation(asset: string): number | undefined
  close(): Promise<void>
}> {
  const store = run.store && (await openStore(run.store, telemetry))
  const open = openMarkets(run.markets, telemetry)
  const record = store && marketRecorder(store, telemetry)
  const keep = store && storeKeeper(store, run.store?.retainDays ?? {}, telemetry)
  const { timeoutMs } = run.markets
  const reserves = run.lending && reserveWatch(run.lending, { rpcUrl: run.chain.rpcUrl, timeoutMs, telemetry })
  const watch = marketWatch(run.markets, open)
  return {
    watch: async (now) => {
      const seen = await watch(now)
      // None of these may hold up a round: they name their own failures.
      void record?.(seen.ticks, now).then(() => keep?.(now))
      void reserves?.look(now)
      return seen
    },
    utilisation: (asset) => reserves?.utilisation(asset),
    close: async () => {
      reserves?.close()
      await open.close()
      await store?.close()
    },
  }
}

/** Opens everything that a node owns or reads from. */
async function openParts(config: NodeConfig, run: RunConfig, passphrase: string, abstainedIn: () => number) {
  await mkdir(config.dataFolder, { recursive: true, mode: 0o700 })
  const secrets = await openSecrets(keystorePath(config.dataFolder), passphrase)
  const members = await committeeOf(config)
  const operators = members.map(({ operator }) => operator)
  const group = groupOf(secrets, config, operators)
  const logFile = join(config.dataFolder, 'node.log')
  const telemetry = pinoPrometheus({ node: config.node, logFile, level: run.logLevel })
  const models = await loadDefaultModels(run.modelsFolder)
  // The port comes first: a second process on this folder ends here, before it can touch the first one's journal.
  const transport = await openTransport(config, secrets, members, telemetry)
  const journal = await fileJournal(join(config.dataFolder, 'journal.jsonl'), (bytes) =>
    telemetry.log('warn', 'journal-tail-cut', { bytes }),
  )
  const clock = run.schedule.clock === 'chain' ? await chainClock(run.chain.rpcUrl) : systemClock()
  const chain = evmChain({ ...run.chain, operatorKey: `0x${secrets.operatorKey}` })
  await chain.checkCommittee(group.keys.groupKey, config.epoch)
  const settings = roundSettings(config, operators, run, group.keys, models.modelSet)
  const modelIds = [models.risk.id, models.depth.id]
  const { dataFolder } = config
  const audit = await openAuditor({ dataFolder, ...run.audit, settings, modelIds, telemetry })
  const explain = explainer({ risk: models.risk, depth: models.depth, reference: models.reference })
  const currentRound = (): number => Math.floor((clock.now() - run.schedule.genesis) / run.schedule.stepSeconds)
  const status = await statusServer({
    ...config.http,
    status: () => ({
      node: settings.self,
      operator: identityOf(secrets).operator,
      epoch: config.epoch,
      groupKey: group.keys.groupKey,
      modelSet: models.modelSet,
      models: modelIds,
      currentRound: currentRound(),
      abstainedIn: abstainedIn(),
      now: clock.now(),
    }),
    metrics: telemetry.metrics,
    metricsType: telemetry.metricsType,
    explain,
    audit: audit.log,
  })
  for (const certified of certifiedIn(journal.entries(), settings)) status.addRound(certified)
  void audit.catchUp(journal.entries())
  const secret = { node: settings.self, share: Buffer.from(group.share, 'hex') }
  return {
    secrets,
    secret,
    settings,
    models,
    telemetry,
    transport,
    journal,
    clock,
    chain,
    status,
    explain,
    audit,
    currentRound,
  }
}

function groupOf(
  secrets: NodeSecrets,
  config: NodeConfig,
  operators: readonly Hex[],
): NonNullable<NodeSecrets['group']> {
  const { group } = secrets
  if (group === undefined) {
    throw new Error(
      'the keystore holds no share of the group key: run `plimsoll keys generate` together with all the other members first',
    )
  }
  if (group.node !== config.node || group.keys.members !== operators.length) {
    const has = `node ${group.node} of ${group.keys.members}`
    throw new Error(`the keystore is of ${has}, the configuration of node ${config.node} of ${operators.length}`)
  }
  if (config.groupKey !== undefined && config.groupKey !== group.keys.groupKey) {
    throw new Error(`the keystore is of group key ${group.keys.groupKey}, the configuration names ${config.groupKey}`)
  }
  const needed = quorum(operators.length)
  if (group.keys.threshold !== needed) {
    throw new Error(
      `the group key was made for ${group.keys.threshold} signers, ${needed} are needed: run \`plimsoll keys generate\` again`,
    )
  }
  const { operator } = identityOf(secrets)
  const configured = operators[config.node - 1]
  if (configured !== operator) {
    throw new Error(`the keystore is of operator ${operator}, but member ${config.node} is ${configured ?? 'nobody'}`)
  }
  return group
}

/** The newest rounds that the journal has certificates of, so that a restarted node still shows them; checked when written. */
function certifiedIn(entries: readonly JournalEntry[], { domain, committee }: RoundSettings): Certified[] {
  const certified = entries.filter((entry) => entry.kind === 'certified').slice(-ROUNDS_SHOWN)
  return certified.flatMap(({ digest, certificate }) => {
    const observations = certificate.observations.map(({ observation }) => observation)
    const rebuilt = aggregate(domain, observations, faultyOf(committee))
    return rebuilt.ok ? [{ report: rebuilt.report, digest, certificate }] : []
  })
}

function publish(certified: Certified, status: StatusServer, telemetry: Telemetry): void {
  status.addRound(certified)
  const { report, certificate, digest } = certified
  for (const { feed, record } of report.values) {
    const asset = assetOf(feed)
    telemetry.gauge('plimsoll_volatility_bps', record.volatilityBps, { asset })
    telemetry.gauge('plimsoll_expected_shortfall99_bps', record.expectedShortfall99Bps, { asset })
    telemetry.gauge('plimsoll_depth_usd', record.depthUsd, { asset })
  }
  const { round, leader, attempt, signers } = certificate
  telemetry.log('info', 'round-certified', { round, leader, attempt, signers, digest })
}
