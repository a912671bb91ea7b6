import type { Rejection } from './market.ts'
import { CLOCK_LEAD_MAX_SECONDS } from './market-bars.ts'
import { powerOfTen } from './power-of-ten.ts'
import { BPS, BPS_MAX, type Bps, type UnixSeconds } from './units.ts'

/** Aave counts rates and indexes in 10^-27. */
export const RAY: bigint = 10n ** 27n
const RAY_PER_BPS = RAY / BigInt(BPS)
/** Aave keeps amounts, rates and indexes in 128 bits. */
const WORD_MAX = 2n ** 128n - 1n
const SECONDS_MAX = 2n ** 32n - 1n
const BPS_OF_ONE = BigInt(BPS)

/** Each number of a reserve, from and to, as Aave's own fields and rules bound it. */
const BOUNDS = {
  decimals: [0n, 36n],
  totalSupply: [0n, WORD_MAX],
  accruedToTreasuryScaled: [0n, WORD_MAX],
  availableLiquidity: [0n, WORD_MAX],
  stableDebt: [0n, WORD_MAX],
  variableDebt: [0n, WORD_MAX],
  liquidityRate: [0n, WORD_MAX],
  variableBorrowRate: [0n, WORD_MAX],
  stableBorrowRate: [0n, WORD_MAX],
  liquidityIndex: [RAY, WORD_MAX],
  variableBorrowIndex: [RAY, WORD_MAX],
  lastUpdate: [0n, SECONDS_MAX],
  ltv: [0n, BPS_OF_ONE],
  liquidationThreshold: [0n, BPS_OF_ONE],
  liquidationBonus: [0n, 65_535n],
  liquidationProtocolFee: [0n, BPS_OF_ONE],
  reserveFactor: [0n, BPS_OF_ONE],
  supplyCap: [0n, 2n ** 36n - 1n],
  borrowCap: [0n, 2n ** 36n - 1n],
  debtCeiling: [0n, 2n ** 40n - 1n],
  blockTime: [0n, SECONDS_MAX],
} as const satisfies Readonly<Record<string, readonly [bigint, bigint]>>
const NUMBERS = Object.entries(BOUNDS)

const FLAGS = [
  'isActive',
  'isFrozen',
  'isPaused',
  'isBorrowingEnabled',
  'isStableBorrowingEnabled',
  'isCollateral',
] as const

/** A reserve as Aave v3's contracts answer for it, each number in Aave's own unit. */
export type RawReserve = Readonly<Record<keyof typeof BOUNDS, bigint>> &
  Readonly<Record<(typeof FLAGS)[number], boolean>> & {
    /** Its efficiency category, 0 for none; absent on versions where a reserve can be in several (from 3.2). */
    readonly eModeCategory?: bigint | undefined
    /** In 10^-8 USD; absent where the market's oracle did not answer. */
    readonly priceE8?: bigint | undefined
  }

/** One reserve of a lending market at one block. Amounts are raw units of its token, unless said otherwise. */
export type ReserveState = Readonly<Record<(typeof FLAGS)[number], boolean>> & {
  readonly decimals: number
  /** What suppliers can claim, interest until the block in it. */
  readonly totalSupply: bigint
  /** What the market's treasury can claim besides, as of the last update. */
  readonly treasury: bigint
  /** What lies in the reserve and can be borrowed or withdrawn. */
  readonly availableLiquidity: bigint
  readonly stableDebt: bigint
  readonly variableDebt: bigint
  /** Debt / (available liquidity + debt), rounded down: what Aave's interest rates follow. Absent where both are 0. */
  readonly utilisationBps?: Bps
  /** Rates of a year, not compounded, in bps, rounded down to a millionth of one. */
  readonly liquidityRateBps: number
  readonly variableBorrowRateBps: number
  readonly stableBorrowRateBps: number
  /** Whole tokens; 0 is no cap. */
  readonly supplyCap: number
  readonly borrowCap: number
  /** What a cap still lets in at most, 0 where it is passed; interest not yet booked is not in it. Absent without a cap. */
  readonly supplyHeadroom?: bigint
  readonly borrowHeadroom?: bigint
  readonly ltvBps: Bps
  readonly liquidationThresholdBps: Bps
  /** As Aave counts it: 10 500 is a bonus of 5 %, and 0 is what an asset has that is no collateral. */
  readonly liquidationBonusBps: Bps
  readonly liquidationProtocolFeeBps: Bps
  readonly reserveFactorBps: Bps
  /** The most debt against this asset in isolation mode, USD; 0 where it is not in that mode. */
  readonly debtCeilingUsd: number
  readonly eModeCategory?: number
  /** In 10^-8 USD, by the market's own oracle; absent where that had none. */
  readonly priceE8?: bigint
  /** When the market last booked interest. */
  readonly lastUpdate: UnixSeconds
  readonly blockTime: UnixSeconds
}

