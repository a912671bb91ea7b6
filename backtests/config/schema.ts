import { z } from 'zod'
import { forecastSchema } from './forecast-schema.ts'
import { assetName, lendingSchema } from './lending-schema.ts'

const file = z.strictObject({
  path: z.string().min(1),
  kind: z.enum(['volatile', 'stable']).default('volatile'),
  /** Volume in units of the asset, or of the quote currency. */
  volumeIn: z.enum(['base', 'quote']).default('base'),
  /** Of a file with several markets: the value of its column `symbol`. */
  symbol: z.string().min(1).optional(),
})

const data = z.strictObject({
  /** A folder of the recorded market data; relative to the config's own folder. */
  recorded: z.string().min(1).optional(),
  /** The user's own hours or minutes, by asset: CSV, gzipped or not, or Parquet. They go before the recording's. */
  files: z.record(assetName, file).default({}),
  /** Whose volatility stands for the market's in every feature vector; none when absent and not among the data. */
  marketAsset: assetName.default('BTC'),
  /** A hole of at most so many hours is taken for a market that stood still, and shown; a larger one is an error. */
  gapHoursMax: z.int().min(0).max(2_000).default(48),
})

/** A backtest as a script says it, which may give its data beside it. */
export const backtestSchema = z
  .strictObject({
    name: z.string().regex(/^[A-Za-z0-9 ._-]{1,60}$/, 'needs 1 to 60 letters, digits, spaces, dots or dashes'),
    seed: z
      .int()
      .min(0)
      .max(2 ** 31 - 1)
      .default(1),
    data,
    lending: lendingSchema.optional(),
    forecast: forecastSchema.optional(),
  })
  .refine(({ lending, forecast }) => lending !== undefined || forecast !== undefined, {
    error: 'asks for nothing: give lending or forecast',
  })

/** A backtest as its YAML says it. */
export const fileSchema = backtestSchema.refine(
  ({ data: { recorded, files } }) => recorded !== undefined || Object.keys(files).length > 0,
  { path: ['data'], error: 'names no data: give recorded or files' },
)

export type BacktestConfig = z.infer<typeof backtestSchema>
/** As it is written, with what has a default left out. */
export type BacktestConfigInput = z.input<typeof backtestSchema>
