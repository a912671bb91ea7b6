import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'
import { invariant } from './errors.ts'

/** Hours of log returns that a vector covers: seven days, the longest memory of the models. */
export const WINDOW_HOURS = 168
/** More flat hours than this in the window and volatility would be understated, so there is no vector. One in fourteen. */
export const MISSING_HOURS_MAX = 12
/** The newest closed bar may have closed this long ago at most: one hour that a venue skipped, and an hour that is open. */
export const LAST_BAR_AGE_MAX_SECONDS = 7_200

type ScalarSpec = { readonly name: string; readonly unit: string; readonly formula: string }

/**
 * What a feature vector holds, in order: the scalars, then the log returns, oldest first. `models/feature-spec.json` is this
 * object as text (a test compares them), so that tools without TypeScript can read it; the core cannot read files.
 * Volatilities are per day (24 h), as ratios; r(i) is the log return of the i-th last hour, h and l its high and low.
 */
export const FEATURE_SPEC: {
  readonly version: number
  readonly barSeconds: number
  readonly windowHours: number
  readonly missingHoursMax: number
  readonly lastBarAgeMaxSeconds: number
  readonly missingHour: string
  readonly scalars: readonly ScalarSpec[]
  readonly returns: { readonly count: number; readonly order: string; readonly unit: string }
} = {
  version: 1,
  barSeconds: 3_600,
  windowHours: WINDOW_HOURS,
  missingHoursMax: MISSING_HOURS_MAX,
  lastBarAgeMaxSeconds: LAST_BAR_AGE_MAX_SECONDS,
  missingHour: 'a flat bar at the previous close without volume',
  scalars: [
    { name: 'realized_1h', unit: 'per sqrt(day)', formula: 'sqrt(24 * r(1)^2)' },
    { name: 'realized_6h', unit: 'per sqrt(day)', formula: 'sqrt(4 * sum(r(1..6)^2))' },
    { name: 'realized_24h', unit: 'per sqrt(day)', formula: 'sqrt(sum(r(1..24)^2))' },
    { name: 'realized_7d', unit: 'per sqrt(day)', formula: 'sqrt(sum(r(1..168)^2) / 7)' },
    { name: 'parkinson_24h', unit: 'per sqrt(day)', formula: 'sqrt(sum(ln(h/l)(1..24)^2) / (4 ln 2))' },
    { name: 'parkinson_7d', unit: 'per sqrt(day)', formula: 'sqrt(sum(ln(h/l)(1..168)^2) / (28 ln 2))' },
    { name: 'downside_24h', unit: 'per sqrt(day)', formula: 'sqrt(sum(min(r(1..24), 0)^2))' },
    { name: 'daily_7d', unit: 'per sqrt(day)', formula: 'sqrt(mean over 7 days of (sum of the 24 hourly r)^2)' },
    { name: 'ln_usd_volume_24h', unit: 'ln(USD per day)', formula: 'ln(max(1, 24 * mean(volume(1..24))))' },
    { name: 'ln_usd_volume_7d', unit: 'ln(USD per day)', formula: 'ln(max(1, 24 * mean(volume(1..168))))' },
  ],
  returns: { count: WINDOW_HOURS, order: 'oldest first', unit: 'log return of one hour' },
}

/** Length of a vector. */
export const FEATURE_COUNT: number = FEATURE_SPEC.scalars.length + WINDOW_HOURS
/** Index of the oldest return in a vector. */
export const RETURNS_OFFSET: number = FEATURE_SPEC.scalars.length

/** The spec's file, to the byte. */
export const FEATURE_SPEC_JSON: string = `${JSON.stringify(FEATURE_SPEC, null, 2)}\n`
/** sha256 (hex) of `models/feature-spec.json`. Every vector carries it, and a model refuses any other. */
export const FEATURE_SPEC_HASH: string = bytesToHex(sha256(utf8ToBytes(FEATURE_SPEC_JSON)))

/** Place of a scalar feature in the vector. @throws {InvariantError} when the spec has no such name. */
export function featureIndex(name: string): number {
  const index = FEATURE_SPEC.scalars.findIndex((scalar) => scalar.name === name)
  invariant(index >= 0, `no feature is named ${name}`)
  return index
}
