import { afterAll, beforeAll, expect, test } from 'vitest'
import { conductRound } from '../../oracle-node/devnet/conduct.ts'
import type { Network } from '../../oracle-node/devnet/network.ts'
import { runCli } from '../cli/run-cli.ts'
import { logOf, metricOf, networkOf } from './run-devnet.ts'

const LIAR = 3
let network: Network
beforeAll(async () => {
  network = await networkOf('recorded', { [LIAR]: new URL('../support/lying-node.ts', import.meta.url) })
})
afterAll(async () => network?.stop())

test('a member that sends wrong signature shares is named by the leader, and every round still ends', async () => {
  let ledByOthers = 0
  for (let round = 1; round <= 6; round += 1) {
    const outcome = await conductRound(network, round, [])
    expect(outcome.missed, `round ${round}`).toBeUndefined()
    // Its shares are wrong as they leave it: what it signs for itself, in rounds that it leads, is right.
    if (outcome.report?.leader === LIAR) continue
    ledByOthers += 1
    expect(outcome.report?.signers, `round ${round}`).not.toContain(LIAR)
  }
  expect(ledByOthers).toBeGreaterThan(2)
  const accusations = [1, 2, 4].flatMap((node) =>
    logOf(network, node)
      .filter((line) => line.event === 'member-at-fault' && line['reason'] === 'wrong-share')
      .map((line) => ({ by: node, member: line['member'] })),
  )
  expect(accusations.length).toBeGreaterThan(0)
  expect(new Set(accusations.map(({ member }) => member))).toEqual(new Set([LIAR]))
  const by = accusations[0]?.by ?? 0
  expect(
    await metricOf(network, by, 'plimsoll_blames_total', { node: String(LIAR), reason: 'wrong-share' }),
  ).toBeGreaterThan(0)
  const folder = network.members[by - 1]?.folder ?? ''
  const listed = await runCli(['evidence', 'list', folder, '--json'], folder)
  expect(listed.code, listed.stderr).toBe(0)
  const { evidence } = JSON.parse(listed.stdout) as { evidence: Array<{ kind: string; node: number; file: string }> }
  expect(evidence.length).toBeGreaterThan(0)
  for (const each of evidence) expect(each).toMatchObject({ kind: 'invalid-share', node: LIAR, verdict: 'proven' })
})
