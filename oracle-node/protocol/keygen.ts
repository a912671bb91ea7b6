import { secp256k1_FROST as FROST } from '@noble/curves/secp256k1.js'
import { fromHex, type Hex, keccak, toHex } from '../core/bytes.ts'
import { invariant } from '../core/errors.ts'
import { isPoint } from '../core/group.ts'
import { quorum } from '../core/quorum.ts'
import { identifierOf, type PublicKeys, type RandomBytes, type SecretShare } from '../core/threshold.ts'
import { type NodeIndex, nodeIndex } from '../core/units.ts'

/*
 * Distributed key generation without a dealer: Pedersen's DKG with proofs of possession, as noble's FROST and frost-rs split it
 * (round 1 broadcast, round 2 one secret share to each, round 3 local), and a fourth step of ours: every member confirms the
 * group key and a hash of all round-1 packages, since a dealer that broadcasts two versions would go unseen otherwise.
 * All members must take part. A member that cheats stops the ceremony; it is named where that can be proved.
 */

export type KeygenMessage =
  /** Commitments to the sender's polynomial, and its proof that it knows the constant term. */
  | { readonly kind: 'dkg-commit'; readonly commitment: readonly Hex[]; readonly proof: Hex }
  /** The receiver's share of the sender's polynomial: secret, for a channel that nobody else reads. */
  | { readonly kind: 'dkg-share'; readonly share: Hex }
  | { readonly kind: 'dkg-confirm'; readonly groupKey: Hex; readonly transcript: Hex }

export type KeygenState = {
  readonly self: NodeIndex
  readonly members: number
  readonly threshold: number
  /** noble's mutable package: it erases the polynomial when the shares are made. */
  readonly secret: ReturnType<typeof FROST.DKG.round1>['secret']
  readonly commits: ReadonlyMap<NodeIndex, KeygenMessage & { kind: 'dkg-commit' }>
  readonly shares: ReadonlyMap<NodeIndex, KeygenMessage & { kind: 'dkg-share' }>
  readonly confirms: ReadonlyMap<NodeIndex, KeygenMessage & { kind: 'dkg-confirm' }>
  readonly dealt: boolean
  readonly key?: { readonly keys: PublicKeys; readonly secret: SecretShare }
}

export type KeygenEffect =
  | { readonly kind: 'send'; readonly to: NodeIndex; readonly message: KeygenMessage }
  | { readonly kind: 'done'; readonly keys: PublicKeys; readonly secret: SecretShare }
  | { readonly kind: 'failed'; readonly reason: string; readonly node?: NodeIndex }

export type KeygenStep = { readonly state: KeygenState; readonly effects: readonly KeygenEffect[] }

/** Starts the ceremony at one member: the threshold is the quorum 2f + 1. */
export function startKeygen(self: NodeIndex, members: number, random: RandomBytes): KeygenStep {
  const threshold = quorum(members)
  const made = FROST.DKG.round1(identifierOf(self), { min: threshold, max: members }, undefined, random)
  const own = {
    kind: 'dkg-commit',
    commitment: made.public.commitment.map((point) => toHex(point)),
    proof: toHex(made.public.proofOfKnowledge),
  } as const
  const state: KeygenState = {
    self,
    members,
    threshold,
    secret: made.secret,
    commits: new Map([[self, own]]),
    shares: new Map(),
    confirms: new Map(),
    dealt: false,
  }
  return { state, effects: broadcast(state, own) }
}

export function stepKeygen(
  state: KeygenState,
  event: { readonly from: NodeIndex; readonly message: KeygenMessage },
): KeygenStep {
  const { from, message } = event
  const known = receivedOf(state, from, message.kind)
  if (known !== undefined) return same(known, message) ? idle(state) : failed(state, `sent two ${message.kind}`, from)
  switch (message.kind) {
    case 'dkg-commit': {
      const shaped = message.commitment.length === state.threshold && message.commitment.every(isPoint)
      if (!shaped) return failed(state, `sent a commitment that is not ${state.threshold} points`, from)
      return advance({ ...state, commits: new Map(state.commits).set(from, message) })
    }
    case 'dkg-share':
      return advance({ ...state, shares: new Map(state.shares).set(from, message) })
    case 'dkg-confirm':
      return advance({ ...state, confirms: new Map(state.confirms).set(from, message) })
  }
}

function receivedOf(state: KeygenState, from: NodeIndex, kind: KeygenMessage['kind']): KeygenMessage | undefined {
  if (kind === 'dkg-commit') return state.commits.get(from)
  return kind === 'dkg-share' ? state.shares.get(from) : state.confirms.get(from)
}

