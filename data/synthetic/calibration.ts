import { readFileSync } from 'node:fs'
import { z } from 'zod'

const garch = z.strictObject({ alpha: z.number(), beta: z.number(), variance: z.number() })
const asset = z.strictObject({
  /** Median close of the calibration period, USD. */
  startPrice: z.number(),
  /** Share of a deviation from 1 USD that is left an hour later; 1 for an asset without a peg. */
  pegMemory: z.number(),
  garch,
  /** Jumps on top of the normal shocks: how often, and their variance in units of the hour's. */
  jump: z.strictObject({ rate: z.number(), variance: z.number() }),
  moments: z.strictObject({
    hourlyVolatility: z.number(),
    kurtosis: z.number(),
    squaredAcf1: z.number(),
    squaredAcf24: z.number(),
    jumpRate: z.number(),
  }),
  /** Base currency an hour, on the venue of the recording. */
  hourlyVolume: z.strictObject({ median: z.number(), logSd: z.number() }),
})

/** The simulator's fitted figures: see calibrate.ts, which writes them. */
export const calibrationSchema = z.strictObject({
  note: z.string(),
  assets: z.strictObject({ BTC: asset, ETH: asset, USDC: asset, USDT: asset }),
  /** Correlation of hourly BTC and ETH returns. */
  correlation: z.number(),
  venueNoise: z.strictObject({
    /** Median and 99th percentile of |venue / median of venues - 1| by the minute, in bps. */
    medianBps: z.number(),
    p99Bps: z.number(),
    /** Its autocorrelation from one minute to the next. */
    memory: z.number(),
  }),
  /** A venue's volume of BTC over Binance's, in the month that all were recorded. */
  venueShare: z.strictObject({ binance: z.number(), coinbaseexchange: z.number(), kraken: z.number() }),
  book: z.strictObject({
    spreadBps: z.number(),
    /** Bids within so many bps of the mid, as a share of those within 100 bps. */
    profile: z.array(z.strictObject({ bps: z.number(), share: z.number() })),
    /** Bids within 100 bps over the median hour's volume, both in USD. */
    depthHours: z.number(),
    logSd: z.number(),
  }),
})

export type Calibration = z.infer<typeof calibrationSchema>
export type SimulatedAsset = keyof Calibration['assets']

export const CALIBRATION_FILE: URL = new URL('./calibration.json', import.meta.url)

/** @throws {Error} when the committed figures are not there or not of this form. */
export function readCalibration(): { readonly calibration: Calibration; readonly text: string } {
  const text = readFileSync(CALIBRATION_FILE, 'utf8')
  return { calibration: calibrationSchema.parse(JSON.parse(text)), text }
}
