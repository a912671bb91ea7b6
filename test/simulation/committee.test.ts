import { randomInt } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, expect, test, vi } from 'vitest'
import { nodeIndex } from '../../oracle-node/core/units.ts'
import { GENESIS, sampleReport } from '../contracts/samples.ts'
import { observationOf } from '../support/committee.ts'
import { BEHAVIOURS } from './committee/behaviours.ts'
import { Checkers, Violation } from './committee/checkers.ts'
import { FOUND_BY, type Mutant } from './committee/mutants.ts'
import { drawScenario, type Scenario, shrink } from './committee/scenario.ts'
import { simulateCommittee } from './committee/simulate-committee.ts'

const SEEDS = Number(process.env['PLIMSOLL_COMMITTEE_SEEDS'] ?? 300)
const PIECES = 10
/** New ones each time: whoever sees one fail has its number. */
const FROM = Number(process.env['PLIMSOLL_COMMITTEE_FROM'] ?? randomInt(2 ** 31))
vi.setConfig({ testTimeout: 600_000 })

/** Scenarios that failed once, shrunk. */
const KEPT: ReadonlyArray<Scenario> = JSON.parse(readFileSync(new URL('committee/kept.json', import.meta.url), 'utf8'))

describe(`${SEEDS} fresh committees, from seed ${FROM}`, () => {
  test.for(Array.from({ length: PIECES }, (_, piece) => piece))('part %i of 10 keeps every promise', (piece) => {
    for (let index = piece; index < SEEDS; index += PIECES) {
      const seed = `seed ${FROM + index}`
      expect(simulateCommittee(drawScenario(seed)).violation, `npm run simulate -- --seed '${seed}'`).toBeUndefined()
    }
  })
})

test('scenarios that failed once are kept, and hold', () => {
  for (const scenario of KEPT) expect(simulateCommittee(scenario).violation, JSON.stringify(scenario)).toBeUndefined()
})

test.for(Object.entries(FOUND_BY) as Array<[Mutant, string]>)(
  'a committee with the bug %s is found by %s',
  ([mutant, checker]) => {
    const found = Array.from({ length: 40 }, (_, index) => drawScenario(`mutant ${index}`)).some(
      (scenario) => scenario.size <= 7 && simulateCommittee(scenario, mutant).violation?.checker === checker,
    )
    expect(found).toBe(true)
  },
)

test('two reports of one round are found, whoever signed them', () => {
  const report = sampleReport({ round: 1, time: GENESIS })
  const observation = { ...observationOf(nodeIndex(1), 1), values: report.values }
  const checkers = new Checkers()
  checkers.observation({ observation, signature: '0x' })
  checkers.certified(1, `0x${'01'.repeat(32)}`, report)
  checkers.certified(1, `0x${'01'.repeat(32)}`, report)
  expect(() => checkers.certified(1, `0x${'02'.repeat(32)}`, report)).toThrow(Violation)
})

test('what fails is shrunk to what it takes to fail', () => {
  const failing = Array.from({ length: 40 }, (_, index) => drawScenario(`shrink ${index}`)).find(
    (scenario) =>
      scenario.size <= 7 && scenario.faulty.length > 0 && simulateCommittee(scenario, 'nonces-drawn-twice').violation,
  )
  if (failing === undefined) throw new Error('none of 40 scenarios fails')
  const small = shrink(failing, (each) => simulateCommittee(each, 'nonces-drawn-twice').violation !== undefined)
  expect(small).toMatchObject({ size: 4, crashes: [], partitions: [], faulty: [], loss: 0, duplicates: false })
})

test('the same scenario goes the same way to the last event', () => {
  const scenario = drawScenario('again')
  const lines = [1, 2].map(() => {
    const told: string[] = []
    simulateCommittee(scenario, undefined, (line) => told.push(line))
    return told
  })
  expect(lines[0]).toEqual(lines[1])
  expect(lines[0]?.length).toBeGreaterThan(scenario.rounds)
})

test('seeds draw every behaviour, crashes, partitions and committees from 4 to 31', () => {
  const scenarios = Array.from({ length: 2_000 }, (_, index) => drawScenario(`drawn ${index}`))
  const behaviours = new Set(scenarios.flatMap(({ faulty }) => faulty.map(({ behaviour }) => behaviour)))
  expect(behaviours).toEqual(new Set(BEHAVIOURS))
  expect(new Set(scenarios.map(({ size }) => size))).toEqual(new Set([4, 5, 6, 7, 10, 13, 16, 22, 31]))
  expect(
    scenarios.some(({ crashes }) => crashes.length > 1) && scenarios.some(({ partitions }) => partitions.length > 0),
  ).toBe(true)
})
