import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { openSecrets, sealSecrets } from '../../oracle-node/adapters/encrypted-key-store.ts'
import type { NodeConfig } from '../../oracle-node/app/config.ts'
import { connect, generateGroupKey, identityOf, keystorePath, newKeys, osRandom } from '../../oracle-node/app/keys.ts'
import { combine, commit, signShare, verifySignature } from '../../oracle-node/core/threshold.ts'
import { nodeIndex } from '../../oracle-node/core/units.ts'
import { freePorts } from '../../oracle-node/devnet/processes.ts'
import { makeWorld } from '../simulation/simulate.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const PASSPHRASE = 'a passphrase of some length'
const HOST = '127.0.0.1'

const within = (timeoutMs: number, replace = false) => ({ timeoutMs, replace })

/** Nodes with keys of their own, and each one's configuration. */
async function makeNodes(count: number): Promise<NodeConfig[]> {
  const folder = temporaryFolder()
  const ports = await freePorts(count)
  const made = []
  for (let index = 0; index < count; index += 1) {
    const dataFolder = join(folder, `node-${index + 1}`)
    const identity = await newKeys(dataFolder, PASSPHRASE)
    made.push({ node: index + 1, dataFolder, port: ports[index] ?? 0, ...identity })
  }
  const members = made.map(({ node, port, operator, certificatePem }) => ({
    node,
    host: HOST,
    port,
    operator,
    certificatePem,
  }))
  return made.map(({ node, dataFolder, port }) => ({
    node,
    dataFolder,
    listen: { host: HOST, port },
    http: { host: HOST, port: 1 },
    epoch: 1,
    members,
  }))
}

describe('new keys', () => {
  test('are sealed, named after the operator, and never written over', async () => {
    const dataFolder = join(temporaryFolder(), 'not', 'there', 'yet')
    const identity = await newKeys(dataFolder, PASSPHRASE)
    expect(identity.operator).toMatch(/^0x[0-9a-f]{40}$/)
    // Not only to be read: OpenSSL finds a pinned certificate by its subject.
    expect(new X509Certificate(identity.certificatePem).subject).toBe(`CN=${identity.operator}`)
    expect(identityOf(await openSecrets(keystorePath(dataFolder), PASSPHRASE))).toEqual(identity)
    const before = readFileSync(keystorePath(dataFolder))
    await expect(newKeys(dataFolder, 'another passphrase')).rejects.toThrow('exists and is not written over')
    expect(readFileSync(keystorePath(dataFolder))).toEqual(before)
  })
})

test('randomness of the system is of the length asked for and never the same', () => {
  expect([osRandom().length, osRandom(7).length, osRandom(0).length]).toEqual([32, 7, 0])
  expect(new Set(Array.from({ length: 100 }, () => Buffer.from(osRandom(16)).toString('hex'))).size).toBe(100)
})

