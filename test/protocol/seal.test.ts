import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseSealedMessage, sealedToWire } from '../../oracle-node/adapters/sealed-wire.ts'
import type { Hex } from '../../oracle-node/core/bytes.ts'
import { nodeIndex } from '../../oracle-node/core/units.ts'
import { leaderOf } from '../../oracle-node/protocol/committee.ts'
import type { ObservationMessage, ProposalMessage, ShareMessage } from '../../oracle-node/protocol/messages.ts'
import {
  isSealed,
  lockOf,
  type SealedMessage,
  sealProposal,
  sealShare,
  statedLock,
  statedProposal,
  statedShare,
} from '../../oracle-node/protocol/seal.ts'
import { makeWorld } from '../simulation/simulate.ts'
import { memberOf, settingsOf } from '../support/committee.ts'
import { sampleMessages, signersOf } from '../support/committee-messages.ts'
import { spoiled } from '../support/hostile-json.ts'

const ROUND = 12
const world = makeWorld(4)
const messages = sampleMessages(world, ROUND)
const settings = settingsOf(world, nodeIndex(1))
const sender = leaderOf(settings.committee, ROUND, 1)
const other = nodeIndex((sender % 4) + 1)
const { operatorKey } = memberOf(world, sender)
const of = <K extends string>(kind: K) => messages.findLast((each) => each.kind === kind)
const proposal = of('proposal') as ProposalMessage
const share = of('share') as ShareMessage
const locked = of('observation') as ObservationMessage
const origin = {
  digest: `0x${'3d'.repeat(32)}` as Hex,
  signers: signersOf(world, 'sealed').slice(0, 3),
  groupCommitment: world.keys.groupKey,
}
const proposed: SealedMessage = { message: proposal, seal: sealProposal(settings, sender, proposal, operatorKey) }
const shared: SealedMessage = {
  message: share,
  seal: sealShare(settings, sender, { message: share, origin }, operatorKey),
}
const bound: SealedMessage = {
  message: locked,
  seal: lockOf(proposal, sealProposal(settings, sender, proposal, operatorKey)),
}

test.each([proposed, shared, bound, { message: share, seal: undefined }])(
  'a sealed $message.kind comes out as it went in',
  (sealed) => {
    expect(parseSealedMessage(JSON.parse(JSON.stringify(sealedToWire(sealed))))).toEqual({ ok: true, message: sealed })
  },
)

test('a seal is its sender’s, on this message and no other', () => {
  for (const { message, seal } of [proposed, shared]) {
    expect(isSealed(settings, sender, { message, seal })).toBe(true)
    expect(isSealed(settings, other, { message, seal })).toBe(false)
    expect(isSealed(settings, nodeIndex(9), { message, seal })).toBe(false)
    expect(isSealed(settings, sender, { message })).toBe(false)
    expect(isSealed(settings, sender, { message, seal: bound.seal })).toBe(false)
    for (const field of ['round', 'attempt', 'session'] as const) {
      const moved = { ...message, [field]: (message as ProposalMessage)[field] + 1 }
      expect(isSealed(settings, sender, { message: moved, seal }), field).toBe(false)
    }
  }
  const less = { ...proposal, observations: proposal.observations.slice(1) }
  expect(isSealed(settings, sender, { message: less, seal: proposed.seal })).toBe(false)
  const wrong = { ...share, share: `0x${'01'.repeat(32)}` as Hex }
  expect(isSealed(settings, sender, { message: wrong, seal: shared.seal })).toBe(false)
  // The rest speaks for itself: what it holds is signed, or harmless.
  expect(isSealed(settings, sender, { message: locked })).toBe(true)
})

test('what a later leader is shown is what the first one stated', () => {
  if (proposed.seal?.kind !== 'proposal' || shared.seal?.kind !== 'share' || bound.seal?.kind !== 'lock')
    throw new Error('seals')
  const stated = statedProposal(settings.committee, sender, proposal, proposed.seal)
  expect(statedLock(settings.committee, { ...locked, locked: proposal.observations }, bound.seal)).toEqual(stated)
  const { locked: _, ...free } = locked
  expect(statedLock(settings.committee, free, bound.seal)).toBeUndefined()
  expect(statedShare(settings.committee, sender, share, shared.seal).statement).toMatchObject({
    node: sender,
    round: ROUND,
    share: share.share,
    digest: origin.digest,
  })
})

test('whatever is in the place of a message or its seal is refused in one line, or is one', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(proposed, shared, bound).chain((each) => spoiled(sealedToWire(each))),
      (json) => {
        const parsed = parseSealedMessage(json)
        if (parsed.ok) expect(typeof isSealed(settings, sender, parsed.message)).toBe('boolean')
        else expect(parsed.detail.length).toBeLessThanOrEqual(300)
      },
    ),
    { numRuns: 500 },
  )
})
