import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseCeremonyMessage, parseLetter } from '../../oracle-node/adapters/ceremony-wire.ts'
import { nodeIndex } from '../../oracle-node/core/units.ts'
import { startCeremony, stepCeremony } from '../../oracle-node/protocol/ceremony/ceremony.ts'
import { signLetter } from '../../oracle-node/protocol/ceremony/letters.ts'
import { progressOf } from '../../oracle-node/protocol/ceremony/outcome.ts'
import { generationSettings } from '../../oracle-node/protocol/ceremony/settings.ts'
import { anyBody, anyCeremonyMessage } from '../support/arbitrary-letters.ts'
import { makeOperators } from '../support/ceremony-network.ts'
import { spoiled } from '../support/hostile-json.ts'
import { seededRandom } from '../support/seeded-random.ts'

const throughText = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

test('a message of a ceremony comes out as it went in, and each of its letters does', () => {
  fc.assert(
    fc.property(anyCeremonyMessage, (message) => {
      expect(parseCeremonyMessage(throughText(message))).toEqual({ ok: true, message })
      if (message.kind !== 'ceremony-letters') return
      for (const letter of message.letters)
        expect(parseLetter(throughText(letter))).toEqual({ ok: true, message: letter })
    }),
    { numRuns: 300 },
  )
})

describe('hostile JSON', () => {
  test('never makes a parser throw, and is told off in one short line', () => {
    const hostile = fc.oneof(
      fc.jsonValue(),
      anyCeremonyMessage.chain((message) => spoiled(throughText(message))),
    )
    fc.assert(
      fc.property(hostile, (json) => {
        for (const parse of [parseCeremonyMessage, parseLetter]) {
          const parsed = parse(json)
          if (!parsed.ok) expect(parsed.detail.length).toBeLessThanOrEqual(300)
          else expect(throughText(parsed.message)).toEqual(throughText(json))
        }
      }),
      { numRuns: 2_000 },
    )
    for (const value of [undefined, Number.NaN, 1n, Symbol('x'), () => 1])
      expect([parseCeremonyMessage(value).ok, parseLetter(value).ok]).toEqual([false, false])
  })

  test('is refused with unknown keys, upper-case hex, other lengths and numbers out of range', () => {
    const ceremony = `0x${'ab'.repeat(32)}`
    const status = { kind: 'ceremony-status', ceremony, view: 0, done: false, has: [] }
    expect(parseCeremonyMessage(status).ok).toBe(true)
    for (const wrong of [
      { ...status, more: 1 },
      { ...status, ceremony: ceremony.toUpperCase() },
      { ...status, ceremony: ceremony.slice(2) },
      { ...status, view: -1 },
      { ...status, view: 1_001 },
      { ...status, view: 0.5 },
      { ...status, has: ['0x00'] },
      { ...status, has: Array.from({ length: 20_001 }, () => `0x${'00'.repeat(8)}`) },
      { kind: 'ceremony-letters', ceremony, letters: Array.from({ length: 65 }, () => ({})) },
    ])
      expect(parseCeremonyMessage(wrong).ok).toBe(false)
  })
})

test('whatever a member signs, an honest one takes it without harm and accuses nobody else', () => {
  const random = seededRandom('hostile member')
  const operators = makeOperators(4, random)
  const settings = generationSettings({ epoch: 1, number: 1, operators: operators.map(({ address }) => address) })
  const [self, hostile] = [nodeIndex(1), nodeIndex(2)]
  const keyOf = (index: number): Uint8Array => operators[index - 1]?.key as Uint8Array
  const timing = { patienceMs: 100, viewMs: 100, statusMs: 100 }
  const secrets = { seed: random.bytes(32), operatorKey: keyOf(self) }
  fc.assert(
    fc.property(fc.array(anyBody, { maxLength: 12 }), fc.boolean(), (bodies, ticks) => {
      let { state } = startCeremony({ settings, timing, secrets, self, kept: [], now: 0 })
      const letters = bodies.map((body) => signLetter(settings.id, hostile, body, keyOf(hostile)))
      const message = { kind: 'ceremony-letters', ceremony: settings.id, letters } as const
      state = stepCeremony(state, { kind: 'message', from: hostile, message }, 1).state
      for (let now = 100; ticks && now < 1_000; now += 100) state = stepCeremony(state, { kind: 'tick' }, now).state
      expect([...state.faults.keys()].filter((party) => party !== hostile)).toEqual([])
      expect(progressOf(state).step).toBe('members')
    }),
    { numRuns: 300 },
  )
})
