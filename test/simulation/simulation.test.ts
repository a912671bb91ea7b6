import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { RiskRecord } from '../../oracle-node/core/record.ts'
import { medianRecord } from '../../oracle-node/core/report.ts'
import { type NodeIndex, nodeIndex } from '../../oracle-node/core/units.ts'
import { seededRandom } from '../support/seeded-random.ts'
import { type Faults, makeWorld, type Outcome, simulateRound, VICES, type Vice } from './simulate.ts'

const FRESH_SEEDS = Number(process.env['PLIMSOLL_SEEDS'] ?? 60)
const KNOWN_SEEDS: string[] = JSON.parse(readFileSync(new URL('seeds.json', import.meta.url), 'utf8'))
const world = makeWorld(4)

/** Draws what goes wrong: at most f faulty members, or more where only safety is asked for. */
function drawFaults(seed: string, faultyCount: number): Faults {
  const random = seededRandom(`faults ${seed}`)
  const vices = new Map<NodeIndex, Vice>()
  while (vices.size < faultyCount) {
    vices.set(nodeIndex(1 + random.below(4)), VICES[random.below(VICES.length)] ?? 'silent')
  }
  const delayMsMax = [5, 100, 900][random.below(3)] ?? 5
  return { vices, loss: random.chance(0.3) ? 0.1 : 0, delayMsMax, twice: random.chance(0.5) }
}

/** What must hold whatever goes wrong. */
function expectSafe(outcome: Outcome, seed: string): void {
  const digests = new Set([...outcome.reports.values()].map(({ digest }) => digest))
  expect(digests.size, `seed ${seed}: two reports of one round`).toBeLessThanOrEqual(1)
  expect(new Set(outcome.spent).size, `seed ${seed}: a nonce was used twice`).toBe(outcome.spent.length)
  for (const { report } of outcome.reports.values()) {
    for (const { feed, record } of report.values) {
      const seen = outcome.honest.flatMap(({ values }) =>
        values.filter((each) => each.feed === feed).map((each) => each.record),
      )
      expectBetween(record, seen, seed)
    }
  }
}

function expectBetween(record: RiskRecord, honest: readonly RiskRecord[], seed: string): void {
  for (const field of Object.keys(record) as Array<keyof RiskRecord>) {
    // The confidence is widened by the spread of prices: see its own test in core.
    if (field === 'confidenceBps') continue
    const value = BigInt(record[field])
    const seen = honest.map((each) => BigInt(each[field]))
    const inside = seen.some((each) => each <= value) && seen.some((each) => each >= value)
    expect(inside, `seed ${seed}: ${field} ${value} outside ${seen.join(', ')}`).toBe(true)
  }
}

describe('with at most one faulty member of four', () => {
  test.for([...KNOWN_SEEDS, ...Array.from({ length: FRESH_SEEDS }, (_, index) => `fresh ${index}`)])(
    'seed %s: one report, between honest values, at every honest member',
    (seed) => {
      const faults = drawFaults(seed, seededRandom(`count ${seed}`).below(2))
      const outcome = simulateRound(world, seed, faults)
      expectSafe(outcome, seed)
      const honest = 4 - [...faults.vices.values()].filter((vice) => vice !== 'crash-while-signing').length
      // Lost messages may cost a round, never its safety; without loss every honest member must end with the report.
      if (faults.loss === 0) expect(outcome.reports.size, `seed ${seed}: a member without report`).toBe(honest)
    },
  )
})

test('with two faulty members of four a round may fail, but a liar’s value never passes alone', () => {
  for (let index = 0; index < Math.ceil(FRESH_SEEDS / 4); index += 1) {
    const seed = `two faulty ${index}`
    const outcome = simulateRound(world, seed, drawFaults(seed, 2))
    const digests = new Set([...outcome.reports.values()].map(({ digest }) => digest))
    expect(digests.size, `seed ${seed}`).toBeLessThanOrEqual(1)
  }
})

