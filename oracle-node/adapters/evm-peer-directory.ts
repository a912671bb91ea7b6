import { Contract, JsonRpcProvider, SigningKey, Wallet } from 'ethers'
import { committeeRegistryAbi } from '../../contracts/abi/committee-registry.generated.ts'
import type { Hex } from '../core/bytes.ts'
import { type NodeIndex, nodeIndex } from '../core/units.ts'
import type { MemberPeer, PeerDirectory } from '../ports/peer-directory.ts'
import type { Telemetry } from '../ports/telemetry.ts'
import { peerIdOf, peerKeyOf } from './libp2p/peer-identity.ts'

/** About a block: a node that moved is found again before it misses a second round. */
const POLL_MS = 12_000
/** A committee's whole answer has about 140 kB at its most. */
const READ_TIMEOUT_MS = 10_000

type RegistryOptions = { readonly rpcUrl: string; readonly chainId: number; readonly registry: Hex }

/** An operator, and the number that its node goes by. */
export type NumberedOperator = { readonly node: NodeIndex; readonly operator: Hex }

/**
 * Reads who sits in an epoch's committee; it never changes.
 * @throws {Error} when the registry does not answer, or no committee was appointed for the epoch.
 */
export async function readCommittee(
  options: RegistryOptions & { readonly epoch: number },
): Promise<readonly NumberedOperator[]> {
  const { provider, contract } = open(options)
  try {
    const operators: readonly string[] = await inTime(contract.getFunction('committeeOf')(options.epoch))
    if (operators.length === 0) throw new Error(`no committee was appointed for epoch ${options.epoch}`)
    return operators.map((each, index) => ({ node: nodeIndex(index + 1), operator: each.toLowerCase() as Hex }))
  } catch (error) {
    throw unreadable(options, error)
  } finally {
    provider.destroy()
  }
}

/**
 * Follows where operators' nodes are: who registers, moves or leaves is known within a poll. What makes no sense of one is logged and
 * left out, and while the registry does not answer, who was known stays known. Addresses are read by whoever dials them.
 * @throws {Error} when the registry does not answer at the start.
 */
export async function evmPeerDirectory(
  options: RegistryOptions & {
    readonly operators: readonly NumberedOperator[]
    readonly telemetry: Telemetry
    readonly pollMs?: number
  },
): Promise<PeerDirectory> {
  const { operators, telemetry, pollMs = POLL_MS } = options
  const { provider, contract } = open(options)
  let peers: readonly MemberPeer[]
  try {
    peers = await readPeers(contract, operators, telemetry)
  } catch (error) {
    provider.destroy()
    throw unreadable(options, error)
  }
  const handlers: Array<() => void> = []
  let reading = false
  const look = async (): Promise<void> => {
    if (reading) return
    reading = true
    try {
      const found = await readPeers(contract, operators, telemetry)
      if (JSON.stringify(found) === JSON.stringify(peers)) return
      peers = found
      telemetry.log('info', 'peers-changed', { peers: found })
      for (const handler of handlers) handler()
    } catch (error) {
      telemetry.log('warn', 'registry-unreachable', { error: String(error).slice(0, 200) })
    } finally {
      reading = false
    }
  }
  const timer = setInterval(() => void look(), pollMs)
  return {
    peers: () => peers,
    onChange: (handler) => void handlers.push(handler),
    close: () => {
      clearInterval(timer)
      provider.destroy()
    },
  }
}

/**
 * Registers an operator's node, signed by the node's key and sent by the operator; does nothing when it stands there already.
 * @returns The peer id, and the transaction's hash where one was needed.
 * @throws {Error} when the chain refuses it.
 */
export async function registerPeer(
  options: RegistryOptions & { readonly operatorKey: Uint8Array; readonly addresses: readonly string[] },
): Promise<{ readonly peerId: string; readonly transaction: string | undefined }> {
  const { provider, contract } = open(options)
  try {
    const wallet = new Wallet(`0x${Buffer.from(options.operatorKey).toString('hex')}`, provider)
    const key = new SigningKey(peerKeyOf(options.operatorKey))
    const peerId = peerIdOf(key.compressedPublicKey as Hex)
    const digest: string = await contract.getFunction('registrationDigest')(wallet.address)
    const point = { x: `0x${key.publicKey.slice(4, 68)}`, y: `0x${key.publicKey.slice(68)}` }
    if (await stands(contract, wallet.address, key.compressedPublicKey, options.addresses))
      return { peerId, transaction: undefined }
    const register = new Contract(options.registry, committeeRegistryAbi, wallet).getFunction('register')
    const sent = await register.send(point, key.sign(digest).serialized, options.addresses)
    await sent.wait()
    return { peerId, transaction: sent.hash }
  } finally {
    provider.destroy()
  }
}

async function stands(
  contract: Contract,
  operator: string,
  key: string,
  addresses: readonly string[],
): Promise<boolean> {
  const [entry] = await contract.getFunction('peersOf')([operator])
  return entry.key === key && JSON.stringify([...entry.addresses]) === JSON.stringify(addresses)
}

function open({ rpcUrl, chainId, registry }: RegistryOptions): { provider: JsonRpcProvider; contract: Contract } {
  const provider = new JsonRpcProvider(rpcUrl, chainId, { staticNetwork: true, batchMaxCount: 1, cacheTimeout: -1 })
  return { provider, contract: new Contract(registry, committeeRegistryAbi, provider) }
}

type Entry = { readonly key: Hex; readonly addresses: readonly string[] }

async function readPeers(
  contract: Contract,
  operators: readonly NumberedOperator[],
  telemetry: Telemetry,
): Promise<MemberPeer[]> {
  const asked = operators.map(({ operator }) => operator)
  const entries: readonly Entry[] = await inTime(contract.getFunction('peersOf')(asked))
  return operators.flatMap(({ node, operator }, index) => {
    const { key = '0x', addresses = [] } = entries[index] ?? {}
    if (key === '0x') return []
    try {
      return [{ node, peerId: peerIdOf(key), addresses: [...addresses] }]
    } catch (error) {
      telemetry.log('warn', 'peer-skipped', { member: node, operator, error: String(error).slice(0, 200) })
      return []
    }
  })
}

async function inTime<T>(reading: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${READ_TIMEOUT_MS} ms`)), READ_TIMEOUT_MS)
  })
  return await Promise.race([reading, late]).finally(() => clearTimeout(timer))
}

function unreadable({ registry, rpcUrl }: RegistryOptions, error: unknown): Error {
  const why = error instanceof Error ? error.message.slice(0, 200) : String(error)
  return new Error(`can't read the committee from the registry ${registry} at ${rpcUrl}: ${why}`)
}
