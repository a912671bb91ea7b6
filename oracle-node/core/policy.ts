import { invariant } from './errors.ts'
import type { RiskRecord } from './record.ts'
import { BPS } from './units.ts'

/** The four parameters, in the order of the Solidity twin's arrays (`Parameter` in AaveV3Steward.sol). */
export const PARAMETERS = ['ltv', 'liquidationThreshold', 'supplyCap', 'borrowCap'] as const
export type Parameter = (typeof PARAMETERS)[number]

/**
 * Why a parameter is where it is, in the order of `Reason` in Policy.sol.
 * `at-target`: nothing to do. `moved`: now at its target. `limited-by-step`: one step nearer. `held-by-delay`: changed too
 * recently. `limited-by-floor`, `limited-by-ceiling`: at the bound nearest to the target. `within-deadband`: too near to be
 * worth a change. `held-by-doubt`: confidence is low, so nothing is loosened. `held-by-ltv`: a threshold may not fall below the
 * LTV. `held-by-governance`: an LTV of 0, the market's emergency brake, is not released.
 */
export const REASONS = [
  'at-target',
  'moved',
  'limited-by-step',
  'held-by-delay',
  'limited-by-floor',
  'limited-by-ceiling',
  'within-deadband',
  'held-by-doubt',
  'held-by-ltv',
  'held-by-governance',
] as const
export type Reason = (typeof REASONS)[number]

/** A lending market's parameters of one asset. Caps in whole tokens; 0 is "no cap", as in Aave. */
export type LendingParameters = {
  readonly ltvBps: number
  readonly liquidationThresholdBps: number
  readonly supplyCap: number
  readonly borrowCap: number
}

/** The formulae's constants. */
export type PolicyConfig = {
  /** How far the LTV stays below the liquidation threshold. */
  readonly bufferBps: number
  /** The share of the supply cap that is assumed to be liquidated at once. */
  readonly liquidatedShareBps: number
  /** The share of the supply cap that may be borrowed. */
  readonly optimalUtilisationBps: number
  /** The fall of the price that the record's depth is measured to: 200 for ours. */
  readonly depthReferenceBps: number
  /** The confidence (half-width) above which nothing is loosened. */
  readonly doubtAboveBps: number
}

/** How one parameter may move. Lower is tighter for all four. Sizes are bps absolute, or for a cap bps of its value. */
export type Bounds = {
  readonly floor: number
  readonly ceiling: number
  readonly tightenStep: number
  readonly loosenStep: number
  /** Seconds since the last change before a step down. */
  readonly tightenDelay: number
  /** Seconds since the last change before a step up. */
  readonly loosenDelay: number
  readonly deadband: number
}

/** One parameter's move; `from` equals `to` when it is held. `target` is the formula's value, before bounds and steps. */
export type Move = {
  readonly from: number
  readonly to: number
  readonly target: number
  readonly reason: Reason
}

export type PolicyInput = {
  readonly record: Pick<RiskRecord, 'expectedShortfall99Bps' | 'depthUsd' | 'priceE8'>
  /** Whether the record's confidence is too low to loosen anything, see {@link inDoubt}. */
  readonly doubt: boolean
  /** The liquidation bonus over 1. */
  readonly bonusBps: number
  readonly current: LendingParameters
  readonly config: PolicyConfig
  readonly bounds: Readonly<Record<Parameter, Bounds>>
  /** When each parameter last changed, in unix seconds. */
  readonly changedAt: Readonly<Record<Parameter, number>>
  /** Unix seconds. */
  readonly now: number
}

/** The largest cap that Aave stores, in whole tokens: 36 bits. */
export const CAP_MAX: number = 2 ** 36 - 1

const ONE = BigInt(BPS)

/**
 * The next parameters of a lending market under a risk record (DESIGN §2): the reference that the chain's `Policy.sol` equals
 * integer for integer. Rounds against the borrower: caps, LTV and threshold down, slippage up.
 *
 * - supply cap = 2 × the liquidity within the liquidation bonus, in tokens;
 * - liquidation threshold = 1 − ES99 − bonus − slippage of liquidating a share of the cap, and LT·(1+bonus)·(1+slippage) < 1;
 * - LTV = threshold − buffer; borrow cap = supply cap × optimal utilisation;
 *
 * each moved by at most a step towards that, within its bounds. The supply cap goes first, since what may be liquidated depends
 * on it; the threshold before the LTV, which keeps its distance from it.
 * @throws {InvariantError} when `depthReferenceBps` is 0.
 */
export function nextParameters(input: PolicyInput): Readonly<Record<Parameter, Move>> {
  const { current, config, bounds } = input
  invariant(config.depthReferenceBps > 0, 'depthReferenceBps must be above 0')

  const supplyCap = stepCap(input, 'supplyCap', supplyCapTarget(input))
  const threshold = step(input, {
    parameter: 'liquidationThreshold',
    current: current.liquidationThresholdBps,
    target: thresholdTarget(input, slippageUp(input, supplyCap.to)),
    floor: bounds.liquidationThreshold.floor,
  })
  const ltv = stepLtv(input, threshold.to)
  const borrowCapTarget = Number((BigInt(supplyCap.to) * BigInt(config.optimalUtilisationBps)) / ONE)
  return {
    ltv,
    liquidationThreshold: threshold.to < ltv.to ? { ...threshold, to: ltv.to, reason: 'held-by-ltv' } : threshold,
    supplyCap,
    borrowCap: stepCap(input, 'borrowCap', borrowCapTarget),
  }
}

