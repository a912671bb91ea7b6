import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { feedOf } from '../../oracle-node/core/feed.ts'
import type { RiskRecord } from '../../oracle-node/core/record.ts'
import { bps, unixSeconds } from '../../oracle-node/core/units.ts'
import { dueFeeds, dueReason, type Trigger } from '../../oracle-node/protocol/schedule.ts'
import { sampleRecord } from '../contracts/samples.ts'

const trigger: Trigger = { heartbeatSeconds: 3_600, priceBps: 50, riskBps: 100, depthBps: 2_000 }
const AT = unixSeconds(1_700_000_000)
const stored = sampleRecord({
  priceE8: 10_000_000n,
  volatilityBps: bps(5_000),
  valueAtRisk99Bps: bps(900),
  expectedShortfall99Bps: bps(1_200),
  depthUsd: 1_000_000,
  observedAt: AT,
})
const reasonFor = (changes: Partial<RiskRecord>, after = 60) =>
  dueReason({ trigger, reported: { ...stored, ...changes }, stored, now: unixSeconds(AT + after) })

describe('a record is due', () => {
  test('when the chain has none', () => {
    expect(dueReason({ trigger, reported: stored, stored: undefined, now: AT })).toBe('first')
  })

  test('when the stored one is as old as the heartbeat, and not a second before', () => {
    expect(reasonFor({}, 3_599)).toBeUndefined()
    expect(reasonFor({}, 3_600)).toBe('heartbeat')
  })

  test.each<[string, Partial<RiskRecord>, Partial<RiskRecord>]>([
    ['price', { priceE8: 10_050_000n }, { priceE8: 10_049_999n }],
    ['price', { priceE8: 9_950_000n }, { priceE8: 9_950_001n }],
    ['risk', { volatilityBps: bps(5_100) }, { volatilityBps: bps(4_901) }],
    ['risk', { valueAtRisk99Bps: bps(800) }, { valueAtRisk99Bps: bps(999) }],
    ['risk', { expectedShortfall99Bps: bps(1_300) }, { expectedShortfall99Bps: bps(1_101) }],
    ['depth', { depthUsd: 800_000 }, { depthUsd: 1_199_999 }],
  ])('for its %s at the threshold, and not just below it', (reason, beyond, within) => {
    expect(reasonFor(beyond)).toBe(reason)
    expect(reasonFor(within)).toBeUndefined()
  })

  test('from nothing to something, and not for the same nothing', () => {
    const empty = { ...stored, depthUsd: 0 }
    const due = (depthUsd: number) => dueReason({ trigger, reported: { ...empty, depthUsd }, stored: empty, now: AT })
    expect([due(0), due(1)]).toEqual([undefined, 'depth'])
  })

  test('whichever way it moved: up and back again weigh the same', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -60_000n, max: 60_000n }), (by) => {
        expect(reasonFor({ priceE8: stored.priceE8 + by })).toBe(reasonFor({ priceE8: stored.priceE8 - by }))
      }),
    )
  })
})

test('each feed has its own trigger, and those that are due are named', () => {
  const [weth, wbtc] = [feedOf('WETH'), feedOf('WBTC')]
  const moved = { ...stored, priceE8: 10_060_000n }
  const due = dueFeeds({
    triggerOf: (feed) => (feed === wbtc ? { ...trigger, priceBps: 100 } : trigger),
    reported: [
      { feed: wbtc, record: moved },
      { feed: weth, record: moved },
    ],
    stored: new Map([
      [weth, stored],
      [wbtc, stored],
    ]),
    now: AT,
  })
  expect(due).toEqual([{ feed: weth, reason: 'price' }])
})
