import { compareBytes, type Hex } from '../core/bytes.ts'
import type { Domain } from '../core/domain.ts'
import { observationDigest, recoverOperator, type SignedObservation } from '../core/observation.ts'
import { DEVIATION_FIELDS, type DeviationTolerance, impossibility, isDeviation } from '../core/out-of-range.ts'
import type { Report } from '../core/report.ts'
import { type ProposalStatement, proposalDigest, recoverProposer } from '../core/statements.ts'
import type { PublicKeys, SignerCommitment } from '../core/threshold.ts'
import type { NodeIndex } from '../core/units.ts'
import { sameObservations } from './check-proposal.ts'
import { type Committee, leaderOf } from './committee.ts'
import {
  type Claim,
  contradict,
  type Evidence,
  type SignedProposal,
  type SignedShare,
  subjectOf,
  verifyEvidence,
} from './evidence.ts'

/*
 * Looks for proofs of what members sign, in whatever reaches this node. Its memory is bounded, whoever sends what: a few rounds, two
 * observations a member, a few proposals a leader.
 */

/** Rounds that are remembered, the newest last. */
const ROUNDS_MAX = 3
/** Of one member in one round: the second proves that it shows two faces, and a third adds nothing. */
const OBSERVATIONS_MAX = 2
/** Proposals of one leader in one round; a leader of honest speed makes fewer. The lowest are kept, which are those that others answer. */
const PROPOSALS_MAX = 32

export type EvidenceSettings = {
  readonly committee: Committee
  readonly keys: PublicKeys
  readonly domain: Domain
  readonly deviation: DeviationTolerance
}

export type EvidenceBook = { readonly rounds: ReadonlyMap<number, RoundNotes> }

type RoundNotes = {
  /** The first of each member that was well signed, and the first that contradicts it. */
  readonly observations: ReadonlyMap<NodeIndex, readonly SignedObservation[]>
  readonly proposals: ReadonlyMap<NodeIndex, readonly SignedProposal[]>
  readonly certified?: { readonly report: Report; readonly signature: Hex }
  /** `kind node`: one proof of each kind a member and round says it all. */
  readonly proven: ReadonlySet<string>
}

/** Something that this node saw of a round; `checked` when it is known already that who is named signed it, for its epoch and round. */
export type Sighting =
  | { readonly kind: 'observations'; readonly observations: readonly SignedObservation[]; readonly checked?: boolean }
  | { readonly kind: 'proposal'; readonly proposal: SignedProposal; readonly checked?: boolean }
  /** A share that was found wrong, and the commitments of its session. */
  | { readonly kind: 'share'; readonly share: SignedShare; readonly signers: readonly SignerCommitment[] }
  | { readonly kind: 'certified'; readonly report: Report; readonly signature: Hex }

export type Noted = { readonly book: EvidenceBook; readonly found: readonly Evidence[] }

export const EMPTY_BOOK: EvidenceBook = { rounds: new Map() }
const NO_NOTES: RoundNotes = { observations: new Map(), proposals: new Map(), proven: new Set() }

/** Takes down what was seen of a round, and says what it proves. What is not signed by who it names is passed over. */
export function note(settings: EvidenceSettings, book: EvidenceBook, round: number, sighting: Sighting): Noted {
  const newest = Math.max(round, ...book.rounds.keys())
  if (round <= newest - ROUNDS_MAX) return { book, found: [] }
  const before = book.rounds.get(round) ?? NO_NOTES
  const { notes, claims } = look(settings, before, round, sighting)
  const found: Evidence[] = []
  const proven = new Set(notes.proven)
  for (const { node, claim } of claims) {
    const subject = subjectOf(settings, node)
    const key = `${claim.kind} ${node}`
    if (subject === undefined || proven.has(key)) continue
    if (verifyEvidence({ subject, claim }, settings.deviation) !== 'proven') continue
    proven.add(key)
    found.push({ subject, claim })
  }
  const rounds = new Map([...book.rounds].filter(([each]) => each > newest - ROUNDS_MAX))
  return { book: { rounds: rounds.set(round, { ...notes, proven }) }, found }
}

type Looked = {
  readonly notes: RoundNotes
  readonly claims: ReadonlyArray<{ readonly node: NodeIndex; readonly claim: Claim }>
}

function look(settings: EvidenceSettings, notes: RoundNotes, round: number, sighting: Sighting): Looked {
  switch (sighting.kind) {
    case 'observations':
      return lookAtObservations(settings, notes, round, sighting)
    case 'proposal':
      return lookAtProposal(settings, notes, round, sighting)
    case 'share': {
      const { share, signers } = sighting
      const ordered = signers.toSorted((a, b) => a.node - b.node)
      const claim = { kind: 'invalid-share', share, signers: ordered } as const
      return { notes, claims: share.statement.round === round ? [{ node: share.statement.node, claim }] : [] }
    }
    case 'certified': {
      const { report, signature } = sighting
      if (report.round !== round) return { notes, claims: [] }
      const certified = { report, signature }
      return {
        notes: { ...notes, certified },
        claims: [...notes.observations.values()].flat().flatMap((signed) => deviations(settings, signed, certified)),
      }
    }
  }
}