test('a member that sends a wrong share is named by the leader, and the round ends without it', () => {
  for (let liar = 1; liar <= 4; liar += 1) {
    const vices = new Map([[nodeIndex(liar), 'wrong-share' as const]])
    const outcome = simulateRound(world, `wrong share of ${liar}`, { vices, loss: 0, delayMsMax: 20 })
    expect(outcome.reports.size).toBe(3)
    const named = outcome.blames.filter(({ reason }) => reason === 'wrong-share')
    expect(named.every(({ node }) => node === liar)).toBe(true)
  }
  const vices = new Map(
    ([1, 2, 3, 4] as const).map((node) => [nodeIndex(node), 'wrong-share' as const] as const).slice(1, 2),
  )
  const blamed = Array.from({ length: 12 }, (_, index) =>
    simulateRound(world, `who ${index}`, { vices, loss: 0, delayMsMax: 20 }),
  ).flatMap(({ blames }) => blames.filter(({ reason }) => reason === 'wrong-share'))
  expect(blamed.length).toBeGreaterThan(0)
  expect(new Set(blamed.map(({ node }) => node))).toEqual(new Set([2]))
})

test('messages that arrive twice cost nobody the round', () => {
  for (let index = 0; index < 8; index += 1) {
    const outcome = simulateRound(world, `twice ${index}`, { vices: new Map(), loss: 0, delayMsMax: 60, twice: true })
    expect(outcome.reports.size).toBe(4)
    expect(outcome.blames).toEqual([])
  }
})

test.for([1_000, 2_500, 4_000, 6_000])('three members that begin %i ms apart, with one down, still meet', (gapMs) => {
  for (let index = 0; index < 4; index += 1) {
    const vices = new Map([[nodeIndex(1 + index), 'silent' as const]])
    const outcome = simulateRound(world, `apart ${gapMs} ${index}`, { vices, loss: 0, delayMsMax: 20, gapMs })
    expect(outcome.reports.size, `seed ${index}`).toBe(3)
  }
})

test('a member that comes late, many attempts after the others began with one down, catches up', () => {
  for (let index = 0; index < 4; index += 1) {
    const vices = new Map([[nodeIndex(1 + index), 'silent' as const]])
    const outcome = simulateRound(world, `late ${index}`, { vices, loss: 0, delayMsMax: 20, lateMs: 61_000 })
    expect(outcome.reports.size, `seed ${index}`).toBe(3)
    expect(outcome.milliseconds).toBeLessThan(61_000 + 8 * 5_000)
  }
})

test('a member that lies about what it signed does not keep the others from theirs', () => {
  for (let index = 0; index < 12; index += 1) {
    const vices = new Map([[nodeIndex(1 + (index % 4)), 'false-lock' as const]])
    const outcome = simulateRound(world, `false lock ${index}`, { vices, loss: 0, delayMsMax: 200 })
    expectSafe(outcome, `false lock ${index}`)
    expect(outcome.reports.size).toBe(3)
  }
})

test('a silent leader is replaced: the round takes one attempt more and ends', () => {
  const outcomes = [1, 2, 3, 4].map((node) =>
    simulateRound(world, 'silent leader', { vices: new Map([[nodeIndex(node), 'silent']]), loss: 0, delayMsMax: 20 }),
  )
  expect(outcomes.every(({ reports }) => reports.size === 3)).toBe(true)
  const slow = outcomes.filter(({ milliseconds }) => milliseconds > 5_000)
  expect(slow.length).toBe(1)
  expect(slow[0]?.milliseconds).toBeLessThan(8_000)
})

test('the same seed gives the same round to the byte', () => {
  const faults = drawFaults('again', 1)
  const first = simulateRound(world, 'again', faults)
  const second = simulateRound(world, 'again', faults)
  expect([...second.reports.values()].map(({ digest }) => digest)).toEqual(
    [...first.reports.values()].map(({ digest }) => digest),
  )
  expect(second.milliseconds).toBe(first.milliseconds)
  expect(first.reports.size).toBeGreaterThan(0)
})

test('a median of each field apart: one liar with a middling score does not set the time', () => {
  const honest = simulateRound(world, 'apart', { vices: new Map(), loss: 0, delayMsMax: 5 }).honest
  const records = honest.flatMap(({ values }) => values.map(({ record }) => record))
  const middling = medianRecord(records, 1)
  const lie = { ...middling, observedAt: (middling.observedAt + 900) as typeof middling.observedAt }
  const reported = medianRecord([...records.slice(0, 3), lie], 1)
  expect(reported.observedAt).toBeLessThanOrEqual(Math.max(...records.map(({ observedAt }) => observedAt)))
})
