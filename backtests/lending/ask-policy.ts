import { BPS } from '../../oracle-node/core/units.ts'
import type { PolicyDecision, PolicyParameters } from '../policies/policy.ts'
import type { MarketSetup } from './market.ts'
import { debtOfAll, type Run } from './run.ts'

/** A policy that threw or asked for what no market can have. */
export class PolicyError extends Error {
  override name = 'PolicyError'
  readonly policy: string
  readonly asset: string
  /** Unix seconds. */
  readonly time: number
  /** The parameter, or `next` where the policy gave nothing to look at. */
  readonly field: string

  constructor(
    what: { readonly policy: string; readonly asset: string; readonly time: number; readonly field: string },
    message: string,
    options?: ErrorOptions,
  ) {
    const at = new Date(what.time * 1_000).toISOString()
    super(`policy ${what.policy}, ${what.asset} at ${at}: ${what.field} ${message}`, options)
    this.policy = what.policy
    this.asset = what.asset
    this.time = what.time
    this.field = what.field
  }
}

/** Those that are reported; the borrow cap is the collateral's own, and here only the other token is borrowed. */
const REPORTED = [
  ['ltv', 'ltvBps'],
  ['liquidationThreshold', 'liquidationThresholdBps'],
  ['supplyCap', 'supplyCap'],
] as const

/**
 * Asks the policy for the next parameters and puts them into force.
 * @throws {PolicyError} when it throws, or gives what no market can have.
 */
export function askPolicy(run: Run): void {
  const { policy, setup } = run.input
  const { now, current } = run
  const next = decisionOf(run)
  const problem = problemOf(next, setup)
  if (problem !== undefined) {
    throw new PolicyError(
      { policy: policy.id, asset: setup.asset, time: now.time, field: problem.field },
      problem.message,
    )
  }
  run.thresholdBefore = current.liquidationThresholdBps
  for (const [parameter, field] of REPORTED) {
    if (next[field] === current[field]) continue
    const reason = next.reasons?.[field] ?? 'policy'
    run.totals.changes.push({ time: now.time, parameter, from: current[field], to: next[field], reason })
  }
  const { ltvBps, liquidationThresholdBps, supplyCap, borrowCap } = next
  if (ltvBps !== current.ltvBps || liquidationThresholdBps !== current.liquidationThresholdBps) {
    run.tell?.({ kind: 'parameters', time: now.time, ltvBps, liquidationThresholdBps })
  }
  run.current = { ltvBps, liquidationThresholdBps, supplyCap, borrowCap }
}

function decisionOf(run: Run): PolicyDecision {
  const { policy, setup } = run.input
  const { now, current } = run
  const { time, oraclePriceUsd } = now
  const failed = { policy: policy.id, asset: setup.asset, time, field: 'next' }
  let decision: PolicyDecision | null | undefined
  try {
    decision = policy.next({
      asset: setup.asset,
      now: time,
      record: undefined,
      current,
      oraclePriceUsd,
      collateralUsd: run.collateralTotal * oraclePriceUsd,
      debtUsd: debtOfAll(run) * now.debtPriceUsd,
    })
  } catch (cause) {
    throw new PolicyError(failed, `threw: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  }
  if (typeof decision === 'object' && decision !== null) {
    const reasons: unknown[] = Object.values(decision.reasons ?? {})
    if (reasons.every((reason) => reason === undefined || isReason(reason))) return decision
    throw new PolicyError(failed, `must give each reason as text of at most ${REASON_MAX} characters`)
  }
  throw new PolicyError(failed, `must return parameters, got ${String(decision)}`)
}

const REASON_MAX = 500

function isReason(reason: unknown): boolean {
  return typeof reason === 'string' && reason.length <= REASON_MAX
}

/** What is wrong with parameters, if anything. */
export function problemOf(
  parameters: PolicyParameters,
  { liquidationBonusBps }: Pick<MarketSetup, 'liquidationBonusBps'>,
): { readonly field: keyof PolicyParameters; readonly message: string } | undefined {
  const { ltvBps, liquidationThresholdBps: threshold } = parameters
  for (const field of ['ltvBps', 'liquidationThresholdBps', 'supplyCap', 'borrowCap'] as const) {
    const value: unknown = parameters[field]
    if (!(Number.isSafeInteger(value) && Number(value) >= 0)) {
      return { field, message: `must be a whole number of 0 or more, got ${String(value)}` }
    }
  }
  if (ltvBps > threshold) {
    return { field: 'ltvBps', message: `must not be above the liquidation threshold, ${threshold}, got ${ltvBps}` }
  }
  if (threshold > BPS) {
    return { field: 'liquidationThresholdBps', message: `must be ${BPS} or less, got ${threshold}` }
  }
  if (threshold * (BPS + liquidationBonusBps) > BPS * BPS) {
    const most = Math.floor((BPS * BPS) / (BPS + liquidationBonusBps))
    const message = `must be ${most} or less, so that the bonus of ${liquidationBonusBps} can be paid, got ${threshold}`
    return { field: 'liquidationThresholdBps', message }
  }
  return undefined
}