export type ParsedReserve =
  | { readonly ok: true; readonly reserve: ReserveState }
  | { readonly ok: false; readonly reason: Rejection; readonly detail: string }

/**
 * A reserve as an RPC told of it, checked: `malformed` where a field is of another type, out of Aave's own bounds or at odds with
 * another; `from-the-future` and `stale` by the block's time. Never throws, whatever `raw` holds.
 */
export function parseReserve(raw: unknown, now: UnixSeconds, maxAgeSeconds: number): ParsedReserve {
  if (!isReserve(raw)) return no('malformed', `a reserve: ${faultOf(raw) ?? ''}`)
  const conflict = conflictOf(raw)
  if (conflict !== undefined) return no('malformed', `a reserve: ${conflict}`)
  const age = now - Number(raw.blockTime)
  if (age < -CLOCK_LEAD_MAX_SECONDS) return no('from-the-future', `the block was made ${-age} s from now`)
  if (age > maxAgeSeconds) return no('stale', `the block is ${age} s old; ${maxAgeSeconds} s is the most`)
  return { ok: true, reserve: stateOf(raw) }
}

/** What a model or a policy may use of a reserve. A field is absent where it is not known, which is not 0. */
export type LendingFeatures = {
  /** 10 000 · debt / (available liquidity + debt), whole bps rounded down. Not known where the reserve is empty. */
  readonly utilisationBps?: number
  /** 10 000 · (supply + treasury) / supply cap, whole bps rounded down, above 10 000 where passed. Not known without a cap. */
  readonly supplyCapUseBps?: number
  /** 10 000 · (stable + variable debt) / borrow cap, whole bps rounded down. Not known without a cap. */
  readonly borrowCapUseBps?: number
  /** Available liquidity · price by the market's own oracle, USD. Not known where that oracle has no price. */
  readonly availableLiquidityUsd?: number
}

/** The features of one reserve; formula, unit and when they are not known stand at {@link LendingFeatures}. */
export function lendingFeatures(reserve: ReserveState): LendingFeatures {
  const { decimals, supplyCap, borrowCap, priceE8, utilisationBps } = reserve
  const supplyCapUseBps = ratioBps(reserve.totalSupply + reserve.treasury, inUnits(supplyCap, decimals))
  const borrowCapUseBps = ratioBps(reserve.stableDebt + reserve.variableDebt, inUnits(borrowCap, decimals))
  return {
    ...(utilisationBps !== undefined && { utilisationBps }),
    ...(supplyCapUseBps !== undefined && { supplyCapUseBps }),
    ...(borrowCapUseBps !== undefined && { borrowCapUseBps }),
    ...(priceE8 !== undefined && {
      availableLiquidityUsd:
        (Number(reserve.availableLiquidity) / Number(powerOfTen(decimals))) * (Number(priceE8) / 1e8),
    }),
  }
}

