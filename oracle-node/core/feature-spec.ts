import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'
import { invariant } from './errors.ts'

/** Hours of log returns that a vector covers: seven days, the longest memory of the models. */
export const WINDOW_HOURS = 168
/** More flat hours than this in the window and volatility would be understated, so there is no vector. One in fourteen. */
export const MISSING_HOURS_MAX = 12
/** The newest closed bar may have closed this long ago at most: one hour that a venue skipped, and an hour that is open. */
export const LAST_BAR_AGE_MAX_SECONDS = 7_200

type ScalarSpec = { readonly name: string; readonly unit: string; readonly formula: string; readonly source?: string }

const DAY = 'per sqrt(day)'

/**
 * What a feature vector holds, in order: the scalars, then the log returns, oldest first. `models/feature-spec.json` is this
 * object as text (a test compares them), so that tools without TypeScript can read it; the core cannot read files.
 * Volatilities are per day (24 h), as ratios; r(i) is the log return of the i-th last hour, o, h, l and c the logarithms of its open,
 * high, low and close. No value is ever NaN: where a formula has none, the value that is named in it stands.
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
  version: 2,
  barSeconds: 3_600,
  windowHours: WINDOW_HOURS,
  missingHoursMax: MISSING_HOURS_MAX,
  lastBarAgeMaxSeconds: LAST_BAR_AGE_MAX_SECONDS,
  missingHour: 'a flat bar at the previous close without volume',
  scalars: [
    { name: 'realized_1h', unit: DAY, formula: 'sqrt(24 * r(1)^2)' },
    { name: 'realized_6h', unit: DAY, formula: 'sqrt(4 * sum(r(1..6)^2))' },
    { name: 'realized_24h', unit: DAY, formula: 'sqrt(sum(r(1..24)^2))' },
    { name: 'realized_7d', unit: DAY, formula: 'sqrt(sum(r(1..168)^2) / 7)' },
    { name: 'parkinson_24h', unit: DAY, formula: 'sqrt(sum((h-l)(1..24)^2) / (4 ln 2))', source: 'Parkinson 1980' },
    { name: 'parkinson_7d', unit: DAY, formula: 'sqrt(sum((h-l)(1..168)^2) / (28 ln 2))', source: 'Parkinson 1980' },
    {
      name: 'garman_klass_24h',
      unit: DAY,
      formula: 'sqrt(max(0, sum(((h-l)^2 / 2 - (2 ln 2 - 1) (c-o)^2)(1..24))))',
      source: 'Garman and Klass 1980',
    },
    {
      name: 'rogers_satchell_24h',
      unit: DAY,
      formula: 'sqrt(sum(((h-c)(h-o) + (l-c)(l-o))(1..24)))',
      source: 'Rogers and Satchell 1991',
    },
    {
      name: 'yang_zhang_24h',
      unit: DAY,
      formula:
        'sqrt(24 * (var(o - previous c) + k var(c-o) + (1-k) mean rogers-satchell)), over 1..24, k = 0.34 / (1.34 + 25/23)',
      source: 'Yang and Zhang 2000',
    },
    {
      name: 'bipower_24h',
      unit: DAY,
      formula: 'sqrt(pi/2 * 24/23 * sum(|r(i)| |r(i+1)|, i = 1..23))',
      source: 'Barndorff-Nielsen and Shephard 2004',
    },
    {
      name: 'jump_share_24h',
      unit: '0 to 1',
      formula: 'max(0, 1 - bipower_24h^2 / realized_24h^2), 0 where nothing moved',
      source: 'Barndorff-Nielsen and Shephard 2004',
    },
    {
      name: 'downside_24h',
      unit: DAY,
      formula: 'sqrt(sum(min(r(1..24), 0)^2))',
      source: 'Barndorff-Nielsen et al. 2010',
    },
    { name: 'daily_7d', unit: DAY, formula: 'sqrt(mean over 7 days of (sum of the 24 hourly r)^2)' },
    {
      name: 'fall_24h',
      unit: 'log return',
      formula: '-min(0, sum(r(1..24)))',
      source: 'leverage: Corsi and Reno 2012',
    },
    {
      name: 'fall_7d',
      unit: 'log return',
      formula: '-min(0, sum(r(1..168)))',
      source: 'leverage: Corsi and Reno 2012',
    },
    {
      name: 'same_hour_7d',
      unit: DAY,
      formula: 'sqrt(24 * mean of r^2 over the 7 hours that lie 1..7 days before the coming one)',
      source: 'diurnal cycle: Andersen and Bollerslev 1997',
    },
    { name: 'ln_usd_volume_24h', unit: 'ln(USD per day)', formula: 'ln(max(1, 24 * mean(volume(1..24))))' },
    { name: 'ln_usd_volume_7d', unit: 'ln(USD per day)', formula: 'ln(max(1, 24 * mean(volume(1..168))))' },
    {
      name: 'ln_amihud_24h',
      unit: 'ln(1 / USD)',
      formula:
        'ln(max(1e-18, mean of |r| / volume over the hours of 1..24 with 1 USD or more)), the least where there is none',
      source: 'Amihud 2002',
    },
    {
      name: 'corwin_schultz_24h',
      unit: 'ratio of the price',
      formula: 'mean over 1..23 of max(0, spread of hours i and i+1)',
      source: 'Corwin and Schultz 2012',
    },
    {
      name: 'abdi_ranaldo_24h',
      unit: 'ratio of the price',
      formula: 'sqrt(max(0, 4 * mean over 1..23 of (c(i+1) - m(i+1)) (c(i+1) - m(i)))), m = (h+l)/2',
      source: 'Abdi and Ranaldo 2017',
    },
    {
      name: 'ln_kyle_obizhaeva_24h',
      unit: 'ln(USD^(-1/3))',
      formula: '(2 ln(max(1e-9, realized_24h)) - ln_usd_volume_24h) / 3',
      source: 'illiquidity 1/L: Kyle and Obizhaeva 2016',
    },
    { name: 'market_realized_1h', unit: DAY, formula: 'realized_1h of the market asset, its own where none is known' },
    {
      name: 'market_realized_24h',
      unit: DAY,
      formula: 'realized_24h of the market asset, its own where none is known',
    },
    { name: 'market_realized_7d', unit: DAY, formula: 'realized_7d of the market asset, its own where none is known' },
    {
      name: 'market_fall_24h',
      unit: 'log return',
      formula: 'fall_24h of the market asset, its own where none is known',
    },
    {
      name: 'hour_of_week',
      unit: 'hours',
      formula: 'hours from Monday 00:00 UTC to the end of the newest bar, 0..167',
    },
    { name: 'weekend_24h', unit: '0 to 1', formula: 'share of the next 24 h that lies in Saturday or Sunday, UTC' },
    { name: 'ln_book_depth', unit: 'ln(USD)', formula: 'ln(max(1, sell depth at 2 %)), 0 where no book is known' },
    {
      name: 'book_slope',
      unit: 'elasticity',
      formula: 'ln(sell depth at 2 % / at 0.5 %) / ln 4, 0 where no book is known or one side of it is empty',
    },
    {
      name: 'venue_dispersion',
      unit: 'ratio of the price',
      formula: 'half of the spread between venues, 0 where not known',
    },
    {
      name: 'stablecoin_basis',
      unit: 'ratio',
      formula: 'largest |rate - 1| of the quote currencies, 0 where not known',
    },
    {
      name: 'reserve_utilisation',
      unit: '0 to 1',
      formula: 'debt / (liquidity + debt) of the reserve, 0 where not known',
    },
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

const PLACES: ReadonlyMap<string, number> = new Map(FEATURE_SPEC.scalars.map(({ name }, index) => [name, index]))

/** Place of a scalar feature in the vector. @throws {InvariantError} when the spec has no such name. */
export function featureIndex(name: string): number {
  const index = PLACES.get(name)
  invariant(index !== undefined, `no feature is named ${name}`)
  return index
}
