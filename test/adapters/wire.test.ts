import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseRoundMessage, parseSignedObservation, toWire } from '../../oracle-node/adapters/wire.ts'
import { toHex } from '../../oracle-node/core/bytes.ts'
import { feedOf } from '../../oracle-node/core/feed.ts'
import { fallbackBits } from '../../oracle-node/core/observation.ts'
import { nodeIndex } from '../../oracle-node/core/units.ts'
import { makeWorld } from '../simulation/simulate.ts'
import { anyRecord } from '../support/arbitraries.ts'
import { observationOf, signedBy } from '../support/committee.ts'
import { sampleMessages } from '../support/committee-messages.ts'

const world = makeWorld(4)
const messages = sampleMessages(world, 12)
const SIGNATURE = toHex(new Uint8Array(65).fill(27))
const throughText = (value: unknown): unknown => JSON.parse(JSON.stringify(value))
const parsers = { parseRoundMessage, parseSignedObservation }

describe('a message', () => {
  test.each(messages)('of kind $kind comes out as it went in', (message) => {
    expect(parseRoundMessage(throughText(toWire(message)))).toEqual({ ok: true, message })
  })

  test('carries any record there can be', () => {
    fc.assert(
      fc.property(anyRecord, (record) => {
        const message = { observation: observationOf(nodeIndex(2), 1, record), signature: SIGNATURE }
        expect(parseSignedObservation(throughText(toWire(message)))).toEqual({ ok: true, message })
      }),
    )
  })
})

describe('the bitmap of fallbacks', () => {
  const [value] = observationOf(nodeIndex(2), 1).values
  if (value === undefined) throw new Error('a value')
  const wireOf = (count: number, fallbacks: bigint): unknown => {
    const values = Array.from({ length: count }, (_, index) => ({ ...value, feed: feedOf(`A${index}`) }))
    return throughText(
      toWire({ observation: observationOf(nodeIndex(2), 1, {}, { values, fallbacks }), signature: SIGNATURE }),
    )
  }

  test('comes out as it went in, eight bytes wide, for any values of any number', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { minLength: 1, maxLength: 64 }), (flags) => {
        const fallbacks = fallbackBits(flags)
        const wire = wireOf(flags.length, fallbacks)
        expect((wire as { observation: { fallbacks: string } }).observation.fallbacks).toMatch(/^0x[0-9a-f]{16}$/)
        expect(parseSignedObservation(wire)).toMatchObject({ ok: true, message: { observation: { fallbacks } } })
      }),
      { seed: 1 },
    )
  })

  test('is refused with a bit beyond the values, written any other way, or missing', () => {
    for (const [count, bits] of [
      [1, 2n],
      [3, 8n],
      [3, 1n << 63n],
      [63, 1n << 63n],
    ] as const) {
      const detail = 'observation.fallbacks: has a bit beyond the number of values'
      expect(parseSignedObservation(wireOf(count, bits))).toEqual({ ok: false, detail })
    }
    const { observation, signature } = wireOf(1, 1n) as { observation: object; signature: string }
    for (const fallbacks of [undefined, 1, '1', '0x01', `0x${'0'.repeat(17)}1`, `0x${'0'.repeat(14)}0A`]) {
      const parsed = parseSignedObservation({ observation: { ...observation, fallbacks }, signature })
      expect(parsed, String(fallbacks)).toMatchObject({ ok: false, detail: expect.stringContaining('fallbacks') })
    }
  })
})

