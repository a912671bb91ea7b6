import { z } from 'zod'
import { forecastSchema } from '../config/forecast-schema.ts'
import { boundsSchema, lendingSchema } from '../config/lending-schema.ts'
import { FORECASTERS } from '../oracle/forecasters.ts'
import type { Json, Task } from '../tasks/task.ts'

/*
 * What each kind of task is given. `local` says where something lies on this machine and is no part of the task's key: what lies there is named
 * by its hash beside it.
 */

const key = z.string().regex(/^[0-9a-f]{64}$/)
const time = z.int().min(0)

const training = z.discriminatedUnion('from', [
  z.object({ from: z.literal('recorded'), sha256: key, local: z.object({ folder: z.string() }) }),
  z.object({ from: z.literal('series'), series: z.array(key), market: key.optional() }),
])
export type Training = z.infer<typeof training>

const stress = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('gap'), at: time, fall: z.number(), recover: z.number(), recoverHours: z.number() }),
  z.object({
    kind: z.literal('depth-collapse'),
    at: time,
    hours: z.number(),
    factor: z.number(),
    recoverHours: z.number().exactOptional(),
  }),
  z.object({ kind: z.literal('venue-outage'), at: time, hours: z.number() }),
  z.object({ kind: z.literal('oracle-manipulation'), at: time, minutes: z.number(), move: z.number() }),
])

const named = { id: z.string().exactOptional(), title: z.string().exactOptional() }
const policy = z.object({
  choice: z.discriminatedUnion('kind', [
    z.object({ ...named, kind: z.literal('static'), gapBps: z.int().exactOptional() }),
    z.object({
      ...named,
      kind: z.enum(['plimsoll', 'ewma']),
      moveCaps: z.boolean().exactOptional(),
      roundsPerHour: z.int().exactOptional(),
      bounds: boundsSchema.exactOptional(),
    }),
    z.object({ ...named, kind: z.literal('smart-ltv') }),
    z.object({
      ...named,
      kind: z.literal('function'),
      reads: z.enum(['plimsoll', 'ewma', 'range', 'none']).exactOptional(),
    }),
  ]),
  /** Of the user's file, and where it lies. */
  sha256: key.optional(),
  local: z.object({ path: z.string() }).optional(),
  knobs: z.array(z.number()).min(1),
})

const INPUTS = {
  fit: z.object({
    forecaster: z.enum(FORECASTERS),
    refit: time,
    leftOut: z.array(z.object({ from: time, to: time })),
    training,
  }),
  columns: z.object({
    series: key,
    market: key.optional(),
    forecaster: z.enum(FORECASTERS),
    fits: z.array(key),
  }),
  market: z.object({
    asset: z.string(),
    /** Unix seconds: the warm-up begins, the counted hours begin, and end. */
    from: time,
    counted: time,
    to: time,
    series: key,
    debt: key.optional(),
    /** Whose depth the market has. */
    depth: key,
    /** What the policy reads. */
    records: key.optional(),
    setup: z.object({
      ltvBps: z.number(),
      liquidationThresholdBps: z.number(),
      liquidationBonusBps: z.number(),
      liquidationProtocolFeeBps: z.number(),
      reserveFactorBps: z.number(),
    }),
    /** Measured depths, and a depth where the data have no volume to say so. */
    depths: key.optional(),
    depthUsd: z.number().optional(),
    demand: z.union([z.object({ overLiquidity: z.number() }), z.object({ usd: z.number() })]),
    positions: key.optional(),
    stress: z.array(stress),
    policy,
    seeds: z.array(z.int()).min(1),
    borrowers: lendingSchema.shape.borrowers,
    liquidators: lendingSchema.shape.liquidators,
    rates: lendingSchema.shape.rates,
    oracle: lendingSchema.shape.oracle,
    liquidityOverDebt: z.number(),
  }),
  walk: z.object({
    /** A candidate of models/training/candidates.ts. */
    model: z.string(),
    /** Fitted and tested alone; absent where all are together. */
    asset: z.string().exactOptional(),
    series: z.array(key).min(1),
    market: key.exactOptional(),
    stepHours: z.number(),
    split: forecastSchema.shape.split.unwrap(),
  }),
} as const

export type TaskKind = keyof typeof INPUTS
export type TaskInput<K extends TaskKind> = z.infer<(typeof INPUTS)[K]>

/** A task's input, checked: it may have come from a queue. @throws {Error} that names the task and the field. */
export function taskInput<K extends TaskKind>(kind: K, { label, input }: Task): TaskInput<K> {
  const result = INPUTS[kind].safeParse(input)
  if (!result.success) throw new Error(`the task ${label} is not a ${kind}: ${z.prettifyError(result.error)}`)
  return result.data as TaskInput<K>
}

/** A task's input without what is only where things lie. */
export function withoutLocal(value: Json): Json {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(withoutLocal)
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => name !== 'local')
      .map(([name, each]) => [name, withoutLocal(each)]),
  )
}
