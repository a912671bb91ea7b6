import { secp256k1 } from '@noble/curves/secp256k1.js'
import { invariant } from '../../core/errors.ts'
import { lagrangeWeights, sumOfCommitments, weightedSum } from '../../core/sharing.ts'
import type { PublicKeys, SecretShare } from '../../core/threshold.ts'
import { type NodeIndex, nodeIndex } from '../../core/units.ts'
import { candidatesOf, decisionOf } from './agree.ts'
import { type Deal, missingReceiver, ownShare } from './judge.ts'
import { dealerNumber, dealersOf, isReceiver, receiversOf } from './settings.ts'
import { type CeremonyState, type Fault, letterFor } from './state.ts'

/** Why a dealer's deal does not count. */
export type Exclusion = { readonly party: NodeIndex; readonly reason: string }

export type Outcome = {
  readonly keys: PublicKeys
  /** Parties whose deals the key is made of. */
  readonly dealers: readonly NodeIndex[]
  readonly excluded: readonly Exclusion[]
  readonly faults: readonly Fault[]
  /** This party's share; undefined for one that only deals, and where a dealer that counts gave it no share that fits. */
  readonly secret?: SecretShare
}

/** What was agreed on, once it was and this party has what it needs for its share. */
export function outcomeOf(state: CeremonyState): Outcome | undefined {
  const deals = decisionOf(state)
  if (deals === undefined) return undefined
  const { settings, self } = state
  const own = deals.map((deal) => ownShare(state, deal))
  // A share that has not come may still come; one that does not fit will not get better.
  if (isReceiver(settings, self) && own.includes(undefined) && !own.includes('bad')) return undefined
  const dealers = deals.map(({ letter }) => letter.from)
  const weights = weightsOf(state, dealers)
  const { threshold, receivers: members } = settings
  const keys = sumOfCommitments({ commitments: deals.map(({ body }) => body.commitment), weights, threshold, members })
  invariant(keys !== undefined, 'a quorum has checked shares of these deals, so their sum is not the identity')
  invariant(
    settings.previous === undefined || settings.previous.groupKey === keys.groupKey,
    'a resharing keeps the key',
  )
  const shares = own.filter((share) => typeof share === 'bigint')
  const outcome = { keys, dealers, excluded: exclusionsOf(state, dealers), faults: [...state.faults.values()] }
  if (!isReceiver(settings, self) || shares.length !== deals.length) return outcome
  const share = secp256k1.Point.Fn.toBytes(weightedSum(weights, shares))
  return { ...outcome, secret: { node: self, share } }
}

/** What each deal counts for: in a generation the polynomials are added, in a resharing their sum must have the old secret at 0. */
function weightsOf({ settings }: CeremonyState, dealers: readonly NodeIndex[]): bigint[] {
  if (settings.previous === undefined) return dealers.map(() => 1n)
  return lagrangeWeights(
    dealers.map((party) => {
      const number = dealerNumber(settings, party)
      invariant(number !== undefined, 'whoever dealt is a dealer')
      return nodeIndex(number)
    }),
  )
}

function exclusionsOf(state: CeremonyState, dealers: readonly NodeIndex[]): Exclusion[] {
  const left = dealersOf(state.settings).filter((dealer) => !dealers.includes(dealer))
  return left.map((party) => ({ party, reason: reasonAgainst(state, party) }))
}

function reasonAgainst(state: CeremonyState, party: NodeIndex): string {
  const fault = state.faults.get(party)
  if (fault !== undefined) return fault.detail
  const deal = letterFor(state, 'deal', party)
  if (deal === undefined) return 'sent no deal'
  const missing = missingReceiver(state, deal)
  return missing === undefined ? 'its deal came too late' : `sent no share that member ${missing} can read`
}

/** Where a ceremony stands, for whoever watches it. */
export type CeremonyProgress = {
  readonly step: 'members' | 'deals' | 'agreement' | 'shares' | 'done'
  readonly members: { readonly here: number; readonly all: number }
  readonly deals: { readonly good: number; readonly all: number; readonly needed: number }
  readonly view: number
  /** Who is waited for at this step. */
  readonly waitingFor: readonly NodeIndex[]
  readonly faults: readonly Fault[]
}

export function progressOf(state: CeremonyState): CeremonyProgress {
  const { settings } = state
  const absent = receiversOf(settings).filter((receiver) => letterFor(state, 'hello', receiver) === undefined)
  const good = new Set(candidatesOf(state).map(({ letter }) => letter.from))
  const dealers = dealersOf(settings)
  const undealt = dealers.filter((dealer) => !good.has(dealer) && !state.faults.has(dealer))
  const common = {
    members: { here: settings.receivers - absent.length, all: settings.receivers },
    deals: { good: good.size, all: dealers.length, needed: settings.dealersMin },
    view: state.view,
    faults: [...state.faults.values()],
  }
  const decided = decisionOf(state)
  if (state.finished) return { ...common, step: 'done', waitingFor: [] }
  if (decided !== undefined) return { ...common, step: 'shares', waitingFor: withoutShare(state, decided) }
  if (state.readyAt !== undefined && undealt.length === 0)
    return { ...common, step: 'agreement', waitingFor: unvoted(state) }
  const dealing =
    absent.length === 0 || state.readyAt !== undefined || letterFor(state, 'deal', state.self) !== undefined
  if (dealing) return { ...common, step: 'deals', waitingFor: undealt }
  return { ...common, step: 'members', waitingFor: absent }
}

function withoutShare(state: CeremonyState, deals: readonly Deal[]): NodeIndex[] {
  return deals.filter((deal) => ownShare(state, deal) === undefined).map(({ letter }) => letter.from)
}

function unvoted(state: CeremonyState): NodeIndex[] {
  return receiversOf(state.settings).filter((party) => letterFor(state, 'precommit', party, state.view) === undefined)
}
