import { type Contract, type JsonRpcSigner, SigningKey } from 'ethers'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { deploy, plimsollArtifact, send } from '../../contracts/script/artifacts.ts'
import { contractAt, type Devnet, revertOf, startDevnet, view } from './chain.ts'
import './timeouts.ts'

const artifact = () => plimsollArtifact('src/CommitteeRegistry.sol', 'CommitteeRegistry')
const ADDRESS = '/dns4/node.example/tcp/4001'
const KEYS = [11n, 12n].map((secret) => new SigningKey(`0x${secret.toString(16).padStart(64, '0')}`))
const [KEY_A, KEY_B] = KEYS as [SigningKey, SigningKey]

let devnet: Devnet
let registry: Contract
beforeAll(async () => {
  devnet = await startDevnet()
})
afterAll(() => devnet.close())
beforeEach(async () => {
  const { address } = await deploy(devnet.admin, artifact(), [devnet.admin.address])
  registry = contractAt(devnet, address, artifact().abi)
})

const signerAt = (index: number): JsonRpcSigner => devnet.signers[index] as JsonRpcSigner
const as = (index: number): Contract => registry.connect(signerAt(index)) as Contract
const point = (key: SigningKey) => ({ x: `0x${key.publicKey.slice(4, 68)}`, y: `0x${key.publicKey.slice(68)}` })
const operators = () => [1, 2, 3, 4].map((index) => signerAt(index).address)

async function registration(key: SigningKey, operator: string, addresses = [ADDRESS]) {
  const digest = String(await view(registry, 'registrationDigest', operator))
  return [point(key), key.sign(digest).serialized, addresses] as const
}

test('operators are read with their nodes, and a node that moved is read where it is now', async () => {
  await send(as(2), 'register', [...(await registration(KEY_A, signerAt(2).address))])
  const peers = async () =>
    ((await view(registry, 'peersOf', operators())) as Array<[string, string, string[]]>).map(([who, key, at]) => [
      who,
      key,
      [...at],
    ])
  const expected = operators().map((operator): unknown[] => [operator, '0x', []])
  expected[1] = [signerAt(2).address, KEY_A.compressedPublicKey, [ADDRESS]]
  expect(await peers()).toEqual(expected)
  const moved = ['/ip4/192.0.2.1/tcp/1', '/ip6/2001:db8::1/tcp/1/ws']
  await send(as(2), 'register', [...(await registration(KEY_B, signerAt(2).address, moved))])
  expected[1] = [signerAt(2).address, KEY_B.compressedPublicKey, moved]
  expect(await peers()).toEqual(expected)
  await send(as(2), 'unregister', [])
  expected[1] = [signerAt(2).address, '0x', []]
  expect(await peers()).toEqual(expected)
  expect(await view(registry, 'peersOf', [])).toEqual([])
  expect(await view(registry, 'committeeOf', 2)).toEqual([])
})

test('a later epoch leaves the earlier committee as it is', async () => {
  await send(registry, 'appoint', [1, operators()])
  await send(registry, 'appoint', [5, operators().toReversed()])
  expect(Array.from((await view(registry, 'committeeOf', 1)) as Iterable<unknown>)).toEqual(operators())
  expect(await view(registry, 'nodeOf', 5, signerAt(4).address)).toBe(1n)
  for (const epoch of [0, 1, 4, 5])
    expect(await revertOf(registry, 'appoint', epoch, operators())).toBe(`EpochNotNewer(${epoch}, 5)`)
})

test('an owner hands over in two steps, and one who isn’t it appoints nobody', async () => {
  await send(registry, 'transferOwnership', [signerAt(1).address])
  expect(await revertOf(as(1), 'appoint', 1, operators())).toBe(`OwnableUnauthorizedAccount(${signerAt(1).address})`)
  await send(as(1), 'acceptOwnership', [])
  expect(await revertOf(registry, 'appoint', 1, operators())).toBe(
    `OwnableUnauthorizedAccount(${devnet.admin.address})`,
  )
  expect(await revertOf(as(1), 'appoint', 1, operators())).toBeUndefined()
})

