import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'
import { marketConfigSchema } from './market-config.ts'
import { transportOf, transportSchema } from './network-config.ts'

const address = z
  .string()
  .regex(/^0x[0-9a-fA-F]{40}$/, 'needs an address: 0x and 40 hex digits')
  .transform((text) => text.toLowerCase() as `0x${string}`)
const port = z.int().min(1).max(65_535)
const endpoint = z.strictObject({ host: z.string().min(1), port })

/** One member as the others know it. */
export const memberSchema = z.strictObject({
  node: z.int().min(1).max(100),
  host: z.string().min(1),
  port,
  operator: address,
  certificatePem: z.string().startsWith('-----BEGIN CERTIFICATE-----'),
})

/** Needed by every command of a node: who it is and who the others are. */
const identitySchema = z.strictObject({
  node: z.int().min(1).max(100),
  dataFolder: z.string().min(1),
  /** A file with the keystore's passphrase; the variable PLIMSOLL_PASSPHRASE goes before it. */
  passphraseFile: z.string().optional(),
  /** Where the other members reach this node. */
  listen: endpoint,
  /** Status, health and metrics. */
  http: endpoint,
  epoch: z.int().min(1),
  /** The committee's, as `plimsoll keys generate` prints it: what `plimsoll replay` and `verify` check against. A node compares it with its keystore's. */
  groupKey: z
    .string()
    .regex(/^0x0[23][0-9a-f]{64}$/, 'needs a compressed public key: 0x02 or 0x03 and 64 lower-case hex digits')
    .transform((text) => text as `0x${string}`)
    .optional(),
  /** All members, this node too, in the order of their numbers; may be left out where a registry says who they are. */
  members: z.array(memberSchema).min(4).max(100).default([]),
  /** The CommitteeRegistry on a chain: who the members of this epoch are, and where their nodes are. */
  registry: z
    .strictObject({ address, rpcUrl: z.url({ protocol: /^https?$/ }), chainId: z.int().positive() })
    .optional(),
  /** Default: libp2p with a registry, TLS without one. */
  transport: transportSchema.optional(),
})

/** How many days of what is kept; what is not named is kept for ever. */
const retainDays = z
  .strictObject({ bars: z.int().min(9), depths: z.int().min(1) })
  .partial()
  .optional()

/** When a record that changed little is worth a transaction all the same: protocol/schedule.ts. */
const trigger = z.strictObject({
  heartbeatSeconds: z.int().min(10).max(86_400),
  priceBps: z.int().min(1).max(10_000),
  riskBps: z.int().min(1).max(10_000),
  depthBps: z.int().min(1).max(10_000),
})

/** What a node needs to take part in rounds. */
const runSchema = z.strictObject({
  chain: z.strictObject({
    rpcUrl: z.url({ protocol: /^https?$/ }),
    chainId: z.int().positive(),
    oracle: address,
    /** The steward of a lending market, and the token of each feed's asset there; leave out for a network without one. */
    steward: z.strictObject({ address, assets: z.record(z.string(), address) }).optional(),
    /** How transactions are paid, outbid and watched; each has a default in the sender. */
    fees: z
      .strictObject({
        maxFeeGwei: z.number().positive().max(100_000).optional(),
        priorityFeeGwei: z.number().min(0).max(100_000).optional(),
        bumpAfterMs: z.int().min(500).max(600_000).optional(),
        giveUpAfterMs: z.int().min(1_000).max(3_600_000).optional(),
        confirmations: z.int().min(0).max(64).optional(),
        confirmWithinMs: z.int().min(1_000).max(3_600_000).optional(),
      })
      .optional(),
  }),
  schedule: z.strictObject({
    /** Round r begins at genesis + r · stepSeconds. */
    genesis: z.int().positive(),
    stepSeconds: z.int().min(10).max(86_400),
    /** `chain` follows the chain's blocks, as a replay needs it; `system` is the wall clock. */
    clock: z.enum(['system', 'chain']),
  }),
  /** How long after its observation a record may be used. */
  validForSeconds: z.int().min(10).max(65_535),
  /** Brings a report to the chain only when a feed of it is due; leave out to bring every one. By asset where one differs. */
  triggers: z
    .strictObject({ ...trigger.shape, assets: z.record(z.string(), trigger.partial()).default({}) })
    .optional(),
  tolerance: z
    .strictObject({
      priceBps: z.int().min(1).max(10_000),
      riskBps: z.int().min(1).max(10_000),
      clockSeconds: z.int().min(1).max(3_600),
    })
    .default({ priceBps: 300, riskBps: 500, clockSeconds: 120 }),
  timing: z
    .strictObject({
      collectMs: z.int().min(10).max(60_000),
      shareMs: z.int().min(10).max(60_000),
      attemptMs: z.int().min(100).max(120_000),
      /** How long each standby waits after the one before it. */
      transmitMs: z.int().min(100).max(120_000),
    })
    .default({ collectMs: 1_000, shareMs: 1_500, attemptMs: 5_000, transmitMs: 3_000 }),
  modelsFolder: z.string().min(1),
  markets: marketConfigSchema,
  /** Keeps what the node saw: in Parquet files under a folder, or in PostgreSQL by the connection string in a file. */
  store: z
    .union([
      z.strictObject({ folder: z.string().min(1), retainDays }),
      z.strictObject({ urlFile: z.string().min(1), retainDays }),
    ])
    .optional(),
  /** An Aave v3 market on the oracle's chain whose reserves are shown in the metrics: its data provider, and each asset's token. */
  lending: z.strictObject({ dataProvider: address, reserves: z.record(z.string(), address) }).optional(),
  /** The public records of rounds are kept under the data folder, up to so many MB; then the oldest are left out. */
  audit: z.strictObject({ keepMegabytes: z.int().min(32).max(1_048_576) }).optional(),
  logLevel: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
})