function advance(state: KeygenState): KeygenStep {
  if (!state.dealt) return state.commits.size === state.members ? deal(state) : idle(state)
  if (state.key === undefined) return state.shares.size === state.members - 1 ? assemble(state) : idle(state)
  if (state.confirms.size < state.members) return idle(state)
  const own = state.confirms.get(state.self)
  const other = [...state.confirms].find(([, confirm]) => own === undefined || !same(own, confirm))
  if (other !== undefined)
    return failed(state, 'confirmed another key or other commitments than this node saw', other[0])
  return { state, effects: [{ kind: 'done', ...state.key }] }
}

/** Round 2: checks everyone's proof and makes each other member its share. */
function deal(state: KeygenState): KeygenStep {
  try {
    const packages = FROST.DKG.round2(state.secret, othersRound1(state))
    const effects = others(state).map((to): KeygenEffect => {
      const dealt = packages[identifierOf(to)]
      invariant(dealt !== undefined, `a share was made for member ${to}`)
      return { kind: 'send', to, message: { kind: 'dkg-share', share: toHex(dealt.signingShare) } }
    })
    const next = advance({ ...state, dealt: true })
    return { state: next.state, effects: [...effects, ...next.effects] }
  } catch (error) {
    return failed(state, `a proof of possession does not verify: ${messageOf(error)}`)
  }
}

/** Round 3: adds up the shares, and tells the others what came out. */
function assemble(state: KeygenState): KeygenStep {
  try {
    const round2 = others(state).map((node) => ({
      identifier: identifierOf(node),
      signingShare: fromHex(state.shares.get(node)?.share ?? '0x', 32),
    }))
    const made = FROST.DKG.round3(state.secret, othersRound1(state), round2)
    const keys = toPublicKeys(state, made.public)
    const secret = { node: state.self, share: made.secret.signingShare }
    const own = { kind: 'dkg-confirm', groupKey: keys.groupKey, transcript: transcript(state) } as const
    const next = advance({ ...state, key: { keys, secret }, confirms: new Map(state.confirms).set(state.self, own) })
    return { state: next.state, effects: [...broadcast(state, own), ...next.effects] }
  } catch (error) {
    return failed(state, `a share does not fit its sender's commitments: ${messageOf(error)}`)
  }
}

function toPublicKeys(state: KeygenState, made: ReturnType<typeof FROST.DKG.round3>['public']): PublicKeys {
  const commitments = made.commitments.map((point) => toHex(point))
  const [groupKey] = commitments
  invariant(groupKey !== undefined, 'a key has a first commitment')
  const verifyingShares = members(state).map((node) => {
    const share = made.verifyingShares[identifierOf(node)]
    invariant(share !== undefined, `member ${node} has a verifying share`)
    return toHex(share)
  })
  return { threshold: state.threshold, members: state.members, groupKey, commitments, verifyingShares }
}

/** A hash of what everybody broadcast, in the members' order. */
function transcript(state: KeygenState): Hex {
  const parts = members(state).flatMap((node) => {
    const commit = state.commits.get(node)
    invariant(commit !== undefined, `member ${node} has committed`)
    return [...commit.commitment, commit.proof].map((hex) => fromHex(hex))
  })
  return toHex(keccak(...parts))
}

function othersRound1(state: KeygenState): Parameters<typeof FROST.DKG.round2>[1] {
  return others(state).map((node) => {
    const commit = state.commits.get(node)
    invariant(commit !== undefined, `member ${node} has committed`)
    return {
      identifier: identifierOf(node),
      commitment: commit.commitment.map((point) => fromHex(point, 33)),
      proofOfKnowledge: fromHex(commit.proof),
    }
  })
}

function members(state: KeygenState): NodeIndex[] {
  return Array.from({ length: state.members }, (_, index) => nodeIndex(index + 1))
}

function others(state: KeygenState): NodeIndex[] {
  return members(state).filter((node) => node !== state.self)
}

function broadcast(state: KeygenState, message: KeygenMessage): KeygenEffect[] {
  return others(state).map((to) => ({ kind: 'send', to, message }))
}

function idle(state: KeygenState): KeygenStep {
  return { state, effects: [] }
}

function failed(state: KeygenState, reason: string, node?: NodeIndex): KeygenStep {
  return { state, effects: [{ kind: 'failed', reason, ...(node === undefined ? {} : { node }) }] }
}

function same(a: KeygenMessage, b: KeygenMessage): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
