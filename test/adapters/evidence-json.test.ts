import fc from 'fast-check'
import { expect, test } from 'vitest'
import { evidenceId, evidenceText, parseEvidence } from '../../oracle-node/adapters/evidence-json.ts'
import { DEVIATION_TOLERANCE } from '../../oracle-node/core/out-of-range.ts'
import { nodeIndex } from '../../oracle-node/core/units.ts'
import { verifyEvidence } from '../../oracle-node/protocol/evidence.ts'
import { makeWorld } from '../simulation/simulate.ts'
import { spoiled } from '../support/hostile-json.ts'
import { sampleEvidence } from '../support/sample-evidence.ts'

const world = makeWorld(4)
const samples = sampleEvidence(world)

test.each(samples)('evidence of $claim.kind comes out as it went in, and proves the same', (evidence) => {
  const parsed = parseEvidence(evidenceText(evidence))
  expect(parsed).toEqual({ ok: true, message: evidence })
  if (!parsed.ok) return
  expect(evidenceText(parsed.message)).toBe(evidenceText(evidence))
  expect(evidenceId(parsed.message)).toBe(evidenceId(evidence))
  expect(verifyEvidence(parsed.message, DEVIATION_TOLERANCE)).toBe('proven')
})

test('the order in which its fields were made changes no byte of its text', () => {
  for (const { subject, claim } of samples) {
    const backwards = Object.fromEntries(Object.entries(claim).reverse()) as typeof claim
    expect(evidenceText({ claim: backwards, subject })).toBe(evidenceText({ subject, claim }))
  }
  expect(new Set(samples.map(evidenceId)).size).toBe(samples.length)
  expect(evidenceId(samples[0] as (typeof samples)[0])).not.toBe(
    evidenceId(sampleEvidence(world, nodeIndex(2))[0] as (typeof samples)[0]),
  )
})

test('whatever stands in a file is evidence that can be judged, or refused in one line', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...samples).chain((each) => spoiled(JSON.parse(evidenceText(each)))),
      (value) => {
        const parsed = parseEvidence(JSON.stringify(value))
        if (parsed.ok) expect(typeof verifyEvidence(parsed.message, DEVIATION_TOLERANCE)).toBe('string')
        else expect(parsed.detail.length).toBeLessThanOrEqual(300)
      },
    ),
    { numRuns: 1_000 },
  )
})

test('a changed digit anywhere is no proof any more', () => {
  for (const evidence of samples) {
    const text = evidenceText(evidence)
    const digits = [...text.matchAll(/(?<=0x[0-9a-f]*)[0-9a-f]/g)].map(({ index }) => index)
    fc.assert(
      fc.property(fc.constantFrom(...digits), (at) => {
        const changed = text.slice(0, at) + (text[at] === '0' ? '1' : '0') + text.slice(at + 1)
        const parsed = parseEvidence(changed)
        if (parsed.ok && unneeded(evidence, parsed.message)) return
        expect(!parsed.ok || verifyEvidence(parsed.message, DEVIATION_TOLERANCE) !== 'proven').toBe(true)
      }),
      { numRuns: 60 },
    )
  }
})

/** Keys of the committee are for whoever judges to compare, and most kinds rest on the operator’s alone. */
function unneeded(before: (typeof samples)[number], after: (typeof samples)[number]): boolean {
  const { groupKey, verifyingShare } = after.subject
  return groupKey !== before.subject.groupKey || verifyingShare !== before.subject.verifyingShare
}

test.each([
  ['', 'not JSON'],
  ['[]', 'expected object'],
  ['{}', 'plimsoll-evidence-1'],
  ['x'.repeat(200_001), '200000 at most'],
])('a file that is none says why: %#', (text, detail) => {
  const parsed = parseEvidence(text)
  expect(parsed).toMatchObject({ ok: false })
  if (!parsed.ok) expect(parsed.detail).toContain(detail)
})
