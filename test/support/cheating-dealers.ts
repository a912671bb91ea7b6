import type { Hex } from '../../oracle-node/core/bytes.ts'
import { proveEquality } from '../../oracle-node/core/dealing-proofs.ts'
import { baseMultiple, sharedPoint } from '../../oracle-node/core/group.ts'
import { type NodeIndex, nodeIndex } from '../../oracle-node/core/units.ts'
import { receiverSecret } from '../../oracle-node/protocol/ceremony/judge.ts'
import type { Body, CeremonyMessage, Letter, SealedShare } from '../../oracle-node/protocol/ceremony/letters.ts'
import { type CeremonyState, letterFor } from '../../oracle-node/protocol/ceremony/state.ts'
import type { Cheat, Forge } from './ceremony-network.ts'

type Deal = Extract<Body, { kind: 'deal' }>

/** Rewrites a party's own deals, in every message that carries one. */
function rewriting(change: (deal: Deal, to: NodeIndex, state: CeremonyState) => Body | undefined): Cheat {
  return ({ to, message, forge, state }) =>
    onLetters(message, ({ from, body, signature }) => {
      if (from !== state.self || body.kind !== 'deal') return [{ from, body, signature }]
      const changed = change(body, to, state)
      return changed === undefined ? [] : [forge(changed)]
    })
}

function onLetters(message: CeremonyMessage, map: (letter: Letter) => readonly Letter[]): CeremonyMessage {
  return message.kind === 'ceremony-letters' ? { ...message, letters: message.letters.flatMap(map) } : message
}

const flipped = (hex: Hex): Hex => `${hex.slice(0, -1)}${hex.endsWith('1') ? '2' : '1'}` as Hex
const spoiled = (shares: readonly SealedShare[], victims: number): SealedShare[] =>
  shares.map((share, index) => (index < victims ? { ...share, text: flipped(share.text) } : share))

/** Each way to cheat as a dealer, and what it is named for; silence proves nothing, so that it is no fault but a reason. */
export const CHEATS: Readonly<Record<string, { readonly cheat: Cheat; readonly reason: RegExp }>> = {
  'proves nothing': {
    cheat: rewriting((deal) => ({ ...deal, proof: flipped(deal.proof) })),
    reason: /proof of possession does not verify/,
  },
  'deals one member a wrong share': {
    cheat: rewriting((deal) => ({ ...deal, shares: spoiled(deal.shares, 1) })),
    reason: /dealt member \d+ a share that does not fit/,
  },
  'deals everybody wrong shares': {
    cheat: rewriting((deal) => ({ ...deal, shares: spoiled(deal.shares, 100) })),
    reason: /dealt member \d+ a share that does not fit/,
  },
  'commits to other numbers at other members': {
    cheat: rewriting((deal, to) => (to % 2 === 0 ? { ...deal, shares: spoiled(deal.shares, 1) } : deal)),
    reason: /two different letters of kind deal|does not fit/,
  },
  'leaves a member out': {
    cheat: rewriting((deal) => ({ ...deal, shares: deal.shares.slice(1) })),
    reason: /sent no share that member \d+ can read/,
  },
  'seals a share under a key of nobody’s': {
    cheat: rewriting((deal) => ({
      ...deal,
      shares: deal.shares.map((share, index) => (index === 0 ? { ...share, key: baseMultiple(5n) as Hex } : share)),
    })),
    reason: /sent no share that member \d+ can read/,
  },
  'commits to too few coefficients': {
    cheat: rewriting((deal) => ({ ...deal, commitment: deal.commitment.slice(1) })),
    reason: /committed to \d+ coefficients/,
  },
  'commits to no points': {
    cheat: rewriting((deal) => ({ ...deal, commitment: deal.commitment.map(() => `0x02${'ff'.repeat(32)}` as Hex) })),
    reason: /no point/,
  },
  // To have the receivers' complaints lay open what the other dealer sealed for them.
  'passes off another dealer’s key as its own': {
    cheat: rewriting((deal, _, state) => {
      const other = letterFor(state, 'deal', nodeIndex(4))
      if (other === undefined) return undefined
      const { key, keyProof } = other.body
      return { ...deal, key, keyProof, shares: spoiled(deal.shares, 100) }
    }),
    reason: /does not prove that the key which it seals shares under is its own/,
  },
  'deals nothing': { cheat: rewriting(() => undefined), reason: /sent no deal/ },
  'deals to one member alone': {
    cheat: rewriting((deal, to) => (to === 4 ? deal : undefined)),
    // Who got it passes it on, so it is a dealer as good as any.
    reason: /^$/,
  },
}

/** Complains of a dealer whose share was right, with the right point or with another, and deals nothing itself. */
export function falseComplaint(against: NodeIndex, lie: 'right point' | 'other point'): Cheat {
  return ({ message, forge, state }) => {
    const deal = letterFor(state, 'deal', against)
    if (message.kind !== 'ceremony-letters') return message
    if (deal === undefined)
      return onLetters(message, (letter) => (letter.from === state.self && letter.body.kind === 'deal' ? [] : [letter]))
    const secret = receiverSecret(state)
    const [key, shared] = [
      baseMultiple(secret),
      sharedPoint(lie === 'right point' ? secret : secret - 1n, deal.body.key),
    ]
    if (key === undefined || shared === undefined) return message
    const proof = proveEquality(secret, { key, base: deal.body.key, shared })
    const complaint = forge({ kind: 'complaint', against, about: deal.id, point: shared, proof })
    const letters = message.letters.filter(({ from, body }) => from !== state.self || body.kind !== 'deal')
    return { ...message, letters: [...letters, complaint] }
  }
}

/** Votes, whenever it leads or votes, for something else at each member. */
export const twoFacedVoter: Cheat = ({ to, message, forge, state }) =>
  onLetters(message, (letter) => {
    if (letter.from !== state.self) return [letter]
    return [twisted(letter, to, forge)]
  })

function twisted(letter: Letter, to: NodeIndex, forge: Forge): Letter {
  const { body } = letter
  if (body.kind === 'proposal') return forge({ ...body, dealers: body.dealers.slice(to % 2) })
  if ((body.kind === 'prevote' || body.kind === 'precommit') && to % 2 === 0)
    return forge({ ...body, value: `0x${'11'.repeat(32)}` })
  return letter
}
