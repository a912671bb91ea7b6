import {
  type Bounds,
  inDoubt,
  type Move,
  nextParameters,
  PARAMETERS,
  type Parameter,
  type PolicyConfig,
} from '../../oracle-node/core/policy.ts'
import { DEFAULT_POLICY, defaultBounds } from '../../oracle-node/core/policy-defaults.ts'
import type { RiskRecord } from '../../oracle-node/core/record.ts'
import { BPS, type Bps, SECONDS_PER_HOUR } from '../../oracle-node/core/units.ts'
import type { MarketSetup } from '../lending/market.ts'
import type { Policy, PolicyDecision, PolicyParameters, PolicyView } from './policy.ts'
import type { BuiltInChoice } from './policy-choice.ts'

/** How a policy that goes through the steward differs from the next one: in the shortfall that it believes. */
export type Steward = {
  readonly id: string
  readonly setup: MarketSetup
  readonly config: PolicyConfig
  readonly bounds: Readonly<Record<Parameter, Bounds>>
  readonly moveCaps: boolean
  /** Records a hour that the chain would have had. */
  readonly roundsPerHour: number
  /** What the shortfall is, for the reasons. */
  readonly shortfallName: string
  /** The expected shortfall that goes into the formula. */
  readonly shortfall: (record: RiskRecord, current: PolicyParameters) => Bps
}

const FIELDS = {
  ltv: 'ltvBps',
  liquidationThreshold: 'liquidationThresholdBps',
  supplyCap: 'supplyCap',
  borrowCap: 'borrowCap',
} as const satisfies Record<Parameter, keyof PolicyParameters>

/**
 * Moves a market as AaveV3Steward does on chain: `nextParameters` once a round, each parameter's delay counted from its own last change. Without
 * a record, or with one that it has acted on already, nothing moves. A borrow cap of 0 (none) stays.
 */
export function stewardPolicy(steward: Steward): Policy {
  const changedAt: Record<Parameter, number> = { ltv: 0, liquidationThreshold: 0, supplyCap: 0, borrowCap: 0 }
  let appliedAt = -1
  return {
    id: steward.id,
    next(view) {
      const { record } = view
      if (record === undefined || record.observedAt <= appliedAt) return view.current
      appliedAt = record.observedAt
      return ofHour(steward, view, record, changedAt)
    },
  }
}

/**
 * An hour's rounds: within an hour a record's features stay as they are, so each round has the same to say, and the steward goes one step further
 * towards it, as far as its delays allow. The last round is now, the others were before.
 */
function ofHour(
  steward: Steward,
  view: PolicyView,
  record: RiskRecord,
  changedAt: Record<Parameter, number>,
): PolicyDecision {
  let decision: PolicyDecision = view.current
  const reasons: Partial<Record<keyof PolicyParameters, string>> = {}
  for (let round = steward.roundsPerHour - 1; round >= 0; round--) {
    const now = view.now - (round * SECONDS_PER_HOUR) / steward.roundsPerHour
    const { reasons: _, ...current } = decision
    const shortfall = steward.shortfall(record, current)
    const moves = nextParameters({
      record: { expectedShortfall99Bps: shortfall, depthUsd: record.depthUsd, priceE8: record.priceE8 },
      doubt: inDoubt(record, steward.config),
      bonusBps: steward.setup.liquidationBonusBps,
      current,
      config: steward.config,
      bounds: steward.moveCaps ? steward.bounds : withCapsAt(current, steward.bounds),
      changedAt,
      now,
    })
    const why = `${steward.shortfallName} ${shortfall} bps, depth ${record.depthUsd} USD`
    decision = decisionOf({ view: { ...view, current, now }, moves, changedAt, why })
    Object.assign(reasons, decision.reasons)
  }
  return { ...decision, reasons }
}

function decisionOf(step: {
  readonly view: PolicyView
  readonly moves: Readonly<Record<Parameter, Move>>
  readonly changedAt: Record<Parameter, number>
  readonly why: string
}): PolicyDecision {
  const next = { ...step.view.current }
  const reasons: Partial<Record<keyof PolicyParameters, string>> = {}
  for (const parameter of PARAMETERS) {
    const { from, to, target, reason } = step.moves[parameter]
    if (to === from || (parameter === 'borrowCap' && from === 0)) continue
    const field = FIELDS[parameter]
    next[field] = to
    reasons[field] = `${reason}: target ${target}, ${step.why}`
    step.changedAt[parameter] = step.view.now
  }
  return { ...next, reasons }
}

/** Where the caps may not move, their only bound is where they are. */
function withCapsAt(
  current: PolicyParameters,
  bounds: Readonly<Record<Parameter, Bounds>>,
): Readonly<Record<Parameter, Bounds>> {
  const at = (cap: number, bound: Bounds): Bounds => ({ ...bound, floor: cap, ceiling: cap })
  return {
    ...bounds,
    supplyCap: at(current.supplyCap, bounds.supplyCap),
    borrowCap: at(current.borrowCap, bounds.borrowCap),
  }
}

/**
 * The record's shortfall times a factor, rounded up, at most one. The product is first rounded to a millionth of a bp: 1 000 · 1.1 is
 * 1 100.0000000000002 in floating point, and would be 1 101.
 */
export function scaledShortfall(shortfallBps: number, factor: number): Bps {
  const scaled = Math.ceil(Math.round(shortfallBps * factor * 1e6) / 1e6)
  return Math.min(BPS, scaled) as Bps
}

/**
 * What governance set, over the defaults.
 * @throws {RangeError} when the market has no supply cap to start from: the slippage, SmartLTV's d and the cap's own bounds follow from it.
 */
export function settingsOf(
  choice: Exclude<BuiltInChoice, { kind: 'static' }>,
  setup: MarketSetup,
): Pick<Steward, 'config' | 'bounds'> {
  if (setup.supplyCap === 0) {
    throw new RangeError(
      `${setup.asset} has no supply cap, and the policy ${choice.id ?? choice.kind} starts from one: give the market a supplyCap above 0`,
    )
  }
  const bounds = defaultBounds(setup)
  for (const parameter of PARAMETERS) bounds[parameter] = { ...bounds[parameter], ...choice.bounds?.[parameter] }
  return { config: { ...DEFAULT_POLICY, ...choice.config }, bounds }
}
