import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { parseCeremonyMessage } from '../../oracle-node/adapters/ceremony-wire.ts'
import { openSecrets, sealSecrets } from '../../oracle-node/adapters/encrypted-key-store.ts'
import type { NodeConfig } from '../../oracle-node/app/config.ts'
import { generateGroupKey, makePlan, reshareGroupKey } from '../../oracle-node/app/key-ceremony.ts'
import { connect, keystorePath } from '../../oracle-node/app/keys.ts'
import type { PublicKeys } from '../../oracle-node/core/threshold.ts'
import { nodeIndex } from '../../oracle-node/core/units.ts'
import { signLetter } from '../../oracle-node/protocol/ceremony/letters.ts'
import { generationSettings } from '../../oracle-node/protocol/ceremony/settings.ts'
import { signsTogether } from '../support/group-signing.ts'
import { asCommittee, makeNodes, PASSPHRASE, shareOf } from '../support/key-nodes.ts'
import { seededRandom } from '../support/seeded-random.ts'

/** Keystores take a second each to open and to seal, by design. */
vi.setConfig({ testTimeout: 240_000 })

const random = seededRandom('key ceremony')
const within = (timeoutMs: number, patienceMs = 20_000) => ({ timeoutMs, patienceMs, lingerMs: 10_000 })
const first = (timeoutMs: number, patienceMs?: number) => ({
  ...within(timeoutMs, patienceMs),
  number: 1,
  replace: false,
})
const generate = (nodes: readonly NodeConfig[], options = first(30_000)) =>
  Promise.all(nodes.map((config) => generateGroupKey(config, PASSPHRASE, options)))

async function expectToSign(keys: PublicKeys, nodes: readonly NodeConfig[]): Promise<void> {
  const shares = await Promise.all(nodes.map(shareOf))
  expect(signsTogether(keys, shares, random)).toBe(true)
}

