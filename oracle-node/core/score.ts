import type { RiskPrediction } from './prediction.ts'
import type { RiskRecord } from './record.ts'
import { recordFieldMax } from './record.ts'
import { BPS, BPS_MAX, bps, type UnixSeconds } from './units.ts'

/** Why a prediction cannot be signed. Each is a fault of a model or of the data, which no retry mends. */
export type NoScore =
  | 'price-out-of-range'
  | 'volatility-out-of-range'
  | 'value-at-risk-out-of-range'
  | 'expected-shortfall-out-of-range'
  | 'expected-shortfall-below-value-at-risk'
  | 'depth-out-of-range'
  | 'dispersion-out-of-range'
  | 'validity-out-of-range'

export type Score =
  | { readonly ok: true; readonly record: RiskRecord }
  | { readonly ok: false; readonly reason: NoScore; readonly detail: string }

export type ScoreInput = {
  readonly prediction: RiskPrediction
  /** USD that can be sold before the price falls 2 %. */
  readonly depthUsd: number
  readonly priceUsd: number
  /** Half of the spread between the venues' prices, as a ratio of the price. */
  readonly dispersion: number
  readonly observedAt: UnixSeconds
  readonly validForSeconds: number
}

/** USD of depth at which the liquidity score stands in the middle, 5 000. */
export const LIQUIDITY_HALF_USD = 10_000_000

/**
 * The one place where floats end: each field is rounded to a whole unit against the borrower (risk up, liquidity down), the
 * price to the nearest 1e-8. A shortfall below its value at risk cannot be true, so it is refused and not mended.
 * `riskScoreBps` follows from two rounded fields, so anyone can check it against the observation that carries them; noise in the last
 * bits of a prediction moves each field by 1 at most, and the risk score by 3 at most.
 */
export function scoreRisk(input: ScoreInput): Score {
  const fault = firstFault(input)
  if (fault !== undefined) return { ok: false, ...fault }
  const { prediction, observedAt, validForSeconds } = input
  const depthUsd = Math.floor(input.depthUsd)
  const shortfall = bpsUp(prediction.expectedShortfall99)
  const liquidity = liquidityScore(depthUsd)
  return {
    ok: true,
    record: {
      priceE8: priceE8Nearest(input.priceUsd),
      volatilityBps: bps(bpsUp(prediction.volatility)),
      valueAtRisk99Bps: bps(bpsUp(prediction.valueAtRisk99)),
      expectedShortfall99Bps: bps(shortfall),
      depthUsd,
      liquidityScoreBps: bps(liquidity),
      riskScoreBps: bps(riskScore({ expectedShortfallBps: shortfall, liquidityScoreBps: liquidity })),
      confidenceBps: bps(bpsUp(input.dispersion)),
      observedAt,
      validForSeconds,
    },
  }
}

/** floor(10 000 · K / (K + depth)), K = {@link LIQUIDITY_HALF_USD}: 10 000 without any depth, 5 000 at K, falling to 0. */
export function liquidityScore(depthUsd: number): number {
  return Math.floor((BPS * LIQUIDITY_HALF_USD) / (LIQUIDITY_HALF_USD + depthUsd))
}

/**
 * 10 000 − floor((10 000 − min(10 000, 2·ES)) · (10 000 − liquidity score) / 10 000): the worst when half of the value may be
 * lost or nothing can be sold, never better than either alone. Never falls when one of the two rises.
 */
export function riskScore(parts: {
  readonly expectedShortfallBps: number
  readonly liquidityScoreBps: number
}): number {
  const safety = BPS - Math.min(BPS, 2 * parts.expectedShortfallBps)
  return BPS - Math.floor((safety * (BPS - parts.liquidityScoreBps)) / BPS)
}

type Fault = { readonly reason: NoScore; readonly detail: string }

function firstFault({ prediction, ...input }: ScoreInput): Fault | undefined {
  const { volatility, valueAtRisk99, expectedShortfall99 } = prediction
  return (
    outside('price-out-of-range', input.priceUsd, [5e-9, PRICE_MAX_USD]) ??
    outside('volatility-out-of-range', volatility, [0, BPS_MAX / BPS]) ??
    outside('value-at-risk-out-of-range', valueAtRisk99, [0, 1]) ??
    outside('expected-shortfall-out-of-range', expectedShortfall99, [0, 1]) ??
    outside('expected-shortfall-below-value-at-risk', expectedShortfall99, [valueAtRisk99, 1]) ??
    outside('depth-out-of-range', input.depthUsd, [0, Number(recordFieldMax('depthUsd'))]) ??
    outside('dispersion-out-of-range', input.dispersion, [0, 1]) ??
    outside('validity-out-of-range', wholeOrNaN(input.validForSeconds), [1, Number(recordFieldMax('validForSeconds'))])
  )
}

/** A NaN is inside no range, so it is named as any other value would be. */
function outside(reason: NoScore, given: number, [least, most]: readonly [number, number]): Fault | undefined {
  if (given >= least && given <= most) return undefined
  return { reason, detail: `got ${given}, needed ${least} to ${most}` }
}

function wholeOrNaN(value: number): number {
  return Number.isInteger(value) ? value : Number.NaN
}

/** The next whole basis point at or above a ratio in range. */
function bpsUp(ratio: number): number {
  return Math.min(Math.ceil(ratio * BPS), BPS_MAX)
}

/** Below 2^64 · 1e-8, and far above any asset's price. */
const PRICE_MAX_USD = 184_467_440_737
const E8 = 100_000_000

/** Whole and fraction apart: each is exact in a double, where price · 1e8 is not past 9e7 USD. */
function priceE8Nearest(priceUsd: number): bigint {
  const whole = Math.floor(priceUsd)
  return BigInt(whole) * BigInt(E8) + BigInt(Math.round((priceUsd - whole) * E8))
}
