import { expect, test } from 'vitest'
import { combine, commit, signShare, verifySignature } from '../../oracle-node/core/threshold.ts'
import { nodeIndex } from '../../oracle-node/core/units.ts'
import { startKeygen, stepKeygen } from '../../oracle-node/protocol/keygen.ts'
import { runCeremony } from '../support/ceremony.ts'
import { seededRandom } from '../support/seeded-random.ts'

test('four members make one key, in whatever order letters come and however often, and any three of them sign', () => {
  const random = seededRandom('keygen')
  const { done, failures } = runCeremony(4, random)
  expect(failures).toEqual([])
  expect(done.size).toBe(4)
  const made = [...done.values()]
  const keys = made[0]?.keys
  if (keys === undefined) throw new Error('no key was made')
  expect(made.every((each) => JSON.stringify(each.keys) === JSON.stringify(keys))).toBe(true)
  const digest = random.bytes(32)
  for (const absent of [1, 2, 3, 4]) {
    const present = made.filter((each) => each.secret.node !== absent)
    const committed = present.map(({ secret }) => ({ secret, ...commit(secret, random.bytes) }))
    const signers = committed.map(({ secret, commitment }) => ({ node: secret.node, ...commitment }))
    const shares = new Map(
      committed.map(({ secret, nonces }) => [secret.node, signShare({ secret, keys, nonces, signers, digest })]),
    )
    expect(verifySignature(keys.groupKey, digest, combine({ keys, signers, digest, shares }))).toBe(true)
  }
})

test('a dealer that broadcasts different commitments to different members is found out, and nobody keeps a key', () => {
  const other = runCeremony(4, seededRandom('another polynomial'))
  expect(other.failures).toEqual([])
  const seen: unknown[] = []
  const { done, failures } = runCeremony(4, seededRandom('equivocation'), ({ from, to, message }) => {
    if (from !== 2 || to !== 4 || message.kind !== 'dkg-commit') return message
    seen.push(message)
    return { ...message, commitment: [...message.commitment].reverse() }
  })
  expect(seen.length).toBeGreaterThan(0)
  expect(done.size).toBe(0)
  expect(failures.length).toBeGreaterThan(0)
})

test('a share that does not fit its sender’s commitments stops the ceremony at its receiver', () => {
  const { done, failures } = runCeremony(4, seededRandom('bad share'), ({ from, to, message }) =>
    from === 3 && to === 1 && message.kind === 'dkg-share' ? { ...message, share: `0x${'00'.repeat(31)}05` } : message,
  )
  expect(done.has(nodeIndex(1))).toBe(false)
  expect(failures.some(({ at, reason }) => at === 1 && reason.includes('share does not fit'))).toBe(true)
})

test('a member that confirms another key is named', () => {
  const { done, failures } = runCeremony(4, seededRandom('other key'), ({ from, message }) =>
    from === 2 && message.kind === 'dkg-confirm' ? { ...message, transcript: `0x${'11'.repeat(32)}` } : message,
  )
  expect(done.has(nodeIndex(1))).toBe(false)
  expect(failures.some(({ at, node }) => at === 1 && node === 2)).toBe(true)
})

test('a second, different letter of one kind is its sender’s fault, and so is a commitment that is not the threshold’s points', () => {
  const { state } = startKeygen(nodeIndex(1), 4, seededRandom('one').bytes)
  const { effects } = startKeygen(nodeIndex(2), 4, seededRandom('two').bytes)
  const sent = effects.flatMap((effect) => (effect.kind === 'send' ? [effect.message] : []))[0]
  if (sent?.kind !== 'dkg-commit') throw new Error('a member begins with its commitment')
  const from = nodeIndex(2)
  const heard = stepKeygen(state, { from, message: sent })
  expect(heard.effects).toEqual([])
  expect(stepKeygen(heard.state, { from, message: sent }).effects).toEqual([])
  const second = { ...sent, commitment: [...sent.commitment].reverse() }
  expect(stepKeygen(heard.state, { from, message: second }).effects).toEqual([
    { kind: 'failed', reason: 'sent two dkg-commit', node: 2 },
  ])
  const wrong = [sent.commitment.slice(1), [...sent.commitment, ...sent.commitment], sent.commitment.map(() => '0x00')]
  for (const commitment of wrong) {
    const message = { ...sent, commitment: commitment as typeof sent.commitment }
    expect(stepKeygen(state, { from, message }).effects).toEqual([
      { kind: 'failed', reason: 'sent a commitment that is not 3 points', node: 2 },
    ])
  }
})

test('a proof of possession that does not verify stops the ceremony before a share is dealt', () => {
  const { done, failures } = runCeremony(4, seededRandom('no proof'), ({ from, message }) =>
    from === 2 && message.kind === 'dkg-commit' ? { ...message, proof: `0x${'02'.repeat(65)}` } : message,
  )
  expect(done.size).toBe(0)
  expect(failures.some(({ reason }) => reason.includes('proof of possession'))).toBe(true)
})