describe('a registration is refused', () => {
  test('whose signature is for another operator, another registry, or by another key', async () => {
    const given = await registration(KEY_A, signerAt(1).address)
    expect(await revertOf(as(1), 'register', ...given)).toBeUndefined()
    expect(await revertOf(as(2), 'register', ...given)).toMatch(/^NotSignedByPeer/)
    const other = await deploy(devnet.admin, artifact(), [devnet.admin.address])
    const elsewhere = contractAt(devnet, other.address, artifact().abi).connect(signerAt(1)) as Contract
    expect(await revertOf(elsewhere, 'register', ...given)).toMatch(/^NotSignedByPeer/)
    expect(await revertOf(as(1), 'register', point(KEY_B), given[1], given[2])).toMatch(/^NotSignedByPeer/)
    expect(await revertOf(as(1), 'register', given[0], given[1].slice(0, -2), given[2])).toMatch(
      /^ECDSAInvalidSignatureLength/,
    )
  })

  test('of a node that is another operator’s, until that one lets it go', async () => {
    await send(as(1), 'register', [...(await registration(KEY_A, signerAt(1).address))])
    const second = await registration(KEY_A, signerAt(2).address)
    expect(await revertOf(as(2), 'register', ...second)).toBe(`PeerTaken(${signerAt(1).address})`)
    await send(as(1), 'register', [...(await registration(KEY_B, signerAt(1).address))])
    await send(as(2), 'register', [...second])
    expect(await revertOf(as(1), 'register', ...(await registration(KEY_A, signerAt(1).address)))).toBe(
      `PeerTaken(${signerAt(2).address})`,
    )
    await send(as(2), 'unregister', [])
    expect(await revertOf(as(2), 'unregister')).toBe(`NotRegistered(${signerAt(2).address})`)
    await send(as(1), 'register', [...(await registration(KEY_A, signerAt(1).address))])
  })

  test('with no address, too many, or one too long', async () => {
    const with_ = async (addresses: string[]) =>
      await revertOf(as(1), 'register', ...(await registration(KEY_A, signerAt(1).address, addresses)))
    expect(await with_([])).toBe('AddressCountOutOfRange(0, 4)')
    expect(await with_(Array.from({ length: 5 }, () => ADDRESS))).toBe('AddressCountOutOfRange(5, 4)')
    expect(await with_([ADDRESS, ''])).toBe('AddressLengthOutOfRange(1, 0, 300)')
    expect(await with_(['x'.repeat(301)])).toBe('AddressLengthOutOfRange(0, 301, 300)')
    expect(await with_(Array.from({ length: 4 }, () => 'x'.repeat(300)))).toBeUndefined()
  })

  test('under a key that is no point', async () => {
    const [{ x, y }, signature] = await registration(KEY_A, signerAt(1).address)
    const off = { x, y: BigInt(y) ^ 1n }
    expect(await revertOf(as(1), 'register', off, signature, [ADDRESS])).toBe(`InvalidKey(${BigInt(x)}, ${off.y})`)
  })
})

test('says each change by an event', async () => {
  await send(registry, 'appoint', [1, operators()])
  await send(as(1), 'register', [...(await registration(KEY_A, signerAt(1).address))])
  await send(as(1), 'unregister', [])
  const logs = await registry.queryFilter('*')
  const told = logs.map((log) => ('fragment' in log ? [log.fragment.name, ...log.args.map(String)] : []))
  expect(told.slice(1)).toEqual([
    ['CommitteeAppointed', '1', operators().join(',')],
    ['PeerRegistered', signerAt(1).address, KEY_A.compressedPublicKey, ADDRESS],
    ['PeerRemoved', signerAt(1).address],
  ])
})
