import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  type Fees,
  type Look,
  startTransmission,
  stepTransmission,
  type TransmissionEvent,
  type TransmissionSettings,
  type TransmissionState,
  type TransmissionStep,
} from '../../oracle-node/protocol/transmission.ts'

const GWEI = 1_000_000_000n
const settings: TransmissionSettings = {
  maxFeeCeiling: 100n * GWEI,
  bumpAfterMs: 10_000,
  giveUpAfterMs: 60_000,
  confirmations: 3,
  confirmWithinMs: 90_000,
}
const quiet: Look = {
  now: 0,
  baseFee: 10n * GWEI,
  tip: GWEI,
  nonce: 5,
  pendingNonce: 5,
  needed: true,
  known: true,
}
const mined = { block: '0xaa', confirmations: 1, reverted: false }

const sends = (step: TransmissionStep): Array<{ nonce: number; fees: Fees }> =>
  step.effects.flatMap((effect) => (effect.kind === 'send' ? [effect] : []))
const notices = (step: TransmissionStep): string[] =>
  step.effects.flatMap((effect) => (effect.kind === 'notice' ? [effect.name] : []))
const start = (look: Partial<Look> = {}): TransmissionStep => startTransmission(settings, { ...quiet, ...look })
const see = (state: TransmissionState, look: Partial<Look>): TransmissionStep =>
  stepTransmission(settings, state, { kind: 'look', look: { ...quiet, ...look } })
const included = (): TransmissionState => see(start().state, { inclusion: mined, nonce: 6, needed: false }).state

test('the first offer is twice the base fee and the tip, under the key’s next nonce', () => {
  expect(sends(start())).toEqual([{ kind: 'send', nonce: 5, fees: { maxFee: 21n * GWEI, priorityFee: GWEI } }])
})

test('what another already did is not sent', () => {
  expect(start({ needed: false })).toEqual({ state: { kind: 'ended', outcome: 'superseded' }, effects: [] })
})

test('a stuck transaction of the key is replaced, not queued behind', () => {
  const step = start({ pendingNonce: 7 })
  expect(notices(step)).toEqual(['transaction-pending-found'])
  expect(sends(step)[0]?.nonce).toBe(5)
})

test('a transaction that is not mined in time is outbid by an eighth in both fees under its nonce', () => {
  const { state } = start()
  expect(see(state, { now: 9_999 }).effects).toEqual([])
  const step = see(state, { now: 10_000 })
  expect(notices(step)).toEqual(['transaction-replaced'])
  const fees = { maxFee: (21n * GWEI * 9n) / 8n, priorityFee: (GWEI * 9n) / 8n }
  expect(sends(step)).toEqual([{ kind: 'send', nonce: 5, fees }])
})

test('a fee spike is outbid at once as far as the ceiling, and then waited out', () => {
  const step = see(start().state, { now: 10_000, baseFee: 90n * GWEI })
  expect(sends(step)[0]?.fees.maxFee).toBe(100n * GWEI)
  expect(see(step.state, { now: 20_000, baseFee: 90n * GWEI }).effects).toEqual([])
  expect(see(step.state, { now: 60_000, baseFee: 90n * GWEI }).state).toEqual({ kind: 'ended', outcome: 'gave-up' })
})

test('a transaction that the endpoint lost is sent again as it was', () => {
  const first = start()
  const step = see(first.state, { now: 10_000, known: false })
  expect(notices(step)).toEqual(['transaction-resent'])
  expect(sends(step)).toEqual(sends(first))
})

test('no fee is raised for what another did meanwhile', () => {
  expect(see(start().state, { now: 10_000, needed: false }).state).toEqual({ kind: 'ended', outcome: 'superseded' })
})

test('a nonce that another transaction of the key took is noticed, and the next one is used', () => {
  const step = see(start().state, { now: 1_000, nonce: 6, pendingNonce: 6 })
  expect(notices(step)).toEqual(['nonce-taken'])
  expect(sends(step)[0]?.nonce).toBe(6)
})

test('an unknown pending transaction is outbid by doubling, until the ceiling ends it', () => {
  const doubled = stepTransmission(settings, start().state, { kind: 'underpriced' })
  expect(sends(doubled)[0]?.fees).toEqual({ maxFee: 42n * GWEI, priorityFee: 2n * GWEI })
  let state = doubled.state
  for (let each = 0; each < 3; each += 1) state = stepTransmission(settings, state, { kind: 'underpriced' }).state
  expect(state).toEqual({ kind: 'ended', outcome: 'gave-up' })
})

test('a mined transaction is watched until it is deep enough, or no block comes', () => {
  expect(see(included(), { inclusion: { ...mined, confirmations: 2 } }).state.kind).toBe('included')
  expect(see(included(), { inclusion: { ...mined, confirmations: 3 } }).state).toMatchObject({ outcome: 'confirmed' })
  expect(see(included(), { inclusion: mined, now: 90_000 }).state).toMatchObject({ outcome: 'unconfirmed' })
  expect(see(start().state, { inclusion: { ...mined, reverted: true } }).state).toMatchObject({ outcome: 'reverted' })
})

