import { BPS } from '../../oracle-node/core/units.ts'
import type { PolicyParameters } from '../policies/policy.ts'
import type { MarketEvent, MarketInput, ParameterChange } from './market.ts'
import { type MaxTree, maxTree, setValue } from './max-tree.ts'

/** What rounding may leave of an amount that is used up, as a share of it. */
export const DUST = 1e-9

/** The world at one point in time. */
export type Moment = {
  hour: number
  /** Unix seconds. */
  time: number
  priceUsd: number
  oraclePriceUsd: number
  debtPriceUsd: number
  depthUsd: number
}

/** What is counted, from the end of the warm-up on. USD as it was worth at the time. */
export type Totals = {
  writtenOffUsd: number
  earnedUsd: number
  liquidatedByPolicyUsd: number
  liquidatorProfitUsd: number
  liquidations: number
  changes: ParameterChange[]
}

/**
 * One market in the middle of its run; everything in it moves. Borrowers have seats, the one who brings the most the first: whom it does
 * not pay to liquidate sits behind those whom it does. Debt is scaled as in Aave: owed is what is held here times the index.
 */
export type Run = {
  readonly input: MarketInput
  /** By seat: the borrower's number in the input, and what it brings. */
  readonly borrowerOf: Int32Array
  readonly brings: Float64Array
  /** By seat, the share of the borrowing power that the borrower likes to draw. */
  readonly uses: Float64Array
  readonly collateral: Float64Array
  readonly debtScaled: Float64Array
  /** Scaled debt per token of collateral: who is in danger first, whatever the prices. */
  readonly ratios: MaxTree
  readonly groups: Groups
  readonly now: Moment
  readonly tell: ((event: MarketEvent) => void) | undefined
  totals: Totals
  current: PolicyParameters
  /** In force before this hour's step. */
  thresholdBefore: number
  index: number
  /** Debt units that nobody has borrowed. */
  cash: number
  collateralTotal: number
  debtScaledTotal: number
  broughtTotal: number
  /** In this hour. */
  liquidatedUsd: number
  /** The book's, see order-book.ts. */
  displacement: number
}

/** Sums over the tree's groups of seats, those with debt; worked out where they are needed and {@link rank} has made them stale. */
type Groups = {
  readonly isStale: Uint8Array
  readonly leastRatio: Float64Array
  readonly debtScaled: Float64Array
  readonly collateral: Float64Array
}

export function noTotals(): Totals {
  return {
    writtenOffUsd: 0,
    earnedUsd: 0,
    liquidatedByPolicyUsd: 0,
    liquidatorProfitUsd: 0,
    liquidations: 0,
    changes: [],
  }
}

export function startRun(input: MarketInput): Run {
  const { setup, borrowers, path } = input
  const size = borrowers.collateral.length
  const brought = (borrower: number): number => borrowers.collateral[borrower] ?? 0
  const borrowerOf = Int32Array.from({ length: size }, (_, borrower) => borrower).sort(
    (a, b) => brought(b) - brought(a) || a - b,
  )
  const brings = Float64Array.from(borrowerOf, brought)
  const broughtTotal = brings.reduce((sum, tokens) => sum + tokens, 0)
  const now: Moment = { hour: 0, time: path.from, priceUsd: 0, oraclePriceUsd: 0, debtPriceUsd: 1, depthUsd: 0 }
  const ratios = maxTree(size)
  const sums = (): Float64Array => new Float64Array(ratios.groups)
  const run: Run = {
    input,
    borrowerOf,
    brings,
    uses: Float64Array.from(borrowerOf, (borrower) => borrowers.use[borrower] ?? 0),
    collateral: new Float64Array(size),
    debtScaled: new Float64Array(size),
    ratios,
    groups: {
      isStale: new Uint8Array(ratios.groups).fill(1),
      leastRatio: sums(),
      debtScaled: sums(),
      collateral: sums(),
    },
    now,
    tell: input.onEvent,
    totals: noTotals(),
    current: {
      ltvBps: setup.ltvBps,
      liquidationThresholdBps: setup.liquidationThresholdBps,
      supplyCap: setup.supplyCap,
      borrowCap: setup.borrowCap,
    },
    thresholdBefore: setup.liquidationThresholdBps,
    index: 1,
    cash: 0,
    collateralTotal: 0,
    debtScaledTotal: 0,
    broughtTotal,
    liquidatedUsd: 0,
    displacement: 0,
  }
  moveTo(run, 0)
  const power = (broughtTotal * now.oraclePriceUsd * setup.ltvBps) / BPS / now.debtPriceUsd
  run.cash = input.liquidityOverDebt * power
  return run
}

