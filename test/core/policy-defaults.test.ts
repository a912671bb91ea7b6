import { expect, test } from 'vitest'
import { CAP_MAX } from '../../oracle-node/core/policy.ts'
import { defaultBounds } from '../../oracle-node/core/policy-defaults.ts'

test('a cap’s ceiling is never more than Aave can store', () => {
  const bounds = defaultBounds({ supplyCap: CAP_MAX - 1, borrowCap: 10 })
  expect(bounds.supplyCap.ceiling).toBe(CAP_MAX)
  expect(bounds.borrowCap.ceiling).toBe(20)
})
