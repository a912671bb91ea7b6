import { describe, expect, test } from 'vitest'
import { guardSchema } from '../../oracle-node/adapters/guard-schema.ts'
import type { ModelGuard } from '../../oracle-node/core/model-guard.ts'

const volatile = { name: 'volatile', shares: [0.1, 0.8, 0.05, 0.05], limit: 0.25 }
const guard: ModelGuard = {
  ranges: { realized_24h: [-0.1, 2], returns: [-1, 1.5] },
  drift: { edges: [0.1, 2, 4], populations: [volatile] },
}

test('a guard is read as it was written', () => {
  const read: ModelGuard = guardSchema.parse(JSON.parse(JSON.stringify(guard)))
  expect(read).toEqual(guard)
})

describe('a guard is refused with', () => {
  const drift = (change: object) => ({ ...guard, drift: { ...guard.drift, ...change } })
  const population = (change: object) => drift({ populations: [{ ...volatile, ...change }] })
  test.each([
    ['a range of no feature', { ...guard, ranges: { realized_25h: [0, 1] } }],
    ['a range turned round', { ...guard, ranges: { realized_24h: [2, 1] } }],
    ['a range without an end', { ...guard, ranges: { realized_24h: [2] } }],
    ['a range of no number', { ...guard, ranges: { realized_24h: [0, null] } }],
    ['edges that do not ascend', drift({ edges: [0.1, 4, 2] })],
    ['an edge at 0', drift({ edges: [0, 2, 4] })],
    ['no population', drift({ populations: [] })],
    ['a share too few', population({ shares: [0.1, 0.8, 0.1] })],
    ['shares that are not all', population({ shares: [0.1, 0.8, 0.05, 0.04] })],
    ['a limit below the customary one', population({ limit: 0.2 })],
    ['a field more', { ...guard, extra: 1 }],
  ])('%s', (_, given) => {
    expect(guardSchema.safeParse(given).success).toBe(false)
  })
})