function stateOf(raw: RawReserve): ReserveState {
  const { totalSupply, availableLiquidity, stableDebt, variableDebt, eModeCategory, priceE8 } = raw
  const decimals = Number(raw.decimals)
  const debt = stableDebt + variableDebt
  const treasury = (raw.accruedToTreasuryScaled * raw.liquidityIndex + RAY / 2n) / RAY
  const utilisationBps = ratioBps(debt, availableLiquidity + debt)
  return {
    decimals,
    totalSupply,
    treasury,
    availableLiquidity,
    stableDebt,
    variableDebt,
    ...(utilisationBps !== undefined && { utilisationBps }),
    liquidityRateBps: rateBps(raw.liquidityRate),
    variableBorrowRateBps: rateBps(raw.variableBorrowRate),
    stableBorrowRateBps: rateBps(raw.stableBorrowRate),
    supplyCap: Number(raw.supplyCap),
    borrowCap: Number(raw.borrowCap),
    ...(raw.supplyCap > 0n && { supplyHeadroom: headroom(raw.supplyCap, decimals, totalSupply + treasury) }),
    ...(raw.borrowCap > 0n && { borrowHeadroom: headroom(raw.borrowCap, decimals, debt) }),
    ltvBps: Number(raw.ltv) as Bps,
    liquidationThresholdBps: Number(raw.liquidationThreshold) as Bps,
    liquidationBonusBps: Number(raw.liquidationBonus) as Bps,
    liquidationProtocolFeeBps: Number(raw.liquidationProtocolFee) as Bps,
    reserveFactorBps: Number(raw.reserveFactor) as Bps,
    debtCeilingUsd: Number(raw.debtCeiling) / 100,
    ...(eModeCategory !== undefined && { eModeCategory: Number(eModeCategory) }),
    ...(priceE8 !== undefined && { priceE8 }),
    isActive: raw.isActive,
    isFrozen: raw.isFrozen,
    isPaused: raw.isPaused,
    isBorrowingEnabled: raw.isBorrowingEnabled,
    isStableBorrowingEnabled: raw.isStableBorrowingEnabled,
    isCollateral: raw.isCollateral,
    lastUpdate: Number(raw.lastUpdate) as UnixSeconds,
    blockTime: Number(raw.blockTime) as UnixSeconds,
  }
}

function isReserve(raw: unknown): raw is RawReserve {
  return faultOf(raw) === undefined
}

/** What is wrong with a field by itself. */
function faultOf(raw: unknown): string | undefined {
  if (typeof raw !== 'object' || raw === null) return `an object is needed, got ${typeof raw}`
  const fields: Readonly<Partial<Record<string, unknown>>> = { ...raw }
  for (const [name, [least, most]] of NUMBERS) {
    if (!isWithin(fields[name], least, most)) return `${name} is not a whole number from ${least} to ${most}`
  }
  const flag = FLAGS.find((name) => typeof fields[name] !== 'boolean')
  if (flag !== undefined) return `${flag} is neither true nor false`
  const { eModeCategory, priceE8 } = fields
  if (eModeCategory !== undefined && !isWithin(eModeCategory, 0n, 255n)) return 'eModeCategory is not from 0 to 255'
  if (priceE8 !== undefined && !isWithin(priceE8, 1n, 10n ** 20n)) return 'priceE8 is not a price up to 10^12 USD'
  return undefined
}

/** What cannot be together. Aave itself holds a reserve to each of these. */
function conflictOf(raw: RawReserve): string | undefined {
  const { ltv, liquidationThreshold, liquidationBonus } = raw
  if (ltv > liquidationThreshold) return `its LTV of ${ltv} is above its liquidation threshold, ${liquidationThreshold}`
  if (raw.isCollateral !== liquidationThreshold > 0n)
    return 'collateral has a liquidation threshold, and nothing else has'
  if (liquidationThreshold > 0n && liquidationBonus < BPS_OF_ONE)
    return `a bonus of ${liquidationBonus} takes from liquidators`
  // A liquidation at the threshold must not pay out more than the collateral.
  if (liquidationThreshold * liquidationBonus > BPS_OF_ONE * BPS_OF_ONE) {
    return `threshold ${liquidationThreshold} and bonus ${liquidationBonus} pay out more than all`
  }
  if (raw.lastUpdate > raw.blockTime) return `it was last updated ${raw.lastUpdate - raw.blockTime} s after its block`
  return undefined
}

function isWithin(value: unknown, least: bigint, most: bigint): value is bigint {
  return typeof value === 'bigint' && value >= least && value <= most
}

/** To a millionth of a bp, rounded down: a double holds that exactly for every rate of a year below 900,000 %. */
function rateBps(ray: bigint): number {
  return Number((ray * 1_000_000n) / RAY_PER_BPS) / 1_000_000
}

/** Rounded down; the widest field of bps where it is larger still; `undefined` over 0. */
function ratioBps(part: bigint, whole: bigint): Bps | undefined {
  if (whole === 0n) return undefined
  return Math.min(Number((part * BPS_OF_ONE) / whole), BPS_MAX) as Bps
}

function headroom(cap: bigint, decimals: number, used: bigint): bigint {
  const left = cap * powerOfTen(decimals) - used
  return left > 0n ? left : 0n
}

function inUnits(tokens: number, decimals: number): bigint {
  return BigInt(tokens) * powerOfTen(decimals)
}

function no(reason: Rejection, detail: string): ParsedReserve {
  return { ok: false, reason, detail }
}