describe('hostile JSON', () => {
  test('never makes a parser throw, and is told off in one short line', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (json) => {
        for (const parse of Object.values(parsers)) {
          const parsed = parse(json)
          expect(parsed.ok).toBe(false)
          if (!parsed.ok) expect(parsed.detail.length).toBeLessThanOrEqual(300)
        }
      }),
      { numRuns: 500 },
    )
    for (const value of [undefined, Number.NaN, 1n, Symbol('x'), () => 1]) {
      for (const parse of Object.values(parsers)) expect(parse(value).ok).toBe(false)
    }
  })

  test('is refused wherever one part of a real message is replaced by something else', () => {
    const anywhere = fc.record({
      message: fc.constantFrom(...messages),
      at: fc.nat(),
      by: fc.oneof(
        fc.constantFrom(null, -1, 1.5, 2 ** 53, '', '0x', '0xzz', [], {}, true),
        fc.string().map((text) => `0x${text}`),
      ),
    })
    fc.assert(
      fc.property(anywhere, ({ message, at, by }) => {
        const wire = throughText(toWire(message))
        const places = pathsOf(wire).filter((path) => path.at(-1) !== 'detail')
        const path = places[at % places.length] ?? []
        const changed = replaced(wire, path, by)
        const parsed = parseRoundMessage(changed)
        expect(parsed.ok, `${path.join('.')} = ${JSON.stringify(by)}`).toBe(false)
        if (!parsed.ok) expect(parsed.detail).toContain(String(path[0]))
      }),
      { numRuns: 400 },
    )
  })

  test('is refused with a field more, at any depth', () => {
    for (const message of messages) {
      const wire = throughText(toWire(message))
      const objects = [[], ...pathsOf(wire)].filter((path) => isObject(valueAt(wire, path)))
      for (const path of objects) {
        const more = { ...(valueAt(wire, path) as object), extra: 1 }
        expect(parseRoundMessage(replaced(wire, path, more)).ok, path.join('.')).toBe(false)
      }
    }
  })

  test('is refused past every limit of its lists', () => {
    const [observation] = messages
    const proposal = messages.find(({ kind }) => kind === 'proposal')
    if (observation?.kind !== 'observation' || proposal?.kind !== 'proposal') throw new Error('samples of both')
    const wire = throughText(toWire(proposal)) as { observations: unknown[]; signers: unknown[] }
    const many = (list: unknown[], length: number) => Array.from({ length }, (_, index) => list[index % list.length])
    const with_ = (changes: object) => parseRoundMessage({ ...wire, ...changes }).ok
    expect(with_({ observations: many(wire.observations, 100) })).toBe(true)
    expect(with_({ observations: many(wire.observations, 101) })).toBe(false)
    expect(with_({ observations: [] })).toBe(false)
    expect(with_({ signers: many(wire.signers, 101) })).toBe(false)
    expect(with_({ signers: [] })).toBe(false)
    const values = throughText(toWire(signedBy(world, observationOf(nodeIndex(1), 1)))) as {
      observation: { values: unknown[] }
    }
    const valued = (length: number) =>
      parseSignedObservation({
        ...values,
        observation: { ...values.observation, values: many(values.observation.values, length) },
      }).ok
    expect([valued(1), valued(64), valued(65), valued(0)]).toEqual([true, true, false, false])
    const refusal = { kind: 'refusal', round: 1, attempt: 0, session: 0, reason: 'time-off' }
    expect(parseRoundMessage({ ...refusal, detail: 'x'.repeat(400) }).ok).toBe(true)
    expect(parseRoundMessage({ ...refusal, detail: 'x'.repeat(401) }).ok).toBe(false)
  })

  test('passes off no other bytes for a point', () => {
    const share = messages.find(({ kind }) => kind === 'share')
    if (share?.kind !== 'share') throw new Error('a share')
    for (const hiding of [`0x02${'00'.repeat(31)}05`, `0x${'00'.repeat(33)}`, share.next.hiding.toUpperCase()]) {
      const parsed = parseRoundMessage({ ...share, next: { ...share.next, hiding } })
      expect(parsed, hiding).toMatchObject({ ok: false, detail: expect.stringContaining('next.hiding') })
    }
  })
})

type Path = ReadonlyArray<string | number>

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Every place in a JSON value. */
function pathsOf(value: unknown): Path[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) => {
    const step = Array.isArray(value) ? Number(key) : key
    return [[step], ...pathsOf(inner).map((path) => [step, ...path])]
  })
}

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>((inner, step) => (inner as Record<string | number, unknown>)[step], value)
}

function replaced(value: unknown, path: Path, by: unknown): unknown {
  const [step, ...rest] = path
  if (step === undefined) return by
  const copy = structuredClone(value) as Record<string | number, unknown>
  copy[step] = replaced(copy[step], rest, by)
  return copy
}
