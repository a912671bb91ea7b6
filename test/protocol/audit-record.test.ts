import { describe, expect, test } from 'vitest'
import { feedOf } from '../../oracle-node/core/feed.ts'
import type { Observation } from '../../oracle-node/core/observation.ts'
import { nodeIndex, unixSeconds } from '../../oracle-node/core/units.ts'
import { type AuditRecord, auditRecordOf, replayRecord } from '../../oracle-node/protocol/audit-record.ts'
import { makeWorld } from '../simulation/simulate.ts'
import { auditRecord, certifiedRound, MODEL_IDS, signatoriesOf } from '../support/audit-records.ts'
import { NOW, nodesOf, signedBy } from '../support/committee.ts'

const world = makeWorld(4)
const sound = auditRecord(world, 9)
const signatories = signatoriesOf(world)

/** The record with an observation changed: under its old signature, or signed anew. */
function withObservation(node: number, changes: Partial<Observation>, resign = false): AuditRecord {
  const observations = sound.proposal.observations.map((each) => {
    if (each.observation.node !== node) return each
    const observation = { ...each.observation, ...changes }
    return resign ? signedBy(world, observation) : { ...each, observation }
  })
  return { ...sound, proposal: { ...sound.proposal, observations } }
}

function withValue(field: 'priceE8' | 'depthUsd', value: bigint | number): AuditRecord {
  const values = sound.report.values.map((each) =>
    each.feed === feedOf('WBTC') ? { ...each, record: { ...each.record, [field]: value } } : each,
  )
  return { ...sound, report: { ...sound.report, values } }
}

const fieldsOf = (record: AuditRecord, trusted = signatories): string[] =>
  replayRecord(record, trusted).differences.map(({ field }) => field)

test('a record of an honest round replays to the report that was signed', () => {
  expect(replayRecord(sound, signatories)).toEqual({ equal: true, differences: [], digest: sound.report.digest })
  expect(replayRecord(sound).equal).toBe(true)
})

test('members whose certificate is the same make the same record, whatever order it came in', () => {
  const certified = certifiedRound(world, 9)
  const { certificate } = certified
  const turned = {
    ...certificate,
    observations: certificate.observations.toReversed(),
    signers: certificate.signers.toReversed(),
  }
  expect(auditRecordOf(signatories, MODEL_IDS, { ...certified, certificate: turned })).toEqual(sound)
})

