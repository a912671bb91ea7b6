import { BrowserProvider, Contract, type InterfaceAbi, type JsonRpcSigner } from 'ethers'
import hre from 'hardhat'
import { deploy, plimsollArtifact } from '../../contracts/script/artifacts.ts'

/** An in-process chain, fresh for each test file. */
export type Devnet = {
  readonly provider: BrowserProvider
  readonly signers: readonly JsonRpcSigner[]
  /** The first signer: deployer and governance. */
  readonly admin: JsonRpcSigner
  now(): Promise<number>
  /** Sets the next block's time and mines it. */
  warp(time: number): Promise<void>
  /** Sets the next block's time without mining, so that views still see the old one. */
  setNextTime(time: number): Promise<void>
  close(): Promise<void>
}

/** @param initialDate Unix seconds of the first block. */
export async function startDevnet(initialDate = 1_700_000_000): Promise<Devnet> {
  const connection = await hre.network.create({
    network: 'devnet',
    override: { initialDate: new Date(initialDate * 1_000) },
  })
  const provider = new BrowserProvider(connection.provider, undefined, { cacheTimeout: -1 })
  const signers = await provider.listAccounts()
  const [admin] = signers
  if (admin === undefined) throw new Error('the devnet has accounts')
  return {
    provider,
    signers,
    admin,
    now: async () => Number((await provider.send('eth_getBlockByNumber', ['latest', false])).timestamp),
    warp: async (time) => {
      await provider.send('evm_setNextBlockTimestamp', [time])
      await provider.send('evm_mine', [])
    },
    setNextTime: async (time) => {
      await provider.send('evm_setNextBlockTimestamp', [time])
    },
    close: () => connection.close(),
  }
}

/** Deploys the test harness, which makes the internal libraries callable in batches. */
export async function deployHarness(devnet: Devnet): Promise<Contract> {
  const { address } = await deploy(devnet.admin, plimsollArtifact('harness/Harness.sol', 'Harness'))
  return contractAt(devnet, address, plimsollArtifact('harness/Harness.sol', 'Harness').abi)
}

export function contractAt(devnet: Devnet, address: string, abi: InterfaceAbi): Contract {
  return new Contract(address, abi, devnet.admin)
}

/** Calls a view. */
export async function view(contract: Contract, method: string, ...args: unknown[]): Promise<unknown> {
  return await contract.getFunction(method).staticCall(...args)
}

/** The custom error that a call reverts with, as `Name(arguments)`; undefined when it does not revert. */
export async function revertOf(contract: Contract, method: string, ...args: unknown[]): Promise<string | undefined> {
  try {
    await contract.getFunction(method).staticCall(...args)
    return undefined
  } catch (error) {
    return describeRevert(contract, error)
  }
}

function describeRevert(contract: Contract, error: unknown): string {
  const data = dataOf(error)
  if (data === undefined) throw error
  const parsed = contract.interface.parseError(data)
  return parsed === null ? data : `${parsed.name}(${parsed.args.map(String).join(', ')})`
}

/** Where the revert's bytes are depends on who wrapped the error; they are the longest hex string called `data`. */
function dataOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined
  const data = 'data' in error ? error.data : undefined
  if (typeof data === 'string' && data.startsWith('0x')) return data
  for (const key of ['error', 'info', 'cause', 'data'] as const) {
    const found = dataOf((error as Record<string, unknown>)[key])
    if (found !== undefined) return found
  }
  return undefined
}
