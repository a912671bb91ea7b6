import { describe, expect, test } from 'vitest'
import { FRAME_ROWS_MAX, frameOfReports, toFrame } from '../../backtests/frame.ts'
import { bps, unixSeconds } from '../../oracle-node/core/units.ts'

const record = {
  priceE8: 2_000_000_000_000n,
  volatilityBps: bps(6_500),
  valueAtRisk99Bps: bps(900),
  expectedShortfall99Bps: bps(1_200),
  depthUsd: 4_000_000,
  liquidityScoreBps: bps(7_142),
  riskScoreBps: bps(7_829),
  confidenceBps: bps(3),
  observedAt: unixSeconds(1_700_000_000),
  validForSeconds: 3_600,
}

describe('frames', { timeout: 60_000 }, () => {
  test('a frame has the rows and columns that it was given, and groups them', async () => {
    const frame = await toFrame([
      { model: 'a', loss: 1 },
      { model: 'b', loss: 2 },
      { model: 'a', loss: 3 },
    ])
    expect(frame.columns).toEqual(['model', 'loss'])
    expect(frame.values).toEqual([
      ['a', 1],
      ['b', 2],
      ['a', 3],
    ])
    expect(frame.groupby(['model']).agg({ loss: 'mean' }).values).toEqual([
      ['a', 2],
      ['b', 2],
    ])
  })

  test('published reports become one row a round and asset', async () => {
    const frame = await frameOfReports([
      { round: 1, records: { BTC: record, ETH: { ...record, volatilityBps: bps(8_000) } } },
      { round: 2, records: { BTC: record } },
    ])
    expect(frame.shape).toEqual([3, 12])
    expect(frame.column('round').values).toEqual([1, 1, 2])
    expect(frame.column('asset').values).toEqual(['BTC', 'ETH', 'BTC'])
    expect(frame.column('priceE8').values[0]).toBe(2e12)
    expect(frame.column('volatilityBps').values).toEqual([6_500, 8_000, 6_500])
  })

  test('no rows, too many rows and rows of other columns are refused', async () => {
    await expect(toFrame([])).rejects.toThrow(/at least one row/)
    await expect(toFrame([{ a: 1 }, { b: 1 }])).rejects.toThrow(/row 1 has no column a/)
    await expect(toFrame(new Array(FRAME_ROWS_MAX + 1).fill({ a: 1 }))).rejects.toThrow(/at most/)
  })
})