const configSchema = z
  .strictObject({ ...identitySchema.shape, run: runSchema.optional() })
  .refine((config) => config.members.every((each, index) => each.node === index + 1), {
    path: ['members'],
    error: 'members must be numbered 1, 2, 3 … in order',
  })
  .refine((config) => new Set(config.members.map((each) => each.operator)).size === config.members.length, {
    path: ['members'],
    error: 'two members have the same operator',
  })
  .refine(({ node, members }) => members.length === 0 || node <= members.length, {
    path: ['node'],
    error: 'is not one of the members',
  })
  .refine((config) => config.members.length > 0 || transportOf(config).kind === 'libp2p', {
    path: ['members'],
    error: 'needed with TLS: each member with its host, port, operator and certificate',
  })
  .refine((config) => config.registry !== undefined || transportOf(config).kind === 'tls', {
    path: ['registry'],
    error: 'needed with libp2p: it says where the other members are',
  })
  .refine(
    ({ run }) =>
      run?.triggers === undefined || longestHeartbeat(run.triggers) + run.schedule.stepSeconds <= run.validForSeconds,
    {
      path: ['run', 'triggers'],
      error:
        'a heartbeat and a round (stepSeconds) must fit in validForSeconds, or records go stale between two heartbeats',
    },
  )
  // Of two certificates that are one, messages would seem another's.
  .refine(({ members }) => distinct(members.map(({ certificatePem }) => certificatePem.replaceAll(/\s/g, ''))), {
    path: ['members'],
    error: 'two members have one certificate',
  })
  .refine(({ members }) => distinct(members.map(({ host, port: at }) => `${host}:${at}`)), {
    path: ['members'],
    error: 'two members have one host and port',
  })

function longestHeartbeat(triggers: NonNullable<RunConfig['triggers']>): number {
  const own = Object.values(triggers.assets).map(({ heartbeatSeconds }) => heartbeatSeconds ?? 0)
  return Math.max(triggers.heartbeatSeconds, ...own)
}

function distinct(values: readonly string[]): boolean {
  return new Set(values).size === values.length
}

export type MemberConfig = z.infer<typeof memberSchema>
export type NodeConfig = z.infer<typeof configSchema>
export type RunConfig = z.infer<typeof runSchema>
/** What is written in a file, before defaults are filled in. */
export type NodeConfigInput = z.input<typeof configSchema>

/**
 * Reads a node's YAML (or JSON) configuration. Relative paths are taken from the file's own folder.
 * @throws {Error} that lists every fault with its place in the file.
 */
export function readConfig(path: string): NodeConfig {
  let content: string
  try {
    content = readFileSync(path, 'utf8')
  } catch (error) {
    throw new Error(`can't read the configuration ${path}: ${error instanceof Error ? error.message : error}`)
  }
  const result = configSchema.safeParse(parseYaml(path, content))
  if (!result.success) throw new Error(`${path} has faults:\n${z.prettifyError(result.error)}`)
  const config = result.data
  const from = (given: string): string => resolve(dirname(path), given)
  return {
    ...config,
    dataFolder: from(config.dataFolder),
    ...(config.passphraseFile === undefined ? {} : { passphraseFile: from(config.passphraseFile) }),
    ...(config.run === undefined ? {} : { run: runFrom(config.run, from) }),
  }
}

function runFrom(run: RunConfig, from: (given: string) => string): RunConfig {
  const { store } = run
  const placed =
    store === undefined
      ? {}
      : {
          store:
            'folder' in store ? { ...store, folder: from(store.folder) } : { ...store, urlFile: from(store.urlFile) },
        }
  return { ...run, modelsFolder: from(run.modelsFolder), ...placed }
}

function parseYaml(path: string, content: string): unknown {
  try {
    return parse(content)
  } catch (error) {
    throw new Error(`${path} is no YAML: ${error instanceof Error ? error.message : error}`)
  }
}

/** @throws {Error} when neither the variable nor the file gives a passphrase. */
export function readPassphrase(file: string | undefined, environment: NodeJS.ProcessEnv): string {
  const given = environment['PLIMSOLL_PASSPHRASE']
  if (given !== undefined && given !== '') return given
  if (file === undefined) throw new Error('no passphrase: set PLIMSOLL_PASSPHRASE, or name a passphraseFile')
  try {
    return readFileSync(file, 'utf8').replace(/\r?\n$/, '')
  } catch (error) {
    throw new Error(`can't read the passphrase file ${file}: ${error instanceof Error ? error.message : error}`)
  }
}
