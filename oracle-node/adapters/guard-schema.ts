import { z } from 'zod'
import { DRIFT_LIMIT } from '../core/drift.ts'
import { FEATURE_SPEC } from '../core/feature-spec.ts'
import { RETURNS_RANGE } from '../core/model-guard.ts'

const RANGED = new Set([...FEATURE_SPEC.scalars.map(({ name }) => name), RETURNS_RANGE])

const range = z.tuple([z.number(), z.number()]).readonly()

const drift = z
  .strictObject({
    edges: z.array(z.number().positive()).min(1).max(32),
    populations: z
      .array(
        z.strictObject({
          name: z.string().min(1).max(64),
          shares: z.array(z.number().min(0).max(1)),
          limit: z.number().min(DRIFT_LIMIT),
        }),
      )
      .min(1)
      .max(64),
  })
  .refine(({ edges }) => edges.every((edge, index) => edge > (edges[index - 1] ?? 0)), 'edges must ascend')
  .refine(
    ({ edges, populations }) => populations.every(({ shares }) => shares.length === edges.length + 1),
    'a population needs a share for each bin, one more than there are edges',
  )
  .refine(
    ({ populations }) => populations.every(({ shares }) => Math.abs(1 - shares.reduce((a, b) => a + b, 0)) < 1e-9),
    'the shares of a population must add up to 1',
  )

/** The registry's guard of its models, as `models/training/fit-guard.ts` makes it. */
export const guardSchema = z.strictObject({
  ranges: z
    .record(z.string(), range)
    .refine((ranges) => Object.keys(ranges).every((name) => RANGED.has(name)), 'a range of no feature of the spec')
    .refine((ranges) => Object.values(ranges).every(([low, high]) => low < high), 'a range must ascend'),
  drift,
})