/** Puts the run at a point of its path. */
export function moveTo({ now, input: { path } }: Run, point: number): void {
  now.priceUsd = path.priceUsd[point] ?? 0
  now.oraclePriceUsd = path.oraclePriceUsd[point] ?? 0
  now.depthUsd = path.depthUsd[point] ?? 0
  if (path.debtPriceUsd !== undefined) now.debtPriceUsd = path.debtPriceUsd[point] ?? 0
}

export function debtOf(run: Run, seat: number): number {
  return (run.debtScaled[seat] ?? 0) * run.index
}

export function debtOfAll({ debtScaledTotal, index }: Run): number {
  // Sums of many small differences may end a little below nothing.
  return Math.max(0, debtScaledTotal) * index
}

/** The ratio from which on a position is unsound, at some threshold: its health factor is this over its own ratio. */
export function soundRatio({ now, index }: Run, thresholdBps: number): number {
  return (now.oraclePriceUsd * thresholdBps) / BPS / (index * now.debtPriceUsd)
}

/** The ratio above which the market's price no longer covers the debt. */
export function coveredRatio({ now, index }: Run): number {
  return now.priceUsd / (index * now.debtPriceUsd)
}

export function supply(run: Run, seat: number, tokens: number): void {
  run.collateral[seat] = (run.collateral[seat] ?? 0) + tokens
  run.collateralTotal += tokens
  rank(run, seat)
  run.tell?.({ kind: 'supply', time: run.now.time, borrower: run.borrowerOf[seat] ?? 0, collateral: tokens })
}

export function borrow(run: Run, seat: number, units: number): void {
  run.cash -= units
  addDebt(run, seat, units)
  rank(run, seat)
  run.tell?.({ kind: 'borrow', time: run.now.time, borrower: run.borrowerOf[seat] ?? 0, debt: units })
}

export function repay(run: Run, seat: number, units: number): void {
  run.cash += units
  addDebt(run, seat, -units)
  rank(run, seat)
  run.tell?.({ kind: 'repay', time: run.now.time, borrower: run.borrowerOf[seat] ?? 0, debt: units })
}

/** Takes what a liquidation repaid and seized off a position. Its rank stays what it was until {@link rank} is called. */
export function takeOff(run: Run, seat: number, debtCovered: number, collateralSeized: number): void {
  const held = run.collateral[seat] ?? 0
  const left = held - collateralSeized
  run.collateral[seat] = left > held * DUST ? left : 0
  run.collateralTotal -= held - (run.collateral[seat] ?? 0)
  run.cash += debtCovered
  addDebt(run, seat, -debtCovered)
}

/** Gives up what a position owes. @returns the debt units lost. */
export function writeOff(run: Run, seat: number): number {
  const lost = debtOf(run, seat)
  addDebt(run, seat, -lost)
  return lost
}

function addDebt(run: Run, seat: number, units: number): void {
  const held = run.debtScaled[seat] ?? 0
  const next = held + units / run.index
  const kept = next > held * DUST ? next : 0
  run.debtScaled[seat] = kept
  run.debtScaledTotal += kept - held
}

/** Puts a position where its ratio belongs. Collateral of 0 holds no debt. */
export function rank(run: Run, seat: number): void {
  run.groups.isStale[Math.floor(seat / run.ratios.span)] = 1
  const tokens = run.collateral[seat] ?? 0
  setValue(run.ratios, seat, tokens > 0 ? (run.debtScaled[seat] ?? 0) / tokens : 0)
}
