import { describe, expect, test } from 'vitest'
import { feedOf } from '../../oracle-node/core/feed.ts'
import type { Observation, SignedObservation } from '../../oracle-node/core/observation.ts'
import type { RiskRecord } from '../../oracle-node/core/record.ts'
import { aggregate } from '../../oracle-node/core/report.ts'
import { bps, type NodeIndex, nodeIndex, unixSeconds } from '../../oracle-node/core/units.ts'
import {
  checkAgainstOwn,
  checkObservation,
  observersOf,
  rebuildReport,
  sameObservations,
} from '../../oracle-node/protocol/check-proposal.ts'
import { sampleRecord } from '../contracts/samples.ts'
import { makeWorld } from '../simulation/simulate.ts'
import { DOMAIN, NOW, nodesOf, observationOf, settingsOf, signedBy } from '../support/committee.ts'

const ROUND = 5
const world = makeWorld(4)
const nodes = nodesOf(world)
const context = { ...settingsOf(world, nodeIndex(1)), round: ROUND }
const signed = (node: NodeIndex, changes: Partial<Observation> = {}): SignedObservation =>
  signedBy(world, observationOf(node, ROUND, {}, changes))
const all = nodes.map((node) => signed(node))

describe('an observation is refused when', () => {
  const two = nodeIndex(2)
  const value = (asset: string) => ({ feed: feedOf(asset), record: sampleRecord() })
  const cases: ReadonlyArray<readonly [string, SignedObservation, string]> = [
    ['it is of another round', signed(two, { round: ROUND + 1 }), 'bad-observation'],
    ['it is of another epoch', signed(two, { epoch: 2 }), 'bad-observation'],
    ['it is of other models', signed(two, { modelSet: `0x${'00'.repeat(32)}` }), 'other-model-set'],
    ['its feeds do not ascend', signed(two, { values: [value('WETH'), value('WBTC')] }), 'bad-observation'],
    ['it has a feed twice', signed(two, { values: [value('WETH'), value('WETH')] }), 'bad-observation'],
    [
      'another member signed it',
      { ...signed(nodeIndex(3)), observation: observationOf(two, ROUND) },
      'bad-observation',
    ],
    ['its signature is garbage', { ...signed(two), signature: '0x1234' }, 'bad-observation'],
  ]
  test.each(cases)('%s', (_, given, reason) => {
    expect(checkObservation(context, given)).toBe(reason)
    const others = all.filter((each) => each.observation.node !== 2)
    expect(rebuildReport(context, [...others, given])).toMatchObject({
      ok: false,
      reason,
      detail: 'observation of node 2',
    })
  })

  test('its node is no member, though somebody signed it', () => {
    for (const node of [5, 100].map(nodeIndex)) {
      const { signature } = signed(nodeIndex(1))
      expect(checkObservation(context, { observation: observationOf(node, ROUND), signature })).toBe('bad-observation')
    }
  })

  test('and taken when nothing of that is so', () => {
    for (const each of all) expect(checkObservation(context, each)).toBeUndefined()
    const several = signed(two, { values: ['WBTC', 'WETH'].map(value) })
    expect(checkObservation(context, several)).toBeUndefined()
  })
})

describe('a report', () => {
  test('is rebuilt from any quorum, and is what aggregate makes of it', () => {
    for (const absent of nodes) {
      const three = all.filter((each) => each.observation.node !== absent)
      const rebuilt = rebuildReport(context, three)
      const made = aggregate(
        DOMAIN,
        three.map(({ observation }) => observation),
        1,
      )
      expect(rebuilt.ok && rebuilt.report).toEqual(made.ok && made.report)
    }
    expect(new Set(nodes.map((absent) => digestWithout(absent))).size).toBe(4)
  })

  function digestWithout(absent: NodeIndex): string | undefined {
    const rebuilt = rebuildReport(
      context,
      all.filter((each) => each.observation.node !== absent),
    )
    return rebuilt.ok ? rebuilt.digest : undefined
  }

  test('of too few, or of one node twice, is refused with the reason', () => {
    const [one, two] = all as [SignedObservation, SignedObservation]
    expect(rebuildReport(context, [one, two])).toEqual({
      ok: false,
      reason: 'no-report',
      detail: '2 observations, 3 needed',
    })
    const other = signed(nodeIndex(2), { observedAt: unixSeconds(NOW + 1) })
    expect(rebuildReport(context, [one, two, other])).toMatchObject({ ok: false, reason: 'bad-observation' })
  })

  test('names its observers in order', () => {
    expect(observersOf([...all].reverse())).toEqual([1, 2, 3, 4])
  })
})

