import { afterAll, beforeAll, expect, test } from 'vitest'
import type { VenueFaultKind } from '../../data/venues/faults.ts'
import { conductRound } from '../../oracle-node/devnet/conduct.ts'
import type { Network } from '../../oracle-node/devnet/network.ts'
import { logOf, metricOf, networkOf } from './run-devnet.ts'

let network: Network
let round = 0
beforeAll(async () => {
  network = await networkOf('synthetic')
})
afterAll(async () => network?.stop())

const EXPECTED: ReadonlyArray<readonly [VenueFaultKind, string]> = [
  ['garbage', 'malformed'],
  ['wrong-shape', 'malformed'],
  ['empty', 'empty'],
  ['old', 'stale'],
  ['crossed-book', 'crossed-book'],
  ['off-by-10', 'outlier'],
  ['nan', 'malformed'],
  ['from-the-future', 'from-the-future'],
  ['http-429', 'rate-limited'],
  ['http-500', 'server-error'],
  ['silent', 'timeout'],
]

test.for(EXPECTED)(
  'a venue that is %s is dropped as %s, and the report goes on without it',
  async ([fault, reason]) => {
    round += 1
    const outcome = await conductRound(network, round, [{ kind: 'fault', venue: 'coinbaseexchange', fault, round }])
    expect(outcome.missed).toBeUndefined()
    expect(outcome.report?.records.map(({ asset }) => asset).sort()).toEqual(['USDC', 'WBTC', 'WETH'])
    for (const node of [1, 2, 3, 4]) {
      const rejected = logOf(network, node).filter((line) => line.event === 'source-rejected' && line.round === round)
      expect(rejected.length, `node ${node} rejected nothing`).toBeGreaterThan(0)
      expect(
        rejected.every(({ source }) => String(source).startsWith('coinbaseexchange:')),
        JSON.stringify(rejected[0]),
      ).toBe(true)
      expect(rejected.map((line) => line['reason'])).toContain(reason)
      expect(await metricOf(network, node, 'plimsoll_source_rejections_total', { reason })).toBeGreaterThan(0)
    }
    await network.apply({ kind: 'fault', venue: 'kraken', fault: null, round })
  },
)

test('with fewer venues than required every node abstains, no report is made, and it resumes when they are back', async () => {
  round += 1
  const broken = await conductRound(network, round, [
    { kind: 'fault', venue: 'kraken', fault: 'http-500', round },
    { kind: 'fault', venue: 'coinbaseexchange', fault: 'garbage', round },
  ])
  expect(broken.missed).toContain('nodes 1, 2, 3, 4 judged no asset for want of venues')
  for (const node of [1, 2, 3, 4]) {
    const abstained = logOf(network, node).filter((line) => line.event === 'asset-abstained' && line.round === round)
    expect(abstained.map((line) => line['reason'])).toContain('too-few-venues')
  }
  await network.apply({ kind: 'fault', venue: 'kraken', fault: null, round })
  await network.apply({ kind: 'fault', venue: 'coinbaseexchange', fault: null, round })
  round += 1
  const mended = await conductRound(network, round, [])
  expect(mended.report?.observers).toEqual([1, 2, 3, 4])
})