function lookAtObservations(
  settings: EvidenceSettings,
  notes: RoundNotes,
  round: number,
  { observations: all, checked = false }: Extract<Sighting, { kind: 'observations' }>,
): Looked {
  const observations = new Map(notes.observations)
  const claims: Array<Looked['claims'][number]> = []
  for (const signed of all) {
    const { node } = signed.observation
    const known = observations.get(node) ?? []
    // Most come several times, and were checked the first time.
    if (known.some((each) => sameObservations([each], [signed]))) continue
    if (!checked && (signed.observation.round !== round || !isObserved(settings, signed))) continue
    claims.push(...claimsOf(settings, notes, known[0], signed))
    if (known.length < OBSERVATIONS_MAX) observations.set(node, [...known, signed])
  }
  return { notes: { ...notes, observations }, claims }
}

function claimsOf(
  settings: EvidenceSettings,
  { certified }: RoundNotes,
  first: SignedObservation | undefined,
  signed: SignedObservation,
): Looked['claims'] {
  const { node } = signed.observation
  return [
    ...(first === undefined ? [] : [{ node, claim: equivocation(settings.domain, first, signed) }]),
    ...(impossibility(signed.observation) === undefined
      ? []
      : [{ node, claim: { kind: 'impossible-value', signed } as const }]),
    ...(certified === undefined ? [] : deviations(settings, signed, certified)),
  ]
}

function isObserved({ committee, domain }: EvidenceSettings, signed: SignedObservation): boolean {
  const { node, epoch } = signed.observation
  const operator = committee.operators[node - 1]
  return epoch === committee.epoch && operator !== undefined && recoverOperator(domain, signed) === operator
}

/** In the order of their digests, so that all who find it hold the same bytes. */
function equivocation(domain: Domain, ...pair: readonly [SignedObservation, SignedObservation]): Claim {
  const digest = ({ observation }: SignedObservation): Uint8Array => observationDigest(domain, observation)
  const [first, second] = pair.toSorted((a, b) => compareBytes(digest(a), digest(b))) as [
    (typeof pair)[0],
    (typeof pair)[1],
  ]
  return { kind: 'observer-equivocation', first, second }
}

function deviations(
  { deviation }: EvidenceSettings,
  signed: SignedObservation,
  { report, signature }: { readonly report: Report; readonly signature: Hex },
): Array<{ node: NodeIndex; claim: Claim }> {
  const medians = new Map(report.values.map(({ feed, record }) => [feed, record]))
  for (const { feed, record: observed } of signed.observation.values) {
    const median = medians.get(feed)
    if (median === undefined) continue
    const field = DEVIATION_FIELDS.find((each) => isDeviation(each, { observed, median }, deviation))
    if (field === undefined) continue
    return [{ node: signed.observation.node, claim: { kind: 'deviation', signed, report, signature, feed, field } }]
  }
  return []
}

function lookAtProposal(
  settings: EvidenceSettings,
  notes: RoundNotes,
  round: number,
  { proposal, checked = false }: Extract<Sighting, { kind: 'proposal' }>,
): Looked {
  const { statement, signature } = proposal
  const { node, epoch, attempt } = statement
  const operator = settings.committee.operators[node - 1]
  const ofRound = statement.round === round && epoch === settings.committee.epoch && operator !== undefined
  // Of an attempt that another leads nobody takes a proposal, and keeping it would push out one that counts.
  if (!ofRound || leaderOf(settings.committee, round, attempt) !== node) return { notes, claims: [] }
  const known = notes.proposals.get(node) ?? []
  const isCopy = known.some((each) => each.signature === signature && sameStatement(each.statement, statement))
  if (isCopy || (!checked && recoverProposer(settings.domain, statement, signature) !== operator))
    return { notes, claims: [] }
  const other = known.find((each) => contradict(each.statement, statement))
  const kept = [...known, proposal]
    .sort((a, b) => a.statement.attempt - b.statement.attempt || a.statement.session - b.statement.session)
    .slice(0, PROPOSALS_MAX)
  const proposals = new Map(notes.proposals).set(node, kept)
  const claims = other === undefined ? [] : [{ node, claim: contradiction(settings.domain, other, proposal) }]
  return { notes: { ...notes, proposals }, claims }
}

function sameStatement(a: ProposalStatement, b: ProposalStatement): boolean {
  return (Object.keys(a) as Array<keyof ProposalStatement>).every((key) => a[key] === b[key])
}

function contradiction(domain: Domain, ...pair: readonly [SignedProposal, SignedProposal]): Claim {
  const digest = ({ statement }: SignedProposal): Uint8Array => proposalDigest(domain, statement)
  const [first, second] = pair.toSorted((a, b) => compareBytes(digest(a), digest(b))) as [
    (typeof pair)[0],
    (typeof pair)[1],
  ]
  return { kind: 'leader-equivocation', first, second }
}