describe('a follower', () => {
  const tolerance = { priceBps: 300, riskBps: 500, clockSeconds: 120 }
  const own = all[0] as SignedObservation
  const reportWith = (record: Partial<RiskRecord>, time: number = NOW) => {
    const rebuilt = rebuildReport(context, all)
    if (!rebuilt.ok) throw new Error(rebuilt.detail)
    const values = [{ feed: feedOf('WETH'), record: sampleRecord(record) }]
    return { ...rebuilt.report, time: unixSeconds(time), values }
  }
  const check = (changes: Partial<Parameters<typeof checkAgainstOwn>[0]>) =>
    checkAgainstOwn({ report: reportWith({}), observations: all, own, now: NOW, tolerance, ...changes })

  test('finds nothing wrong with what it saw itself', () => {
    expect(check({})).toBeUndefined()
  })

  test('refuses a proposal that puts other words in its mouth, and takes one without it', () => {
    const forged = all.map((each) => (each === own ? signed(nodeIndex(1), { observedAt: unixSeconds(NOW - 1) }) : each))
    expect(check({ observations: forged })?.reason).toBe('own-observation-changed')
    expect(check({ observations: all.slice(1) })).toBeUndefined()
  })

  test('allows the report’s time to be off by the tolerance and no second more, both ways', () => {
    for (const off of [-120, 0, 120]) expect(check({ report: reportWith({}, NOW + off) })).toBeUndefined()
    for (const off of [-121, 121]) expect(check({ report: reportWith({}, NOW + off) })?.reason).toBe('time-off')
  })

  const price = sampleRecord().priceE8
  const edge = (price * 300n) / 10_000n
  test.each([
    ['priceE8', price + edge, price + edge + 1n],
    ['priceE8', price - edge, price - edge - 1n],
    // A quarter of its own 5 500 bps is more than the absolute 500.
    ['volatilityBps', bps(5_500 + 1_375), bps(5_500 + 1_376)],
    ['volatilityBps', bps(5_500 - 1_375), bps(5_500 - 1_376)],
    ['valueAtRisk99Bps', bps(600 + 500), bps(600 + 501)],
    ['expectedShortfall99Bps', bps(800 - 500), bps(800 - 501)],
    ['depthUsd', 500_000_000, 500_000_001],
    ['depthUsd', 5_000_000, 4_999_999],
    ['validForSeconds', 7_200, 7_201],
    ['validForSeconds', 1_800, 1_799],
  ] as const)('allows %s up to %s and refuses %s', (field, allowed, refused) => {
    expect(check({ report: reportWith({ [field]: allowed }) })).toBeUndefined()
    const fault = check({ report: reportWith({ [field]: refused }) })
    expect(fault?.reason).toBe('outside-tolerance')
    expect(fault?.detail).toContain(String(refused))
  })

  test('does not judge what it did not see, nor what the report leaves out', () => {
    const elsewhere = signed(nodeIndex(1), { values: [{ feed: feedOf('WBTC'), record: sampleRecord() }] })
    const observations = all.map((each) => (each === own ? elsewhere : each))
    expect(check({ own: elsewhere, observations, report: reportWith({ priceE8: 1n }) })).toBeUndefined()
  })
})

describe('the same observations', () => {
  const [given, rest] = [all, all.slice(1)]
  const [first] = all as [SignedObservation, ...SignedObservation[]]
  const changed = (changes: Partial<SignedObservation['observation']>): SignedObservation[] => [
    { ...first, observation: { ...first.observation, ...changes } },
    ...rest,
  ]

  test('are those that came again over the wire', () => {
    expect(sameObservations(given, structuredClone(given))).toBe(true)
  })

  test('are not those of which one thing is another, under whatever signature', () => {
    const [value] = first.observation.values
    if (value === undefined) throw new Error('an observation has a value')
    const others = [
      changed({ epoch: 2 }),
      changed({ round: ROUND + 1 }),
      changed({ node: nodeIndex(4) }),
      changed({ observedAt: unixSeconds(NOW + 1) }),
      changed({ modelSet: `0x${'12'.repeat(32)}` }),
      changed({ featuresHash: `0x${'12'.repeat(32)}` }),
      changed({ fallbacks: 1n }),
      changed({ values: [] }),
      changed({ values: [{ ...value, feed: feedOf('WBTC') }] }),
      changed({ values: [{ ...value, record: { ...value.record, priceE8: value.record.priceE8 + 1n } }] }),
      [{ ...first, signature: `0x${'12'.repeat(65)}` as const }, ...rest],
      rest,
      given.toReversed(),
    ]
    for (const other of others) {
      expect(sameObservations(given, other)).toBe(false)
      expect(sameObservations(other, given)).toBe(false)
    }
  })
})