test('a re-org that took the transaction away has it sent again where the chain lacks it', () => {
  const step = see(included(), { now: 5_000 })
  expect(notices(step)).toEqual(['transaction-reorged'])
  expect(sends(step)).toEqual(sends(start()))
})

test('a receipt that is gone while the oracle has the round is no reason to send', () => {
  const step = see(included(), { now: 5_000, needed: false })
  expect(step.effects).toEqual([])
  expect(see(step.state, { now: 90_000, needed: false }).state).toMatchObject({ outcome: 'superseded' })
})

test('a re-org that mined the transaction again in another block is told, and nothing is sent', () => {
  const step = see(included(), { inclusion: { ...mined, block: '0xbb' } })
  expect(step.effects).toEqual([{ kind: 'notice', name: 'transaction-reorged', nonce: 5 }])
})

/** A chain that does anything: takes the nonce, mines, re-orgs, loses, spikes, in any order. */
const events = fc.array(
  fc.record({
    after: fc.integer({ min: 1_000, max: 30_000 }),
    underpriced: fc.boolean(),
    baseFee: fc.bigInt({ min: 0n, max: 300n * GWEI }),
    tip: fc.bigInt({ min: 0n, max: 200n * GWEI }),
    nonce: fc.integer({ min: 4, max: 8 }),
    needed: fc.boolean(),
    known: fc.boolean(),
    inclusion: fc.oneof(
      { weight: 5, arbitrary: fc.constant(undefined) },
      {
        weight: 2,
        arbitrary: fc.record({
          block: fc.constantFrom('0xaa', '0xbb'),
          confirmations: fc.integer({ min: 1, max: 3 }),
          reverted: fc.oneof({ weight: 9, arbitrary: fc.constant(false) }, fc.constant(true)),
        }),
      },
    ),
  }),
  { minLength: 1, maxLength: 60 },
)

function isRepeatOrRaise(old: Fees, next: Fees): boolean {
  if (next.maxFee === old.maxFee && next.priorityFee === old.priorityFee) return true
  const up = (before: bigint, after: bigint): boolean => after > before && after * 8n >= before * 9n
  return up(old.maxFee, next.maxFee) && up(old.priorityFee, next.priorityFee)
}

test('whatever the chain does: fees only rise under a nonce, by an eighth or not at all, and never pass the ceiling', () => {
  fc.assert(
    fc.property(events, (plan) => {
      let now = 0
      let step = start()
      for (const { after, underpriced, ...look } of plan) {
        for (const { fees } of sends(step)) {
          expect(fees.maxFee).toBeLessThanOrEqual(settings.maxFeeCeiling)
          expect(fees.priorityFee).toBeLessThanOrEqual(fees.maxFee)
        }
        const before = step.state
        now += after
        const event: TransmissionEvent = underpriced
          ? { kind: 'underpriced' }
          : { kind: 'look', look: { ...look, now, pendingNonce: look.nonce } }
        step = stepTransmission(settings, before, event)
        const [next] = sends(step)
        if (next === undefined || before.kind === 'ended' || next.nonce !== before.nonce) continue
        expect(isRepeatOrRaise(before.fees, next.fees)).toBe(true)
      }
    }),
  )
})

test('whatever the chain does: one nonce is live at a time, and a new one only once the old one is gone', () => {
  fc.assert(
    fc.property(events, (plan) => {
      let now = 0
      let step = start()
      for (const { after, underpriced: _, ...look } of plan) {
        const before = step.state
        now += after
        step = stepTransmission(settings, before, { kind: 'look', look: { ...look, now, pendingNonce: look.nonce } })
        expect(sends(step).length).toBeLessThanOrEqual(1)
        const [next] = sends(step)
        if (before.kind === 'live' && next !== undefined && next.nonce !== before.nonce)
          expect(look.nonce).toBeGreaterThan(before.nonce)
      }
    }),
  )
})

test('whatever the chain does: it ends within its restarts’ times, and sends nothing afterwards', () => {
  // The first way and three restarts: each may wait to be mined and to be confirmed.
  const boundMs = 4 * (settings.giveUpAfterMs + settings.confirmWithinMs + 2 * 30_000)
  fc.assert(
    fc.property(events, (plan) => {
      let now = 0
      let step = start()
      for (let each = 0; now <= boundMs; each += 1) {
        const {
          after,
          underpriced: _,
          ...look
        } = plan[each % plan.length] ?? { after: 1_000, underpriced: false, ...quiet }
        now += after
        step = stepTransmission(settings, step.state, {
          kind: 'look',
          look: { ...look, now, pendingNonce: look.nonce },
        })
      }
      expect(step.state.kind).toBe('ended')
      expect(see(step.state, { now })).toEqual({ state: step.state, effects: [] })
    }),
  )
})