describe('the group key', () => {
  test('is made by four nodes over their own transport; each seals its share, and three of them sign', async () => {
    const nodes = await makeNodes(4)
    // Operators do not start at one time.
    const made = await Promise.all(
      nodes.map(async (config, index) => {
        await new Promise((wake) => setTimeout(wake, 120 * index))
        return generateGroupKey(config, PASSPHRASE, first(30_000))
      }),
    )
    const [{ keys } = { keys: undefined }] = made
    if (keys === undefined) throw new Error('no keys')
    expect(made.map(({ node }) => node)).toEqual([1, 2, 3, 4])
    for (const each of made) expect(each).toMatchObject({ keys, excluded: [], faults: [] })
    await expectToSign(keys, nodes.slice(1))
    for (const { dataFolder } of nodes) {
      const { ceremony, group } = await openSecrets(keystorePath(dataFolder), PASSPHRASE)
      // The seed would give the share away to whoever finds it later.
      expect(ceremony).toBeUndefined()
      expect(group?.keys).toEqual(keys)
    }
    // Run again, it changes nothing.
    expect((await generate(nodes, { ...first(30_000), lingerMs: 2_000 }))[2]?.keys).toEqual(keys)
    // Another key is never made by accident, and with both options it is.
    const [one] = nodes as [NodeConfig]
    await expect(generateGroupKey(one, PASSPHRASE, { ...first(1_000), number: 2 })).rejects.toThrow(
      'holds a share already',
    )
    const [again] = await generate(nodes, { ...first(30_000), number: 2, replace: true })
    expect(again?.keys.groupKey).not.toBe(keys.groupKey)
    await expectToSign(again?.keys as PublicKeys, nodes.slice(0, 3))
  })

  test('is made without a member that does not come, which is told of', async () => {
    const nodes = await makeNodes(4)
    const present = nodes.slice(0, 3)
    const made = await generate(present, { ...first(30_000, 1_500), lingerMs: 500 })
    expect(made.map(({ excluded }) => excluded)).toEqual(present.map(() => [{ party: 4, reason: 'sent no deal' }]))
    await expectToSign(made[0]?.keys as PublicKeys, present)
  })

  test('is not made by fewer than a quorum: they say whom they wait for, keep what they have, and go on when others come', async () => {
    const nodes = await makeNodes(4)
    const outcomes = await Promise.allSettled(
      nodes.slice(0, 2).map((c) => generateGroupKey(c, PASSPHRASE, first(2_000))),
    )
    for (const outcome of outcomes) {
      const message = String(outcome.status === 'rejected' && outcome.reason)
      expect(message).toContain(
        'did not finish within 2 s: 2 of 4 members have come; no answer yet from node 3, node 4',
      )
    }
    const [{ dataFolder } = { dataFolder: '' }] = nodes
    const { ceremony, group } = await openSecrets(keystorePath(dataFolder), PASSPHRASE)
    expect([typeof ceremony?.seed, group]).toEqual(['string', undefined])
    const made = await generate(nodes)
    expect(new Set(made.map(({ keys }) => keys.groupKey)).size).toBe(1)
  })

  test('is made without a member that speaks nonsense and deals wrongly, and names it', async () => {
    const nodes = await makeNodes(4)
    const [cheat, ...honest] = nodes as [NodeConfig, ...NodeConfig[]]
    const secrets = await openSecrets(keystorePath(cheat.dataFolder), PASSPHRASE)
    const transport = await connect(cheat, secrets)
    onTestFinished(() => transport.close())
    transport.onMessage(() => undefined)
    const running = generate(honest, { ...first(30_000, 3_000), lingerMs: 1_000 })
    const settings = generationSettings({
      epoch: 1,
      number: 1,
      operators: cheat.members.map(({ operator }) => operator),
    })
    const point = `0x02${'79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798'}` as const
    const garbage = `0x${'02'.repeat(65)}` as const
    const body = {
      kind: 'deal',
      key: point,
      keyProof: garbage,
      commitment: [point],
      proof: garbage,
      shares: [],
    } as const
    const letters = [signLetter(settings.id, nodeIndex(1), body, Buffer.from(secrets.operatorKey, 'hex'))]
    const message = { kind: 'ceremony-letters', ceremony: settings.id, letters }
    expect(parseCeremonyMessage(message).ok).toBe(true)
    for (const { node } of honest) {
      for (const each of [{ kind: 'nonsense' }, message])
        while (!(await transport.send(nodeIndex(node), each))) await new Promise((wake) => setTimeout(wake, 50))
    }
    const reason = 'committed to 1 coefficients, 3 are needed'
    for (const { excluded, faults } of await running) {
      expect(excluded).toEqual([{ party: 1, reason }])
      expect(faults).toEqual([{ party: 1, kind: 'bad-deal', detail: reason }])
    }
  })

  test('needs a keystore that opens, of a member', async () => {
    const [config, other] = (await makeNodes(4)) as [NodeConfig, NodeConfig]
    await expect(generateGroupKey(config, 'wrong', first(1_000))).rejects.toThrow('does not open')
    const away = { ...config, dataFolder: dirname(config.dataFolder) }
    await expect(generateGroupKey(away, PASSPHRASE, first(1_000))).rejects.toThrow('no keystore at')
    const members = config.members.filter(({ node }) => node !== 1)
    await expect(generateGroupKey({ ...config, members }, PASSPHRASE, first(1_000))).rejects.toThrow(
      'not among the members',
    )
    // A line that somebody changed is not passed over; a torn one is.
    await expect(generateGroupKey(other, PASSPHRASE, first(700))).rejects.toThrow('did not finish')
    const { ceremony } = await openSecrets(keystorePath(other.dataFolder), PASSPHRASE)
    const log = join(other.dataFolder, `ceremony-${ceremony?.id.slice(2, 18)}.jsonl`)
    const whole = readFileSync(log, 'utf8')
    writeFileSync(log, `${whole}{"from":2,"body":`)
    await expect(generateGroupKey(other, PASSPHRASE, first(700))).rejects.toThrow('did not finish')
    expect(readFileSync(log, 'utf8')).toBe(whole)
    writeFileSync(log, whole.replace('"from":2', '"from":900'))
    await expect(generateGroupKey(other, PASSPHRASE, first(700))).rejects.toThrow('line 1 is damaged')
  })
})