/** Whether a record's confidence is too low to loosen anything on. */
export function inDoubt(record: Pick<RiskRecord, 'confidenceBps'>, config: PolicyConfig): boolean {
  return record.confidenceBps > config.doubtAboveBps
}

/**
 * Twice the liquidity within the liquidation bonus: past that, a liquidator loses more to the market than the bonus pays.
 * 0 without a price.
 */
function supplyCapTarget({ record, bonusBps, config }: PolicyInput): number {
  if (record.priceE8 === 0n) return 0
  const withinBonusUsd = (BigInt(record.depthUsd) * BigInt(bonusBps)) / BigInt(config.depthReferenceBps)
  const tokens = (2n * withinBonusUsd * 100_000_000n) / record.priceE8
  return tokens < BigInt(CAP_MAX) ? Number(tokens) : CAP_MAX
}

/** The mean fall of the price while the share of the cap is sold into a linear book, in bps; all of it without depth or price. */
function slippageUp({ record, config }: PolicyInput, supplyCap: number): number {
  if (record.depthUsd === 0 || record.priceE8 === 0n) return BPS
  const sold = BigInt(supplyCap) * record.priceE8 * BigInt(config.liquidatedShareBps)
  const liquidatedUsd = divideUp(sold, 100_000_000n * ONE)
  const slippage = divideUp(liquidatedUsd * BigInt(config.depthReferenceBps), 2n * BigInt(record.depthUsd))
  return slippage < ONE ? Number(slippage) : BPS
}

function thresholdTarget({ record, bonusBps }: PolicyInput, slippageBps: number): number {
  const byLoss = Math.max(0, BPS - record.expectedShortfall99Bps - bonusBps - slippageBps)
  // The largest threshold with LT·(1 + bonus)·(1 + slippage) < 1, strictly.
  const bySolvency = (ONE ** 3n - 1n) / ((ONE + BigInt(bonusBps)) * (ONE + BigInt(slippageBps)))
  return Math.min(byLoss, Number(bySolvency))
}

function stepLtv(input: PolicyInput, thresholdBps: number): Move {
  const current = input.current.ltvBps
  const target = Math.max(0, thresholdBps - input.config.bufferBps)
  if (current === 0) return { from: 0, to: 0, target, reason: 'held-by-governance' }
  // A floor above the threshold would lift the LTV over it.
  const floor = Math.min(input.bounds.ltv.floor, thresholdBps)
  return step(input, { parameter: 'ltv', current, target, floor })
}

function stepCap(input: PolicyInput, parameter: 'supplyCap' | 'borrowCap', target: number): Move {
  const current = input.current[parameter]
  const { floor, ceiling } = input.bounds[parameter]
  // 0 is no cap at all. A proportional step from there has no meaning, so the ceiling, governance's own word, holds at once.
  if (current === 0) return { from: 0, to: Math.max(1, ceiling), target, reason: 'limited-by-ceiling' }
  return step(input, { parameter, current, target, floor: Math.max(1, floor) })
}

/** One step towards the target: never overshoots, never leaves the bounds from within or moves away from them from without. */
function step(
  input: PolicyInput,
  move: { readonly parameter: Parameter; readonly current: number; readonly target: number; readonly floor: number },
): Move {
  const { parameter, current, target } = move
  const bounds = input.bounds[parameter]
  const isCap = parameter === 'supplyCap' || parameter === 'borrowCap'
  const { goal, reason } = clamp(target, move.floor, bounds.ceiling)
  const held = (why: Reason): Move => ({ from: current, to: current, target, reason: why })
  if (goal === current) return held(reason === 'moved' ? 'at-target' : reason)

  const tightens = goal < current
  const distance = Math.abs(goal - current)
  if (distance <= sizeOf(current, bounds.deadband, isCap)) return held('within-deadband')
  if (input.doubt && !tightens) return held('held-by-doubt')
  const delay = tightens ? bounds.tightenDelay : bounds.loosenDelay
  if (input.now < input.changedAt[parameter] + delay) return held('held-by-delay')

  const size = sizeOf(current, tightens ? bounds.tightenStep : bounds.loosenStep, isCap)
  // A cap's step is rounded down, but a small cap must not stand still for ever.
  const largest = isCap ? Math.max(1, size) : size
  if (distance <= largest) return { from: current, to: goal, target, reason }
  return { from: current, to: tightens ? current - largest : current + largest, target, reason: 'limited-by-step' }
}

/** Where floor and ceiling contradict each other, the ceiling holds: it is the tighter. */
function clamp(target: number, floor: number, ceiling: number): { goal: number; reason: Reason } {
  if (target > ceiling) return { goal: ceiling, reason: 'limited-by-ceiling' }
  if (target < floor) return { goal: Math.min(floor, ceiling), reason: 'limited-by-floor' }
  return { goal: target, reason: 'moved' }
}

/** A cap's sizes are bps of its value, rounded down; at most 2^40 × 65 535, so exact. */
function sizeOf(current: number, size: number, isCap: boolean): number {
  return isCap ? Number((BigInt(current) * BigInt(size)) / ONE) : size
}

function divideUp(a: bigint, b: bigint): bigint {
  return (a + b - 1n) / b
}
