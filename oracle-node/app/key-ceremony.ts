import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type CeremonyLog, ceremonyLog } from '../adapters/ceremony-log.ts'
import { type NodeSecrets, openSecrets, sealSecrets } from '../adapters/encrypted-key-store.ts'
import { toBigInt } from '../core/bytes.ts'
import type { PublicKeys } from '../core/threshold.ts'
import { type NodeIndex, nodeIndex } from '../core/units.ts'
import type { Transport } from '../ports/transport.ts'
import type { CeremonyProgress, Exclusion, Outcome } from '../protocol/ceremony/outcome.ts'
import { type CeremonySettings, dealerNumber, generationSettings, isReceiver } from '../protocol/ceremony/settings.ts'
import type { Fault } from '../protocol/ceremony/state.ts'
import type { NodeConfig } from './config.ts'
import { committeeOf, connectParties } from './connect.ts'
import { identityOf, keystorePath, osRandom } from './keys.ts'
import { everybody, type Party, planResharing, type ResharingPlan, settingsOf } from './resharing-plan.ts'
import { runCeremony } from './run-ceremony.ts'

export type CeremonyOptions = {
  readonly timeoutMs: number
  /** For members that do not come, and for deals that do not. */
  readonly patienceMs: number
  /** For others, after this node is done. */
  readonly lingerMs: number
  readonly onProgress?: (progress: CeremonyProgress, nameOf: (party: NodeIndex) => string) => void
}

/** What came of a ceremony, with what may be published. */
export type CeremonyResult = {
  readonly keys: PublicKeys
  /** This node's number in the committee; undefined for one that handed its share over and has left. */
  readonly node?: number
  /** Whose deals do not count, and why. */
  readonly excluded: readonly Exclusion[]
  readonly faults: readonly Fault[]
}

const VIEW_MS = 5_000
/** Between two statements of what a node has; more in a large committee, where each is longer and goes to more. */
const STATUS_MS = 500
const STATUS_MS_EACH = 20

/**
 * Makes the group key together with the other members and seals this node's share into its keystore. Goes on where an earlier run
 * ended, and does nothing but help the others where that run was done.
 * @throws {Error} that says who did not answer in time, or what is wrong with the keystore.
 */
export async function generateGroupKey(
  config: NodeConfig,
  passphrase: string,
  options: CeremonyOptions & { readonly number: number; readonly replace: boolean },
): Promise<CeremonyResult> {
  const { epoch } = config
  const members = await partiesOf(config)
  const operators = members.map(({ operator }) => operator)
  const settings = generationSettings({ epoch, number: options.number, operators })
  const opened = await open(config, passphrase)
  const { secrets } = opened
  const holds = secrets.group !== undefined && secrets.group.ceremony !== settings.id
  const begun = secrets.ceremony?.id === settings.id
  if (holds && !begun && !options.replace) {
    throw new Error(
      `${keystorePath(config.dataFolder)} holds a share already, and another key generation would orphan it: the oracle and all ` +
        'who read it need another key then. If that is meant, all members run it with --replace and the same new --number',
    )
  }
  return takePart({ ...opened, settings, parties: members }, options)
}

/**
 * Shares the committee's key anew, to the members that a plan names or, without one, to the same committee.
 * @throws {Error} that says who did not answer in time, or what is wrong with the plan.
 */
export async function reshareGroupKey(
  config: NodeConfig,
  passphrase: string,
  options: CeremonyOptions & { readonly plan: ResharingPlan },
): Promise<CeremonyResult> {
  const { plan } = options
  const opened = await open(config, passphrase)
  return takePart({ ...opened, settings: settingsOf(plan), parties: everybody(plan) }, options)
}

/** A plan to hand over the key in a node's keystore. */
export async function makePlan(
  config: NodeConfig,
  passphrase: string,
  options: { readonly number: number; readonly to?: readonly Party[] },
): Promise<ResharingPlan> {
  const { group } = await openSecrets(keystorePath(config.dataFolder), passphrase)
  const from = await partiesOf(config)
  if (group === undefined || group.keys.members !== from.length) {
    throw new Error(
      'this node holds no share of the key of the committee of its configuration; a member that does has to make the plan',
    )
  }
  const { number, to = from } = options
  return planResharing({ epoch: config.epoch, number, from, keys: group.keys, to })
}

/** The members with all that the configuration knows of them, or as the registry numbers them. */
async function partiesOf(config: NodeConfig): Promise<readonly Party[]> {
  const committee = await committeeOf(config)
  return config.members.length > 0 ? config.members : committee
}

type Opened = {
  readonly config: NodeConfig
  readonly passphrase: string
  readonly secrets: NodeSecrets
  /** The keystore's file as it was opened. */
  readonly sealed: string | undefined
}

type Part = Opened & {
  readonly settings: CeremonySettings
  /** How each party is reached, in the ceremony's order. */
  readonly parties: readonly Party[]
}

async function open(config: NodeConfig, passphrase: string): Promise<Opened> {
  const path = keystorePath(config.dataFolder)
  const sealed = await readFile(path, 'utf8').catch(() => undefined)
  return { config, passphrase, sealed, secrets: await openSecrets(path, passphrase) }
}

async function takePart(part: Part, options: CeremonyOptions): Promise<CeremonyResult> {
  const { config, parties } = part
  const self = partyOf(part)
  const numbered = parties.map((party, index) => ({ ...party, node: index + 1 }))
  // The port comes first: a second process on this folder ends here, before it can seal another seed.
  const transport = await connectParties(config, part.secrets, numbered, self)
  try {
    const path = keystorePath(config.dataFolder)
    // Opening it takes a while by design, and nearly always it is what it was.
    const unchanged = (await readFile(path, 'utf8')) === part.sealed
    const secrets = unchanged ? part.secrets : await openSecrets(path, part.passphrase)
    const outcome = await conduct({ ...part, secrets }, self, transport, options)
    return outcome === undefined ? earlierResult({ ...part, secrets }, self) : resultOf(part, self, outcome)
  } finally {
    await transport.close()
  }
}

