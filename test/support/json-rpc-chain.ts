import { type BaseContract, type Interface, JsonRpcProvider, type JsonRpcSigner } from 'ethers'
import hre from 'hardhat'
import { deploy, plimsollArtifact, send } from '../../contracts/script/artifacts.ts'

/** Hardhat's simulated chain behind real JSON-RPC in this process. */
export type JsonRpcChain = {
  readonly rpcUrl: string
  readonly provider: JsonRpcProvider
  readonly signer: JsonRpcSigner
  now(): Promise<number>
  /** Sets the next block's time and mines it. */
  warp(time: number): Promise<void>
  close(): Promise<void>
}

/** @param start Unix seconds of the first block. */
export async function jsonRpcChain(start: number): Promise<JsonRpcChain> {
  const override = { initialDate: new Date(start * 1_000) }
  const server = await hre.network.createServer({ network: 'devnet', override }, '127.0.0.1', 0)
  const { port } = await server.listen()
  const rpcUrl = `http://127.0.0.1:${port}`
  const provider = new JsonRpcProvider(rpcUrl, undefined, { staticNetwork: true, cacheTimeout: -1, batchMaxCount: 1 })
  return {
    rpcUrl,
    provider,
    signer: await provider.getSigner(0),
    now: async () => Number((await provider.send('eth_getBlockByNumber', ['latest', false])).timestamp),
    warp: async (time) => {
      await provider.send('evm_setNextBlockTimestamp', [time])
      await provider.send('evm_mine', [])
    },
    close: async () => {
      provider.destroy()
      await server.close()
    },
  }
}

/** One call and what is answered to it; no result takes the answer away, so that the call reverts. */
export type RecordedAnswer = {
  readonly abi: Interface
  readonly method: string
  readonly args?: readonly unknown[]
  readonly result?: readonly unknown[]
}

/** A contract that gives recorded answers: a state server, not the contract that it answers for. */
export type StateServer = { readonly address: string; record(answers: readonly RecordedAnswer[]): Promise<void> }

export async function stateServer(signer: JsonRpcSigner, answers: readonly RecordedAnswer[]): Promise<StateServer> {
  const artifact = plimsollArtifact('harness/RecordedAnswers.sol', 'RecordedAnswers')
  const { address, contract } = await deploy(signer, artifact)
  await record(contract, answers)
  return { address, record: (more) => record(contract, more) }
}

async function record(contract: BaseContract, answers: readonly RecordedAnswer[]): Promise<void> {
  const calls = answers.map(({ abi, method, args = [] }) => abi.encodeFunctionData(method, args))
  const results = answers.map(({ abi, method, result }) =>
    result === undefined ? '0x' : abi.encodeFunctionResult(method, result),
  )
  await send(contract, 'record', [calls, results])
}