describe('the group key', () => {
  test('is made by four nodes over their own transport; each seals its share, and three of them sign', async () => {
    const nodes = await makeNodes(4)
    // Operators do not start at one time.
    const made = await Promise.all(
      nodes.map(async (config, index) => {
        await new Promise((wake) => setTimeout(wake, 120 * index))
        return generateGroupKey(config, PASSPHRASE, within(30_000))
      }),
    )
    const [keys] = made
    if (keys === undefined) throw new Error('no keys')
    expect(new Set(made.map((each) => JSON.stringify(each))).size).toBe(1)
    const digest = osRandom(32)
    const signing = await Promise.all(
      nodes.slice(1).map(async (config) => {
        const { group } = await openSecrets(keystorePath(config.dataFolder), PASSPHRASE)
        if (group === undefined) throw new Error('no share')
        expect(group.node).toBe(config.node)
        expect(group.keys).toEqual(keys)
        const secret = { node: nodeIndex(group.node), share: new Uint8Array(Buffer.from(group.share, 'hex')) }
        return { secret, ...commit(secret, osRandom) }
      }),
    )
    const signers = signing.map(({ secret, commitment }) => ({ node: secret.node, ...commitment }))
    const shares = new Map(
      signing.map(({ secret, nonces }) => [secret.node, signShare({ secret, keys, nonces, signers, digest })]),
    )
    expect(verifySignature(keys.groupKey, digest, combine({ keys, signers, digest, shares }))).toBe(true)
    await expect(generateGroupKey(nodes[0] as NodeConfig, PASSPHRASE, within(1_000))).rejects.toThrow(
      'holds a share already',
    )
    const again = await Promise.all(nodes.map((config) => generateGroupKey(config, PASSPHRASE, within(30_000, true))))
    expect(new Set(again.map((each) => each.groupKey)).size).toBe(1)
    expect(again[0]?.groupKey).not.toBe(keys.groupKey)
    const { group } = await openSecrets(keystorePath((nodes[2] as NodeConfig).dataFolder), PASSPHRASE)
    expect(group?.keys).toEqual(again[0])
  })

  test('is not made when a member is missing: the others say whom they wait for, and keep their keystores', async () => {
    const nodes = await makeNodes(4)
    const present = nodes.slice(0, 3)
    const outcomes = await Promise.allSettled(
      present.map((config) => generateGroupKey(config, PASSPHRASE, within(5_000))),
    )
    for (const outcome of outcomes) {
      expect(outcome.status).toBe('rejected')
      const message = String(outcome.status === 'rejected' && outcome.reason)
      expect(message).toContain('did not finish within 5 s')
      expect(message).toMatch(/no answer from node (?:\d, )*4\. /)
    }
    for (const { dataFolder } of present) {
      expect((await openSecrets(keystorePath(dataFolder), PASSPHRASE)).group).toBeUndefined()
    }
  })

  test('is not made with a member that speaks nonsense or cheats, and who can be named is', async () => {
    const nodes = await makeNodes(4)
    const [cheat, ...honest] = nodes as [NodeConfig, ...NodeConfig[]]
    const transport = await connect(cheat, await openSecrets(keystorePath(cheat.dataFolder), PASSPHRASE))
    onTestFinished(() => transport.close())
    transport.onMessage(() => undefined)
    const running = Promise.allSettled(honest.map((config) => generateGroupKey(config, PASSPHRASE, within(15_000))))
    const { groupKey, commitments } = makeWorld(4).keys
    for (const { node } of honest) {
      const send = async (message: unknown): Promise<void> => {
        while (!(await transport.send(nodeIndex(node), message))) await new Promise((wake) => setTimeout(wake, 50))
      }
      await send({ kind: 'nonsense' })
      // Too few points for the threshold: provably wrong.
      await send({
        kind: 'dkg-commit',
        commitment: commitments.slice(0, 1),
        proof: `0x02${groupKey.slice(4)}${'00'.repeat(32)}`,
      })
    }
    for (const outcome of await running) {
      expect(outcome.status).toBe('rejected')
      expect(String(outcome.status === 'rejected' && outcome.reason)).toMatch(
        /key generation failed: node 1 .*not 3 points/,
      )
    }
  })

  test('needs a keystore that opens', async () => {
    const [config] = await makeNodes(1)
    if (config === undefined) throw new Error('a node')
    await expect(generateGroupKey(config, 'wrong', within(1_000))).rejects.toThrow('does not open')
    const away = { ...config, dataFolder: dirname(config.dataFolder) }
    await expect(generateGroupKey(away, PASSPHRASE, within(1_000))).rejects.toThrow('no keystore at')
    await sealSecrets(
      keystorePath(away.dataFolder),
      await openSecrets(keystorePath(config.dataFolder), PASSPHRASE),
      'x',
    )
    await expect(generateGroupKey(away, PASSPHRASE, within(1_000))).rejects.toThrow('does not open')
  })
})
