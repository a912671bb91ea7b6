import { fromHex, type Hex } from '../../core/bytes.ts'
import { proveEquality, provePossession, proveSealingKey } from '../../core/dealing-proofs.ts'
import { invariant } from '../../core/errors.ts'
import { baseMultiple, sharedPoint } from '../../core/group.ts'
import { sealShare } from '../../core/sealed-share.ts'
import { commitmentOf, evaluate, type Polynomial, scalarOf } from '../../core/sharing.ts'
import type { NodeIndex } from '../../core/units.ts'
import { type Deal, ownShare, receiverSecret, seedOf, shareIn } from './judge.ts'
import type { Body, SealedShare } from './letters.ts'
import { dealerNumber, dealersOf, receiversOf } from './settings.ts'
import { type CeremonyState, letterFor, lettersFor } from './state.ts'

/** A receiver's announcement of itself. */
export function helloOf(state: CeremonyState): Body {
  return { kind: 'hello', key: pointOf(receiverSecret(state)) }
}

/** This party's deal for every receiver that has come. In a resharing, of its share: undefined when it holds none. */
export function dealOf(state: CeremonyState): Body | undefined {
  const dealer = dealerNumber(state.settings, state.self)
  const polynomial = polynomialOf(state)
  const [constant] = polynomial ?? []
  if (dealer === undefined || polynomial === undefined || constant === undefined) return undefined
  const nonce = scalarOf('ceremony proof', ...seedOf(state, 0))
  const keyNonce = scalarOf('ceremony key proof', ...seedOf(state, 0))
  const shares = receiversOf(state.settings).flatMap((receiver) => sealedFor(state, polynomial, receiver) ?? [])
  return {
    kind: 'deal',
    key: pointOf(dealerSecret(state)),
    keyProof: proveSealingKey({ ceremony: state.settings.id, dealer: state.self }, dealerSecret(state), keyNonce),
    commitment: commitmentOf(polynomial),
    proof: provePossession(dealer, constant, nonce),
    shares,
  }
}

/** The share for a receiver that came after the deal was made. */
export function moreOf(state: CeremonyState, deal: Deal): Body | undefined {
  const polynomial = polynomialOf(state)
  if (polynomial === undefined) return undefined
  for (const receiver of receiversOf(state.settings)) {
    if (shareIn(state, deal, receiver) !== undefined) continue
    const share = sealedFor(state, polynomial, receiver)
    if (share !== undefined) return { kind: 'more', deal: deal.id, share }
  }
  return undefined
}

/** The complaint about a share that does not fit, where there is one that this party has not complained of. */
export function complaintOf(state: CeremonyState): Body | undefined {
  for (const against of dealersOf(state.settings)) {
    if (letterFor(state, 'complaint', state.self, against) !== undefined) continue
    const deal = lettersFor(state, 'deal', against).find((each) => ownShare(state, each) === 'bad')
    if (deal !== undefined) return complaintAbout(state, against, deal)
  }
  return undefined
}

function complaintAbout(state: CeremonyState, against: NodeIndex, deal: Deal): Body {
  const secret = receiverSecret(state)
  const shared = sharedPoint(secret, deal.body.key)
  const about = shareIn(state, deal, state.self)?.about
  invariant(shared !== undefined && about !== undefined, 'a share that was opened')
  const proof = proveEquality(secret, { key: pointOf(secret), base: deal.body.key, shared })
  return { kind: 'complaint', against, about, point: shared, proof }
}

function sealedFor(state: CeremonyState, polynomial: Polynomial, receiver: NodeIndex): SealedShare | undefined {
  const key = letterFor(state, 'hello', receiver)?.body.key
  const shared = key && sharedPoint(dealerSecret(state), key)
  if (key === undefined || shared === undefined) return undefined
  const label = { ceremony: state.settings.id, dealer: state.self, receiver }
  return { to: receiver, key, text: sealShare(evaluate(polynomial, receiver), shared, label) }
}

function polynomialOf(state: CeremonyState): Polynomial | undefined {
  const { settings, secrets } = state
  if (settings.previous !== undefined && secrets.share === undefined) return undefined
  return Array.from({ length: settings.threshold }, (_, index) =>
    index === 0 && secrets.share !== undefined && settings.previous !== undefined
      ? secrets.share
      : scalarOf('ceremony coefficient', ...seedOf(state, index)),
  )
}

function dealerSecret({ secrets, settings }: CeremonyState): bigint {
  return scalarOf('ceremony dealer', secrets.seed, fromHex(settings.id, 32))
}

function pointOf(secret: bigint): Hex {
  const point = baseMultiple(secret)
  invariant(point !== undefined, 'a secret from 1 to n − 1')
  return point
}
