import { expect, test } from 'vitest'
import { jsonRound } from '../../oracle-node/app/round-json.ts'
import { feedOf } from '../../oracle-node/core/feed.ts'
import { rebuildReport } from '../../oracle-node/protocol/check-proposal.ts'
import { sampleRecord } from '../contracts/samples.ts'
import { makeWorld } from '../simulation/simulate.ts'
import { nodesOf, observationOf, settingsOf, signedBy } from '../support/committee.ts'

const world = makeWorld(4)
const nodes = nodesOf(world)
const [leader] = nodes
if (leader === undefined) throw new Error('a member')

test('a round names for each asset who judged it by the models and who by the baseline, and the report is the same', () => {
  const values = ['WBTC', 'WETH'].map((asset) => ({ feed: feedOf(asset), record: sampleRecord() }))
  const shown = (flags: Readonly<Record<number, bigint>>) => {
    const observations = nodes.map((node) =>
      // Node 4 could not judge WETH at all.
      signedBy(
        world,
        observationOf(node, 5, {}, { values: node === 4 ? values.slice(0, 1) : values, fallbacks: flags[node] ?? 0n }),
      ),
    )
    const rebuilt = rebuildReport({ ...settingsOf(world, leader), round: 5 }, observations)
    if (!rebuilt.ok) throw new Error(rebuilt.detail)
    const signed = {
      kind: 'certificate',
      round: 5,
      attempt: 0,
      leader,
      observations,
      signers: nodes.slice(0, 3),
    } as const
    return jsonRound({ ...rebuilt, certificate: { ...signed, signature: `0x${'02'.repeat(65)}` } })
  }
  const calm = shown({})
  expect(calm.judges).toEqual({
    WBTC: { models: [1, 2, 3, 4], baseline: [] },
    WETH: { models: [1, 2, 3], baseline: [] },
  })
  const fallen = shown({ 1: 0b10n, 3: 0b11n, 4: 0b1n })
  expect(fallen.judges).toEqual({
    WBTC: { models: [1, 2], baseline: [3, 4] },
    WETH: { models: [2], baseline: [1, 3] },
  })
  expect(fallen.records).toEqual(calm.records)
  expect(fallen.observationsRoot).not.toBe(calm.observationsRoot)
})
