import { JsonRpcProvider } from 'ethers'
import hre from 'hardhat'
import { expect, onTestFinished, test, vi } from 'vitest'
import { deployRegistry } from '../../contracts/script/deploy-plimsoll.ts'
import { openSecrets } from '../../oracle-node/adapters/encrypted-key-store.ts'
import type { NodeConfig } from '../../oracle-node/app/config.ts'
import { connectParties, registerNode } from '../../oracle-node/app/connect.ts'
import { generateGroupKey, makePlan, reshareGroupKey } from '../../oracle-node/app/key-ceremony.ts'
import { keystorePath } from '../../oracle-node/app/keys.ts'
import { nodeIndex } from '../../oracle-node/core/units.ts'
import { signsTogether } from '../support/group-signing.ts'
import { makeNodes, PASSPHRASE, shareOf } from '../support/key-nodes.ts'
import { seededRandom } from '../support/seeded-random.ts'

/** Keystores take a second each to open and to seal, by design. */
vi.setConfig({ testTimeout: 240_000 })

const OPTIONS = { timeoutMs: 90_000, patienceMs: 45_000, lingerMs: 15_000 }

/** Operators whose configurations name a registry and no members; each has said there where it is. */
async function registeredNodes(count: number): Promise<NodeConfig[]> {
  const listed = await makeNodes(count)
  const server = await hre.network.createServer({ network: 'devnet' }, '127.0.0.1', 0)
  const { port } = await server.listen()
  const rpcUrl = `http://127.0.0.1:${port}`
  const provider = new JsonRpcProvider(rpcUrl, undefined, { staticNetwork: true, cacheTimeout: -1 })
  onTestFinished(async () => {
    provider.destroy()
    await server.close()
  })
  const signer = await provider.getSigner(0)
  const operators = listed[0]?.members.map(({ operator }) => operator) ?? []
  const address = (await deployRegistry(signer, { epoch: 1, operators })) as `0x${string}`
  for (const to of operators) await (await signer.sendTransaction({ to, value: 10n ** 18n })).wait()
  const nodes = listed.map((config) => ({ ...config, members: [], registry: { address, rpcUrl, chainId: 31_337 } }))
  for (const config of nodes) await registerNode(config, await openSecrets(keystorePath(config.dataFolder), PASSPHRASE))
  return nodes
}

test('members that know each other from the chain alone make a key, and renew its shares', async () => {
  const nodes = await registeredNodes(4)
  const [first] = nodes as [NodeConfig, ...NodeConfig[]]
  const made = await Promise.all(
    nodes.map((config) => generateGroupKey(config, PASSPHRASE, { ...OPTIONS, number: 1, replace: false })),
  )
  const keys = made[0]?.keys
  expect(made.map(({ node }) => node)).toEqual([1, 2, 3, 4])
  for (const each of made) expect(each).toMatchObject({ keys, excluded: [], faults: [] })
  const old = await Promise.all(nodes.map(shareOf))
  const plan = await makePlan(first, PASSPHRASE, { number: 1 })
  expect(plan.to.members[0]).toEqual({ node: 1, operator: plan.from.members[0]?.operator })
  const renewed = await Promise.all(nodes.map((config) => reshareGroupKey(config, PASSPHRASE, { ...OPTIONS, plan })))
  for (const each of renewed) expect(each.keys.groupKey).toBe(keys?.groupKey)
  const shares = await Promise.all(nodes.map(shareOf))
  expect(shares).not.toEqual(old)
  const random = seededRandom('a ceremony of strangers')
  expect(signsTogether(renewed[0]?.keys ?? expect.unreachable(), shares.slice(1), random)).toBe(true)
})

test('over TLS, a party of a plan that says nowhere where it is has to', async () => {
  const [listed] = (await makeNodes(4)) as [NodeConfig]
  const operators = listed.members.map(({ node, operator }) => ({ node, operator }))
  const secrets = await openSecrets(keystorePath(listed.dataFolder), PASSPHRASE)
  expect(() => connectParties(listed, secrets, operators, nodeIndex(1))).toThrow(
    `nothing says where member ${operators[1]?.operator} is`,
  )
})