describe('what was changed is named with what was given and what follows', () => {
  test('a value of the report', () => {
    const { equal, differences } = replayRecord(withValue('depthUsd', 7))
    expect(equal).toBe(false)
    expect(differences).toEqual([{ field: 'report.values.WBTC.depthUsd', given: '7', derived: '50000000' }])
  })

  test.each([
    ['epoch', 2],
    ['time', unixSeconds(NOW + 1)],
    ['observationsRoot', `0x${'12'.repeat(32)}`],
    ['recordsRoot', `0x${'12'.repeat(32)}`],
    ['digest', `0x${'12'.repeat(32)}`],
  ] as const)('the report’s %s', (field, value) => {
    const record = { ...sound, report: { ...sound.report, [field]: value } }
    expect(replayRecord(record).differences).toEqual([
      { field: `report.${field}`, given: String(value), derived: String(sound.report[field]) },
    ])
  })

  test('a feed that the report left out', () => {
    const record = { ...sound, report: { ...sound.report, values: sound.report.values.slice(1) } }
    expect(replayRecord(record).differences).toEqual([
      { field: 'report.feeds', given: 'WBTC, WETH', derived: 'USDC, WBTC, WETH' },
    ])
  })

  test('an observation under the signature of another', () => {
    const { differences } = replayRecord(withObservation(2, { observedAt: unixSeconds(NOW - 50) }))
    expect(differences[0]).toMatchObject({
      field: 'observations.2.signature',
      given: `operator ${signatories.committee.operators[1]}`,
    })
    expect(differences.map(({ field }) => field)).toEqual([
      'observations.2.signature',
      'report.observationsRoot',
      'report.digest',
      'certificate.signature',
    ])
  })

  test('an observation that its own node signed anew: the committee never signed the report of it', () => {
    expect(fieldsOf(withObservation(2, { featuresHash: `0x${'12'.repeat(32)}` }, true))).toEqual([
      'report.observationsRoot',
      'report.digest',
      'certificate.signature',
    ])
  })

  test.each([
    ['round', { round: 10 }],
    ['epoch', { epoch: 2 }],
    ['modelSet', { modelSet: `0x${'12'.repeat(32)}` }],
  ] as const)('an observation of another %s gives no report', (field, changes) => {
    const { differences, digest } = replayRecord(withObservation(3, changes, true))
    expect(differences[0]?.field).toBe(`observations.3.${field}`)
    expect(differences[1]).toMatchObject({ field: 'report', given: sound.report.digest })
    expect(differences[1]?.derived).toContain('node 3')
    expect(digest).toBeUndefined()
  })

  test('feeds that do not ascend', () => {
    const values = (sound.proposal.observations[0]?.observation.values ?? []).toReversed()
    const { differences } = replayRecord(withObservation(1, { values }, true))
    expect(differences[0]).toMatchObject({ field: 'observations.1.values', given: 'WETH, WBTC, USDC' })
  })

  test('observations of one node, or too few', () => {
    const [first, second] = sound.proposal.observations
    if (first === undefined || second === undefined) throw new Error('two observations')
    const of = (observations: (typeof first)[]): AuditRecord => ({
      ...sound,
      proposal: { ...sound.proposal, observations },
    })
    expect(replayRecord(of([first, first, second])).differences[0]?.derived).toContain('two observations of one node')
    expect(replayRecord(of([first, second])).differences[0]?.derived).toContain('2 observations, 3 needed')
  })

  test('a feed of no asset is named by its bytes, and a node beyond the committee is no member', () => {
    const feed = `0x${'ff'.repeat(32)}` as const
    const values = [...sound.report.values, { feed, record: sound.report.values[0]?.record as never }]
    const { differences } = replayRecord({ ...sound, report: { ...sound.report, values } })
    expect(differences).toEqual([
      { field: 'report.feeds', given: `USDC, WBTC, WETH, ${feed}`, derived: 'USDC, WBTC, WETH' },
    ])
    const stranger = replayRecord(withObservation(4, { node: nodeIndex(77) })).differences
    expect(stranger[0]).toMatchObject({ field: 'observations.77.signature', given: 'no member of the committee' })
  })

  test('leader, signers, models and the group’s signature', () => {
    const { proposal, certificate } = sound
    const leader = nodesOf(world).find((node) => node !== proposal.leader) ?? nodeIndex(1)
    expect(fieldsOf({ ...sound, proposal: { ...proposal, leader } })).toEqual(['proposal.leader'])
    for (const signers of [
      [1, 1, 2],
      [1, 2],
      [1, 2, 9],
    ].map((each) => each.map(nodeIndex))) {
      expect(fieldsOf({ ...sound, certificate: { ...certificate, signers } })).toEqual(['certificate.signers'])
    }
    expect(fieldsOf({ ...sound, models: { ...sound.models, set: `0x${'12'.repeat(32)}` } })).toEqual(['models.set'])
    const signature = auditRecord(world, 10).certificate.signature
    expect(fieldsOf({ ...sound, certificate: { ...certificate, signature } })).toEqual(['certificate.signature'])
  })
})

test('a whole record that others made is told from the committee’s by what it is checked against', () => {
  const others = makeWorld(7)
  const forged = auditRecord(others, 9)
  expect(replayRecord(forged).equal, 'in itself it holds').toBe(true)
  const fields = fieldsOf(forged)
  for (const field of ['groupKey', 'committee.operators.1', 'committee.operators.7', 'observations.1.signature']) {
    expect(fields).toContain(field)
  }
  expect(fields).toContain('certificate.signature')
})

test('a record of another oracle or chain is told, though its own signatures hold', () => {
  const trusted = { ...signatories, domain: { chainId: 1n, oracle: signatories.domain.oracle } }
  expect(fieldsOf(sound, trusted)).toContain('domain.chainId')
  expect(fieldsOf(sound, trusted)).toContain('certificate.signature')
})
