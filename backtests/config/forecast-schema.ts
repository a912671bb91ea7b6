import { z } from 'zod'
import { assetName, day, distinct } from './lending-schema.ts'

const split = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('walk-forward'),
    window: z.enum(['expanding', 'rolling']).default('expanding'),
    /** Of a rolling window. */
    windowDays: z.int().min(30).max(5_000).default(730),
    refitEveryDays: z.int().min(1).max(3_650).default(182),
    /** Days before the first refit, which are only learned from. */
    firstDays: z.int().min(30).max(5_000).default(365),
  }),
  z.strictObject({
    kind: z.literal('purged-k-fold'),
    folds: z.int().min(2).max(50).default(5),
    embargoDays: z.number().min(0).max(365).default(7),
  }),
  z.strictObject({
    kind: z.literal('combinatorial'),
    groups: z.int().min(3).max(20).default(6),
    testGroups: z.int().min(1).max(10).default(2),
    embargoDays: z.number().min(0).max(365).default(7),
  }),
])

export const forecastSchema = z
  .strictObject({
    assets: distinct(assetName, 100),
    from: day.optional(),
    to: day.optional(),
    models: distinct(z.string().min(1), 30),
    horizons: distinct(z.enum(['24h', '1h']), 2).default(['24h']),
    /** One model over all assets, or each on its own. */
    fit: z.enum(['pooled', 'by-asset']).default('pooled'),
    /** Hours between two samples; tested are those at midnight UTC. */
    stepHours: z.literal([1, 6, 12, 24]).default(24),
    split: split.prefault({ kind: 'walk-forward' }),
    /** The model that all others are compared with. */
    baseline: z.string().default('ewma-94'),
    /** The one whose days are drawn; the one of the least loss when absent. */
    shown: z.string().optional(),
    /** As data.gapHoursMax, for the forecasts alone. */
    gapHoursMax: z.int().min(0).max(2_000).exactOptional(),
    draws: z.int().min(100).max(100_000).default(1_000),
  })
  .refine(({ from, to }) => from === undefined || to === undefined || from < to, {
    path: ['to'],
    error: 'is not after from',
  })
  .refine(({ shown, models }) => shown === undefined || models.includes(shown), {
    path: ['shown'],
    error: 'is not among the models',
  })

export type ForecastConfig = z.infer<typeof forecastSchema>
