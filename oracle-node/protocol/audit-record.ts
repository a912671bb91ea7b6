import { fromHex, type Hex, toHex } from '../core/bytes.ts'
import type { Domain } from '../core/domain.ts'
import { assetOf, type FeedId, isFeed } from '../core/feed.ts'
import { recoverOperator, type SignedObservation } from '../core/observation.ts'
import { RECORD_LAYOUT } from '../core/record.ts'
import { type Report, recordsRoot } from '../core/report.ts'
import { verifySignature } from '../core/threshold.ts'
import type { NodeIndex } from '../core/units.ts'
import { checkObservation, reportOf } from './check-proposal.ts'
import { type Committee, isSignerSet, leaderOf } from './committee.ts'
import type { CertificateMessage } from './messages.ts'

/** Who signed, for which oracle on which chain: what a record is checked against. */
export type Signatories = {
  readonly domain: Domain
  readonly committee: Committee
  /** Compressed, 33 bytes. */
  readonly groupKey: Hex
}

/** Everything that is public of a certified round: with it alone anyone derives the report again and checks every signature. */
export type AuditRecord = Signatories & {
  readonly models: {
    /** The hash that every observation and the report name. */
    readonly set: Hex
    /** As the registry calls them; nobody signs the names. */
    readonly ids: readonly string[]
  }
  readonly report: Report & { readonly recordsRoot: Hex; readonly digest: Hex }
  /** The leader's choice. Leader and attempt are in nobody's signature; that the one leads the other is checked. */
  readonly proposal: {
    readonly attempt: number
    readonly leader: NodeIndex
    /** By node, ascending: the report does not depend on the order that they came in. */
    readonly observations: readonly SignedObservation[]
  }
  readonly certificate: {
    /** Whose shares the signature was made of; the signature itself does not say. */
    readonly signers: readonly NodeIndex[]
    /** The group's, 65 bytes R ‖ z, over the report's digest. */
    readonly signature: Hex
  }
}

/** The record of a round from its certificate: two members that hold the same certificate make the same record. */
export function auditRecordOf(
  signatories: Signatories,
  modelIds: readonly string[],
  certified: { readonly report: Report; readonly digest: Hex; readonly certificate: CertificateMessage },
): AuditRecord {
  const { report, digest, certificate } = certified
  const { attempt, leader, observations, signers, signature } = certificate
  const { domain, committee, groupKey } = signatories
  return {
    domain,
    committee,
    groupKey,
    models: { set: report.modelSet, ids: modelIds },
    report: { ...report, recordsRoot: toHex(recordsRoot(report)), digest },
    proposal: {
      attempt,
      leader,
      observations: observations.toSorted((a, b) => a.observation.node - b.observation.node),
    },
    certificate: { signers: signers.toSorted((a, b) => a - b), signature },
  }
}

/** Where a record is not what follows from its own signed observations, or from those that it was checked against. */
export type Difference = { readonly field: string; readonly given: string; readonly derived: string }

export type Replay = {
  readonly equal: boolean
  readonly differences: readonly Difference[]
  /** Of the report that the observations give; undefined where they give none. */
  readonly digest: Hex | undefined
}

/**
 * Derives a round's report from the signed observations of its record, by the code that members sign with, and checks every
 * signature. It trusts nothing in the record.
 * @param trusted Whom the record must be of. Without it the record is only checked against those that it names itself.
 */
export function replayRecord(record: AuditRecord, trusted: Signatories = record): Replay {
  const { round } = record.report
  const context = { ...trusted, round, modelSet: record.report.modelSet }
  const { observations } = record.proposal
  const derived = derive(context, observations)
  const signed = derived.ok ? derived.digest : undefined
  const differences = [
    ...signatoryDifferences(record, trusted),
    ...compare('models.set', record.models.set, record.report.modelSet),
    ...observations.flatMap((each) => observationDifferences(context, each)),
    ...proposalDifferences(record, trusted.committee),
    ...(derived.ok
      ? reportDifferences(record.report, derived)
      : [{ field: 'report', given: record.report.digest, derived: `none: ${derived.detail}` }]),
    ...signatureDifferences(record, trusted.groupKey, signed),
  ]
  return { equal: differences.length === 0, differences, digest: signed }
}

type Context = Pick<Signatories, 'domain' | 'committee'> & { readonly round: number; readonly modelSet: Hex }
type Derived =
  | { readonly ok: true; readonly report: Report; readonly digest: Hex }
  | { readonly ok: false; readonly detail: string }

