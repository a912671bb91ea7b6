import { expect, test } from 'vitest'
import { STEWARD_CONFIG, stewardBounds } from '../../backtests/policies/steward-defaults.ts'
import { DEFAULT_ASSETS, DEFAULT_POLICY, defaultBounds } from '../../contracts/script/market-defaults.ts'
import { CAP_MAX } from '../../oracle-node/core/policy.ts'

test('a backtest’s steward is set as the one that is deployed', () => {
  expect(STEWARD_CONFIG).toEqual(DEFAULT_POLICY)
  expect(DEFAULT_ASSETS.length).toBeGreaterThan(2)
  for (const asset of DEFAULT_ASSETS) expect(stewardBounds(asset), asset.symbol).toEqual(defaultBounds(asset))
})

test('a cap’s ceiling is never more than Aave can store', () => {
  const bounds = stewardBounds({ supplyCap: CAP_MAX - 1, borrowCap: 10 })
  expect(bounds.supplyCap.ceiling).toBe(CAP_MAX)
  expect(bounds.borrowCap.ceiling).toBe(20)
})