describe('a key that is there', () => {
  test('goes to another committee, comes back to a member that lost its share, and old shares are worth nothing', async () => {
    const operators = await makeNodes(6)
    const before = asCommittee(operators.slice(0, 4))
    const made = await generate(before)
    const { keys } = made[0] as { keys: PublicKeys }
    const oldShares = await Promise.all(before.map(shareOf))
    const oldKeystores = before.map(({ dataFolder }) => readFileSync(keystorePath(dataFolder)))

    // Operators 1 and 2 leave, 5 and 6 join.
    const after = asCommittee(operators.slice(2))
    const plan = await makePlan(before[0] as NodeConfig, PASSPHRASE, { number: 1, to: after[0]?.members ?? [] })
    const parties = [...after, ...before.slice(0, 2)]
    const handed = await Promise.all(
      parties.map((config) => reshareGroupKey(config, PASSPHRASE, { ...within(30_000), plan })),
    )
    expect(handed.map(({ node }) => node)).toEqual([1, 2, 3, 4, undefined, undefined])
    for (const each of handed) expect(each.keys.groupKey).toBe(keys.groupKey)
    const next = handed[0]?.keys as PublicKeys
    await expectToSign(next, after.slice(1))
    const leftover = await openSecrets(keystorePath(before[0]?.dataFolder ?? ''), PASSPHRASE)
    expect(leftover.group).toBeUndefined()
    // Member 3 of old is 1 now: its old share beside two new ones signs nothing.
    const fresh = await Promise.all(after.map(shareOf))
    const stale = [{ node: nodeIndex(1), share: oldShares[2]?.share as Uint8Array }, ...fresh.slice(1, 3)]
    expect(signsTogether(next, stale, random)).toBe(false)

    // A keystore from before does not take part again: its share is of a sharing that is no more.
    const renewal = await makePlan(after[0] as NodeConfig, PASSPHRASE, { number: 2, to: after[0]?.members ?? [] })
    const own = after[0] as NodeConfig
    const current = readFileSync(keystorePath(own.dataFolder))
    writeFileSync(keystorePath(own.dataFolder), oldKeystores[2] as Buffer)
    await expect(reshareGroupKey(own, PASSPHRASE, { ...within(1_000), plan: renewal })).rejects.toThrow(
      'shares were renewed since',
    )
    writeFileSync(keystorePath(own.dataFolder), current)

    // Member 2 loses its share, and its log with it.
    const loser = after[1] as NodeConfig
    const { group: _, ...rest } = await openSecrets(keystorePath(loser.dataFolder), PASSPHRASE)
    rmSync(keystorePath(loser.dataFolder))
    await sealSecrets(keystorePath(loser.dataFolder), rest, PASSPHRASE)
    const renewed = await Promise.all(
      after.map((config) => reshareGroupKey(config, PASSPHRASE, { ...within(30_000, 1_500), plan: renewal })),
    )
    for (const each of renewed) {
      expect(each.keys.groupKey).toBe(keys.groupKey)
      expect(each.excluded).toEqual([{ party: 2, reason: 'sent no deal' }])
    }
    await expectToSign(renewed[0]?.keys as PublicKeys, after.slice(0, 3))
    expect((await shareOf(after[0] as NodeConfig)).share).not.toEqual(fresh[0]?.share)
  })

  test('is planned only by who holds it, and a plan with faults is told off', async () => {
    const nodes = await makeNodes(4)
    await expect(makePlan(nodes[0] as NodeConfig, PASSPHRASE, { number: 1, to: [] })).rejects.toThrow('holds no share')
    await generate(nodes)
    const [own, second] = nodes as [NodeConfig, NodeConfig]
    const to = own.members.map((member) => ({ ...member, port: second.listen.port }))
    await expect(makePlan(own, PASSPHRASE, { number: 1, to })).rejects.toThrow('one host and port')
    const plan = await makePlan(own, PASSPHRASE, { number: 1, to: own.members })
    const stranger = { ...plan, from: { ...plan.from, commitments: [...plan.from.commitments].reverse() } }
    await expect(reshareGroupKey(own, PASSPHRASE, { ...within(1_000), plan: stranger })).rejects.toThrow(
      'of another committee',
    )
  })
})
