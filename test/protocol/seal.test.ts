import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseSealedMessage, sealedToWire } from '../../oracle-node/adapters/sealed-wire.ts'
import type { Hex } from '../../oracle-node/core/bytes.ts'
import { recoverSharer } from '../../oracle-node/core/statements.ts'
import { nodeIndex } from '../../oracle-node/core/units.ts'
import { leaderOf } from '../../oracle-node/protocol/committee.ts'
import type { SignedProposal } from '../../oracle-node/protocol/evidence.ts'
import type { ObservationMessage, ProposalMessage, ShareMessage } from '../../oracle-node/protocol/messages.ts'
import {
  lockOf,
  openProposal,
  type SealedMessage,
  sealProposal,
  sealShare,
  statedLock,
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
const opened = openProposal(settings, sender, proposed) as SignedProposal
const bound: SealedMessage = { message: locked, seal: lockOf(opened) }

test.each([proposed, shared, bound, { message: share, seal: undefined }])(
  'a sealed $message.kind comes out as it went in',
  (sealed) => {
    expect(parseSealedMessage(JSON.parse(JSON.stringify(sealedToWire(sealed))))).toEqual({ ok: true, message: sealed })
  },
)

test('a proposal opens to what its sender signed, and to nobody else’s', () => {
  expect(openProposal(settings, sender, proposed)).toEqual(opened)
  expect(openProposal(settings, other, proposed)).toBeUndefined()
  expect(openProposal(settings, nodeIndex(9), proposed)).toBeUndefined()
  expect(openProposal(settings, sender, { message: proposal })).toBeUndefined()
  expect(openProposal(settings, sender, { message: proposal, seal: bound.seal })).toBeUndefined()
  expect(openProposal(settings, sender, { message: share, seal: proposed.seal })).toBeUndefined()
  const changes: Array<Partial<ProposalMessage>> = [
    { round: ROUND + 1 },
    { attempt: 2 },
    { session: 0 },
    { observations: proposal.observations.slice(1) },
    { signers: proposal.signers.slice(1) },
  ]
  for (const change of changes) {
    const moved = { message: { ...proposal, ...change }, seal: proposed.seal }
    expect(openProposal(settings, sender, moved), Object.keys(change).join()).toBeUndefined()
  }
})

test('what a later leader is shown is what the first one stated', () => {
  if (shared.seal?.kind !== 'share' || bound.seal?.kind !== 'lock') throw new Error('seals')
  expect(statedLock(settings.committee, { ...locked, locked: proposal.observations }, bound.seal)).toEqual(opened)
  const { locked: _, ...free } = locked
  expect(statedLock(settings.committee, free, bound.seal)).toBeUndefined()
  const stated = statedShare(settings.committee, sender, share, shared.seal)
  expect(stated.statement).toMatchObject({ node: sender, round: ROUND, share: share.share, digest: origin.digest })
  expect(recoverSharer(settings.domain, stated.statement, stated.signature)).toBe(memberOf(world, sender).operator)
})

test('whatever is in the place of a message or its seal is refused in one line, or is one', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(proposed, shared, bound).chain((each) => spoiled(sealedToWire(each))),
      (json) => {
        const parsed = parseSealedMessage(json)
        if (parsed.ok) openProposal(settings, sender, parsed.message)
        else expect(parsed.detail.length).toBeLessThanOrEqual(300)
      },
    ),
    { numRuns: 500 },
  )
})
