import { stripVTControlCharacters } from 'node:util'
import { expect, test } from 'vitest'
import { jsonRecord } from '../../oracle-node/app/round-json.ts'
import type { RoundOutcome } from '../../oracle-node/devnet/conduct.ts'
import { incidentText, roundLines } from '../../oracle-node/devnet/print.ts'
import { sampleRecord } from '../contracts/samples.ts'

const outcome: RoundOutcome = {
  round: 7,
  time: 1_678_492_800,
  seconds: 1.234,
  moves: [],
  incidents: [],
  report: {
    round: 7,
    time: 1_678_492_800,
    leader: 3,
    attempt: 0,
    observers: [1, 2, 3, 4],
    signers: [1, 2, 3],
    digest: '0x',
    signature: '0x',
    modelSet: '0x',
    observationsRoot: '0x',
    records: [jsonRecord('WETH', sampleRecord())],
    judges: { WETH: { models: [1, 2, 3, 4], baseline: [] } },
    certificate: {},
    gas: 123_456,
    transaction: '0x',
    transmitter: 3,
  },
}
const text = (given: RoundOutcome): string[] => roundLines(given).map(stripVTControlCharacters)

test('a round is one line: when, who led and saw, what was found, what it cost', () => {
  expect(text(outcome)).toHaveLength(1)
  const [line = ''] = text(outcome)
  for (const part of [
    'round 7',
    '03-11 00:00',
    'leader 3',
    'observers 1,2,3,4',
    'WETH',
    '2,000',
    '55.0%',
    '50M',
    '123,456',
  ]) {
    expect(line).toContain(part)
  }
})

test('silent leaders are counted in words', () => {
  const report = outcome.report
  if (report === undefined) throw new Error('a report')
  expect(text({ ...outcome, report: { ...report, attempt: 1 } })[0]).toContain('after 1 silent leader ')
  expect(text({ ...outcome, report: { ...report, attempt: 2 } })[0]).toContain('after 2 silent leaders')
})

test('a round without a report says why', () => {
  const { report: _none, ...missed } = outcome
  const [line = ''] = text({ ...missed, missed: 'only 2 of 4 nodes are up' })
  expect(line).toContain('no report: only 2 of 4 nodes are up')
})

test('an asset whose parameters moved, or were held for a reason, has a line; one that rests has none', () => {
  const move = {
    asset: 'WETH',
    parameter: 'ltv',
    from: 7_500,
    to: 7_400,
    target: 7_000,
    reason: 'limited-by-step',
    tx: '0x',
  } as const
  const held = { ...move, parameter: 'supplyCap', from: 100, to: 100, target: 250, reason: 'held-by-delay' } as const
  const lines = text({
    ...outcome,
    moves: [move, held, { ...move, asset: 'USDC', to: 7_500, reason: 'at-target' as const }],
  })
  expect(lines).toHaveLength(2)
  expect(lines[1]).toMatch(/Aave WETH: LTV 75\.00% → 74\.00% .*70\.00%/)
  expect(lines[1]).toMatch(/supply cap held at 100 .*250/)
})

test('incidents come first, each in its own words', () => {
  const incidents = [
    { kind: 'kill', node: 2, round: 7 },
    { kind: 'restart', node: 1, round: 7 },
    { kind: 'fault', venue: 'kraken', fault: 'silent', round: 7 },
    { kind: 'fault', venue: 'kraken', fault: null, round: 7 },
  ] as const
  const lines = text({ ...outcome, incidents })
  expect(lines).toHaveLength(5)
  expect(incidents.map(incidentText)).toEqual([
    'node 2 is killed in the midst of round 7',
    'node 1 is started again',
    'kraken goes wrong: silent',
    'kraken is mended',
  ])
  expect(lines[0]).toContain('node 2 is killed')
})
