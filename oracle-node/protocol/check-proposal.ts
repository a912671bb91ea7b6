import { type Hex, toHex } from '../core/bytes.ts'
import type { Domain } from '../core/domain.ts'
import { recoverOperator, type SignedObservation } from '../core/observation.ts'
import { packRecord, type RiskRecord } from '../core/record.ts'
import { aggregate, type Report, reportDigest } from '../core/report.ts'
import { BPS, type NodeIndex, type UnixSeconds } from '../core/units.ts'
import { type Committee, faultyOf } from './committee.ts'
import type { RefusalReason } from './messages.ts'

/** How far a report may lie from what this node saw itself before it refuses to sign. */
export type Tolerance = {
  /** Of the node's own price. */
  readonly priceBps: number
  /** Absolute difference of volatility, value at risk and expected shortfall, or a quarter of the node's own if that is more. */
  readonly riskBps: number
  /** Between the report's time and the node's clock, both ways. */
  readonly clockSeconds: number
}

export type Checked =
  | { readonly ok: true; readonly report: Report; readonly digest: Hex }
  | { readonly ok: false; readonly reason: RefusalReason; readonly detail: string }

type Context = {
  readonly committee: Committee
  readonly domain: Domain
  readonly modelSet: Hex
  readonly round: number
}

/** Whether an observation is a member's own, of this round, epoch and model set. */
export function checkObservation(context: Context, signed: SignedObservation): RefusalReason | undefined {
  const { observation } = signed
  if (observation.round !== context.round || observation.epoch !== context.committee.epoch) return 'bad-observation'
  if (observation.modelSet !== context.modelSet) return 'other-model-set'
  if (!ascending(observation.values.map((each) => each.feed))) return 'bad-observation'
  const operator = context.committee.operators[observation.node - 1]
  if (operator === undefined || recoverOperator(context.domain, signed) !== operator) return 'bad-observation'
  return undefined
}

/** Recomputes a report from signed observations: what a follower signs, and what a certificate claims. */
export function rebuildReport(context: Context, observations: readonly SignedObservation[]): Checked {
  if (new Set(observations.map((each) => each.observation.node)).size !== observations.length) {
    return { ok: false, reason: 'bad-observation', detail: 'two observations of one node' }
  }
  for (const signed of observations) {
    const fault = checkObservation(context, signed)
    if (fault !== undefined)
      return { ok: false, reason: fault, detail: `observation of node ${signed.observation.node}` }
  }
  return reportOf(context, observations)
}

/** The report of observations that were checked one by one already, one a node. */
export function reportOf(context: Context, observations: readonly SignedObservation[]): Checked {
  const plain = observations.map((each) => each.observation)
  const result = aggregate(context.domain, plain, faultyOf(context.committee))
  if (!result.ok) return { ok: false, reason: 'no-report', detail: result.detail }
  return { ok: true, report: result.report, digest: toHex(reportDigest(context.domain, result.report)) }
}

/** Whether two lists hold the same observations under the same signatures, in the same order. */
export function sameObservations(a: readonly SignedObservation[], b: readonly SignedObservation[]): boolean {
  return a.length === b.length && a.every((each, index) => sameObservation(each, b[index]))
}

function sameObservation(a: SignedObservation, b: SignedObservation | undefined): boolean {
  if (b === undefined || a.signature !== b.signature) return false
  const [{ values, ...rest }, { values: otherValues, ...otherRest }] = [a.observation, b.observation]
  const sameRest = (Object.keys(rest) as Array<keyof typeof rest>).every((key) => rest[key] === otherRest[key])
  return (
    sameRest &&
    values.length === otherValues.length &&
    values.every(({ feed, record }, index) => {
      const other = otherValues[index]
      return other?.feed === feed && packRecord(other.record) === packRecord(record)
    })
  )
}

/** The follower's checks against what it knows itself (DESIGN §4). */
export function checkAgainstOwn(options: {
  readonly report: Report
  readonly observations: readonly SignedObservation[]
  readonly own: SignedObservation
  readonly now: UnixSeconds
  readonly tolerance: Tolerance
}): { readonly reason: RefusalReason; readonly detail: string } | undefined {
  const { report, observations, own, now, tolerance } = options
  const claimed = observations.find((each) => each.observation.node === own.observation.node)
  if (claimed !== undefined && claimed.signature !== own.signature) {
    return {
      reason: 'own-observation-changed',
      detail: 'the proposal holds an observation that this node did not make now',
    }
  }
  if (Math.abs(report.time - now) > tolerance.clockSeconds) {
    return {
      reason: 'time-off',
      detail: `report of ${report.time}, clock here ${now}, ${tolerance.clockSeconds} s allowed`,
    }
  }
  for (const { feed, record } of own.observation.values) {
    const reported = report.values.find((each) => each.feed === feed)?.record
    const detail = reported === undefined ? undefined : outside(reported, record, tolerance)
    if (detail !== undefined) return { reason: 'outside-tolerance', detail: `${feed}: ${detail}` }
  }
  return undefined
}

/** Depth follows volume, which a node that misses a venue sees less of; validity is a setting that operators agree on. */
const FACTORS = [
  ['depthUsd', 10],
  ['validForSeconds', 2],
] as const

function outside(reported: RiskRecord, own: RiskRecord, tolerance: Tolerance): string | undefined {
  const difference = reported.priceE8 > own.priceE8 ? reported.priceE8 - own.priceE8 : own.priceE8 - reported.priceE8
  if (difference * BigInt(BPS) > own.priceE8 * BigInt(tolerance.priceBps)) {
    return `price ${reported.priceE8}, own ${own.priceE8}`
  }
  for (const field of ['volatilityBps', 'valueAtRisk99Bps', 'expectedShortfall99Bps'] as const) {
    const allowed = Math.max(tolerance.riskBps, Math.floor(own[field] / 4))
    if (Math.abs(reported[field] - own[field]) > allowed) return `${field} ${reported[field]}, own ${own[field]}`
  }
  for (const [field, factor] of FACTORS) {
    const [low, high] = [own[field] / factor, own[field] * factor]
    if (reported[field] < low || reported[field] > high) return `${field} ${reported[field]}, own ${own[field]}`
  }
  return undefined
}

function ascending(feeds: readonly string[]): boolean {
  return feeds.every((feed, index) => index === 0 || (feeds[index - 1] ?? '') < feed)
}

export function observersOf(observations: readonly SignedObservation[]): NodeIndex[] {
  return observations.map((each) => each.observation.node).sort((a, b) => a - b)
}