async function conduct(
  part: Part,
  self: NodeIndex,
  transport: Transport,
  { timeoutMs, patienceMs, lingerMs, onProgress }: CeremonyOptions,
): Promise<Outcome | undefined> {
  const { config, settings } = part
  const share = shareToDeal(part, self)
  const log = await ceremonyLog(join(config.dataFolder, `ceremony-${settings.id.slice(2, 18)}.jsonl`))
  const nameOf = (party: NodeIndex): string => nameIn(part, party)
  try {
    const { secrets, seed } = await begin(part, log)
    return await runCeremony({
      settings,
      timing: { patienceMs, viewMs: VIEW_MS, statusMs: Math.max(STATUS_MS, STATUS_MS_EACH * settings.parties.length) },
      self,
      secrets: {
        seed: seed ?? new Uint8Array(32),
        operatorKey: Buffer.from(secrets.operatorKey, 'hex'),
        ...(share !== undefined && { share }),
      },
      log,
      transport,
      timeoutMs,
      lingerMs,
      finished: seed === undefined,
      nameOf,
      seal: (made) => seal({ ...part, secrets }, made),
      onProgress: (progress) => onProgress?.(progress, nameOf),
    })
  } finally {
    await log.close()
  }
}

/** @throws {Error} when the keystore is of an operator that has no part in it. */
function partyOf({ secrets, settings }: Part): NodeIndex {
  const { operator } = identityOf(secrets)
  const at = settings.parties.findIndex((party) => party.operator === operator)
  if (at < 0)
    throw new Error(`the keystore is of operator ${operator}, which is not among the members of this ceremony`)
  return nodeIndex(at + 1)
}

/** Called by its number among the members, or as one that leaves. */
function nameIn({ settings, parties }: Part, party: NodeIndex): string {
  if (isReceiver(settings, party)) return `node ${party}`
  return `leaving member ${parties[party - 1]?.operator ?? party}`
}

/**
 * This node's share of the key that is shared anew; undefined when it has none to deal.
 * @throws {Error} when it has one, but of another key or another sharing of it.
 */
function shareToDeal({ secrets, settings }: Part, self: NodeIndex): bigint | undefined {
  const { previous } = settings
  const { group } = secrets
  const dealer = dealerNumber(settings, self)
  if (previous === undefined || group === undefined || dealer === undefined || group.ceremony === settings.id)
    return undefined
  if (group.node === dealer && JSON.stringify(group.keys.commitments) === JSON.stringify(previous.commitments))
    return toBigInt(Buffer.from(group.share, 'hex'))
  throw new Error(
    `the plan hands over key ${previous.groupKey}, of which this keystore does not hold the share that the plan means ` +
      `(it holds one of ${group.keys.groupKey}): the plan is of another committee, or shares were renewed since it was made`,
  )
}

/**
 * Gives a node that begins its seed, and seals that first: whatever it says follows from it.
 * @returns No seed for a node that is done: its keystore has forgotten it.
 */
async function begin(
  { config, passphrase, secrets, settings }: Part,
  log: CeremonyLog,
): Promise<{ readonly secrets: NodeSecrets; readonly seed?: Uint8Array }> {
  const { id } = settings
  if (secrets.ceremony?.id === id) return { secrets, seed: Buffer.from(secrets.ceremony.seed, 'hex') }
  if (secrets.group?.ceremony === id || log.letters.length > 0) return { secrets }
  const seed = osRandom(32)
  const begun = { ...secrets, ceremony: { id, seed: Buffer.from(seed).toString('hex') } }
  await sealSecrets(keystorePath(config.dataFolder), begun, passphrase)
  return { secrets: begun, seed }
}

/** Puts the new share in the place of the old one and forgets the seed, in one write. */
async function seal({ config, passphrase, secrets, settings }: Part, { keys, secret }: Outcome): Promise<void> {
  const { group: _, ceremony: __, ...identity } = secrets
  const share = secret && Buffer.from(secret.share).toString('hex')
  const group = secret && share && { node: secret.node, share, keys, ceremony: settings.id }
  await sealSecrets(keystorePath(config.dataFolder), group ? { ...identity, group } : identity, passphrase)
}

function resultOf({ settings }: Part, self: NodeIndex, { keys, secret, excluded, faults }: Outcome): CeremonyResult {
  if (secret !== undefined) return { keys, node: secret.node, excluded, faults }
  if (!isReceiver(settings, self)) return { keys, excluded, faults }
  throw withoutShare(faults)
}

/** What an earlier run came to: this one was for the others. */
function earlierResult({ settings, secrets: { group } }: Part, self: NodeIndex): CeremonyResult {
  const result = { excluded: [], faults: [] }
  if (group?.ceremony === settings.id) return { ...result, keys: group.keys, node: group.node }
  if (settings.previous !== undefined && !isReceiver(settings, self)) return { ...result, keys: settings.previous }
  throw withoutShare([])
}

function withoutShare(faults: readonly Fault[]): Error {
  return new Error(
    'the ceremony is done, but this node has no share of it: a dealer that counts gave it a wrong one, or its keystore is older ' +
      `than the ceremony. The others can bring it back with a resharing${faults.map(nameFault).join('')}`,
  )
}

function nameFault({ party, detail }: Fault): string {
  return `; member ${party} ${detail}`
}
