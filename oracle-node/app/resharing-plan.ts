import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { z } from 'zod'
import type { Hex } from '../core/bytes.ts'
import { isPoint } from '../core/group.ts'
import { quorum } from '../core/quorum.ts'
import { publicKeysOf } from '../core/sharing.ts'
import type { PublicKeys } from '../core/threshold.ts'
import { type CeremonySettings, resharingSettings } from '../protocol/ceremony/settings.ts'
import { memberSchema } from './config.ts'

/** A member of a ceremony. Where it is reached stands in the registry where it doesn't stand here. */
const partySchema = memberSchema
  .partial({ host: true, port: true, certificatePem: true })
  .refine(
    ({ host, port, certificatePem }) =>
      new Set([host, port, certificatePem].map((each) => each === undefined)).size === 1,
    'needs host, port and certificatePem, or none of them where a registry says where members are',
  )
export type Party = z.infer<typeof partySchema>

type Handover = {
  readonly from: { readonly members: readonly Party[] }
  readonly to: { readonly members: readonly Party[] }
}

const members = z
  .array(partySchema)
  .min(4)
  .max(100)
  .refine((all) => all.every(({ node }, index) => node === index + 1), 'members must be numbered 1, 2, 3 … in order')
  .refine((all) => isDistinct(all.map(({ operator }) => operator)), 'two members have the same operator')
const point = z
  .string()
  .transform((text) => text as Hex)
  .refine(isPoint, 'needs a compressed point of secp256k1')

const planSchema = z
  .strictObject({
    kind: z.literal('plimsoll-resharing'),
    epoch: z.int().min(1),
    /** Counts resharings of this key: one that is begun again takes the next. */
    number: z.int().min(1).max(1_000_000),
    /** Who holds the key, and the commitments to the polynomial that it is shared by. */
    from: z.strictObject({ members, commitments: z.array(point).min(1).max(100) }),
    to: z.strictObject({ members }),
  })
  .refine(({ from }) => from.commitments.length === quorum(from.members.length), {
    path: ['from', 'commitments'],
    error: 'needs as many commitments as the committee has members in a quorum',
  })
  .refine(
    (plan) => isDistinct(everybody(plan).flatMap(({ host, port }) => (host === undefined ? [] : [`${host}:${port}`]))),
    {
      path: ['to', 'members'],
      error: 'two operators have one host and port',
    },
  )
  .refine(
    (plan) =>
      isDistinct(
        everybody(plan).flatMap(({ certificatePem: pem }) => (pem === undefined ? [] : [pem.replaceAll(/\s/g, '')])),
      ),
    {
      path: ['to', 'members'],
      error: 'two operators have one certificate',
    },
  )

/** What all who take part in a resharing must hold alike, byte for byte or not: who hands the key over, and to whom. Public. */
export type ResharingPlan = z.infer<typeof planSchema>

/**
 * The plan by which the members of a committee hand their key over.
 * @throws {Error} that names what two of the members have in common.
 */
export function planResharing(options: {
  readonly epoch: number
  readonly number: number
  readonly from: readonly Party[]
  readonly keys: PublicKeys
  readonly to: readonly Party[]
}): ResharingPlan {
  const { epoch, number, from, keys, to } = options
  return checked('the plan', {
    kind: 'plimsoll-resharing',
    epoch,
    number,
    from: { members: from, commitments: keys.commitments },
    to: { members: to },
  })
}

/** @throws {Error} that lists every fault with its place in the file. */
export function readPlan(path: string): ResharingPlan {
  return checked(path, readYaml(path))
}

const nextSchema = z.object({ members })

/**
 * The members that a configuration lists, whoever's it is.
 * @throws {Error} that lists every fault with its place in the file.
 */
export function readMembers(path: string): Party[] {
  const result = nextSchema.safeParse(readYaml(path))
  if (!result.success) throw new Error(`${path} has faults:\n${z.prettifyError(result.error)}`)
  return result.data.members
}

/** What the protocol needs of a plan. */
export function settingsOf({ epoch, number, from, to }: ResharingPlan): CeremonySettings {
  const operators = (list: readonly Party[]): Hex[] => list.map(({ operator }) => operator)
  const keys = publicKeysOf(from.commitments, from.members.length)
  if (keys === undefined) throw new Error('the plan’s commitments are of no key: some member’s share would be zero')
  return resharingSettings({
    epoch,
    number,
    operators: operators(to.members),
    from: { operators: operators(from.members), keys },
  })
}

/** Everybody in the order of the ceremony's parties: the new committee, then those who leave. */
export function everybody({ from, to }: Handover): Party[] {
  const staying = new Set(to.members.map(({ operator }) => operator))
  return [...to.members, ...from.members.filter(({ operator }) => !staying.has(operator))]
}

function checked(what: string, value: unknown): ResharingPlan {
  const result = planSchema.safeParse(value)
  if (!result.success) throw new Error(`${what} has faults:\n${z.prettifyError(result.error)}`)
  return result.data
}

function readYaml(path: string): unknown {
  try {
    return parse(readFileSync(path, 'utf8'))
  } catch (error) {
    throw new Error(`can't read ${path}: ${error instanceof Error ? error.message : error}`)
  }
}

function isDistinct(values: readonly string[]): boolean {
  return new Set(values).size === values.length
}
