import { expect, test } from 'vitest'
import { hourGrid } from '../../oracle-node/core/hour-grid.ts'
import { FIRST_HOUR, walkBars } from '../models/sample-bars.ts'

const bars = walkBars({ count: 30, stepRatio: 0.01, seed: 7 })

test('a grid is the hours that end with the newest bar, and needs one close before them', () => {
  expect(hourGrid(bars, 29)?.returns).toHaveLength(29)
  expect(hourGrid(bars, 30)).toBeUndefined()
  expect(hourGrid([], 1)).toBeUndefined()
})

test('an hour without a bar has no return, no range and no volume, and the next has the whole of the move', () => {
  const gap = bars.filter((bar) => bar.openTime !== FIRST_HOUR + 28 * 3_600)
  const [whole, gapped] = [hourGrid(bars, 10), hourGrid(gap, 10)]
  expect(gapped?.returns).toHaveLength(10)
  expect([gapped?.returns[8], gapped?.volumes[8]]).toEqual([0, 0])
  expect(gapped?.returns[9]).toBeCloseTo((whole?.returns[8] ?? 0) + (whole?.returns[9] ?? 0), 12)
})
