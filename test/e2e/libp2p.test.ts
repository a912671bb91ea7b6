import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parse } from 'yaml'
import { conductRound } from '../../oracle-node/devnet/conduct.ts'
import type { Network } from '../../oracle-node/devnet/network.ts'
import { logOf, networkOf } from './run-devnet.ts'

let network: Network
beforeAll(async () => {
  network = await networkOf('synthetic', {}, 'libp2p')
})
afterAll(async () => network?.stop())

test('four nodes that list no peers find each other on the chain and agree over libp2p, also after one was killed', async () => {
  for (const member of network.members) {
    const config = parse(readFileSync(member.configFile, 'utf8'))
    expect(config).not.toHaveProperty('members')
    expect(config).toHaveProperty('registry')
  }
  for (let round = 1; round <= 5; round += 1) {
    const kill = round === 3 ? [{ kind: 'kill', node: 4, round } as const] : []
    const restart = round === 5 ? [{ kind: 'restart', node: 4, round } as const] : []
    const outcome = await conductRound(network, round, [...kill, ...restart])
    expect(outcome.missed, `round ${round}`).toBeUndefined()
    expect(outcome.report?.signers.length, `round ${round}`).toBeGreaterThanOrEqual(3)
  }
  // Not only the leader: each of those that ran has the certificates.
  for (const node of [1, 2, 3]) {
    const rounds = logOf(network, node).filter(({ event }) => event === 'round-certified')
    expect(
      rounds.map(({ round }) => round),
      `node ${node}`,
    ).toEqual([1, 2, 3, 4, 5])
    expect(logOf(network, node).map(({ event }) => event)).not.toContain('peer-shut-out')
  }
  await expect
    .poll(() => logOf(network, 4).filter(({ event, round }) => event === 'round-certified' && round === 5).length, {
      timeout: 10_000,
    })
    .toBe(1)
})