/** Also of observations with bad signatures, so that a reader sees what they would change; but only of those that fit together. */
function derive(context: Context, observations: readonly SignedObservation[]): Derived {
  const nodes = observations.map(({ observation }) => observation.node)
  if (new Set(nodes).size !== nodes.length) return { ok: false, detail: 'two observations of one node' }
  const stray = observations.find(
    ({ observation: { epoch, round, modelSet } }) =>
      epoch !== context.committee.epoch || round !== context.round || modelSet !== context.modelSet,
  )
  if (stray !== undefined) {
    return {
      ok: false,
      detail: `the observation of node ${stray.observation.node} is of another epoch, round or model set`,
    }
  }
  return reportOf(context, observations)
}

function signatoryDifferences(given: Signatories, trusted: Signatories): Difference[] {
  const places = Math.max(given.committee.operators.length, trusted.committee.operators.length)
  return [
    ...compare('domain.chainId', given.domain.chainId, trusted.domain.chainId),
    ...compare('domain.oracle', given.domain.oracle, trusted.domain.oracle),
    ...compare('committee.epoch', given.committee.epoch, trusted.committee.epoch),
    ...Array.from({ length: places }, (_, index) =>
      compare(
        `committee.operators.${index + 1}`,
        given.committee.operators[index] ?? 'none',
        trusted.committee.operators[index] ?? 'none',
      ),
    ).flat(),
    ...compare('groupKey', given.groupKey, trusted.groupKey),
  ]
}

function observationDifferences(context: Context, signed: SignedObservation): Difference[] {
  const fault = checkObservation(context, signed)
  if (fault === undefined) return []
  const { observation } = signed
  const at = `observations.${observation.node}`
  const operator = context.committee.operators[observation.node - 1]
  const found = [
    ...compare(`${at}.epoch`, observation.epoch, context.committee.epoch),
    ...compare(`${at}.round`, observation.round, context.round),
    ...compare(`${at}.modelSet`, observation.modelSet, context.modelSet),
    ...compare(
      `${at}.signature`,
      operator === undefined ? 'no member of the committee' : `operator ${operator}`,
      signerOf(context, signed),
    ),
  ]
  if (found.length > 0) return found
  const feeds = observation.values.map(({ feed }) => nameOf(feed)).join(', ')
  return [{ field: `${at}.values`, given: feeds, derived: `${fault}: each feed once, ascending` }]
}

function signerOf(context: Context, signed: SignedObservation): string {
  const operator = recoverOperator(context.domain, signed)
  return operator === undefined ? 'no sound signature' : `operator ${operator}`
}

function proposalDifferences({ report, proposal, certificate }: AuditRecord, committee: Committee): Difference[] {
  const { leader, attempt } = proposal
  const { signers } = certificate
  const noQuorum = { field: 'certificate.signers', given: signers.join(', '), derived: 'a quorum of different members' }
  return [
    ...compare('proposal.leader', leader, leaderOf(committee, report.round, attempt)),
    ...(isSignerSet(committee, signers) ? [] : [noQuorum]),
  ]
}

function reportDifferences(given: AuditRecord['report'], derived: Derived & { ok: true }): Difference[] {
  const { report, digest } = derived
  const expected = { ...report, recordsRoot: toHex(recordsRoot(report)), digest }
  const fields = ['epoch', 'round', 'time', 'modelSet', 'observationsRoot', 'recordsRoot', 'digest'] as const
  const names = (values: Report['values']): string => values.map(({ feed }) => nameOf(feed)).join(', ')
  return [
    ...compare('report.feeds', names(given.values), names(report.values)),
    ...given.values.flatMap((value) => recordDifferences(value, report)),
    ...fields.flatMap((field) => compare(`report.${field}`, given[field], expected[field])),
  ]
}

function recordDifferences({ feed, record }: Report['values'][number], derived: Report): Difference[] {
  const expected = derived.values.find((each) => each.feed === feed)?.record
  if (expected === undefined) return []
  return RECORD_LAYOUT.flatMap(([field]) =>
    compare(`report.values.${nameOf(feed)}.${field}`, record[field], expected[field]),
  )
}

/** Over the derived digest, never over the one that the record gives. */
function signatureDifferences({ certificate }: AuditRecord, groupKey: Hex, digest: Hex | undefined): Difference[] {
  const { signature } = certificate
  if (digest !== undefined && verifySignature(groupKey, fromHex(digest, 32), signature)) return []
  const over = digest === undefined ? 'no report to have signed' : `not a signature of ${groupKey} over ${digest}`
  return [{ field: 'certificate.signature', given: signature, derived: over }]
}

function compare<T extends string | number | bigint>(field: string, given: T, derived: T): Difference[] {
  return given === derived ? [] : [{ field, given: String(given), derived: String(derived) }]
}

/** A feed's asset where it has one; a record may name any 32 bytes. */
function nameOf(feed: FeedId): string {
  return isFeed(feed) ? assetOf(feed) : feed
}
