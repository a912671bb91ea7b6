import { Interface, type InterfaceAbi, type Result } from 'ethers'

/** What a contract is here: who and what it answers to. */
export type Target = { readonly address: string; readonly abi: Interface }

export type LocalNode = {
  /** Sends at the time given, which many may share. @returns its hash. @throws {Error} that names the method, on a revert. */
  send(call: Call & { readonly from: string; readonly time: number }): Promise<string>
  /** Calls a view. */
  read(call: Call): Promise<Result>
  /** The reason with which a call would revert; undefined where it would not. */
  refusal(call: Call & { readonly from: string }): Promise<string | undefined>
  /** The logs of a sent transaction. */
  logs(hash: string): Promise<readonly Log[]>
}

export type Call = { readonly to: Target; readonly method: string; readonly args: readonly unknown[] }
export type Log = { readonly topics: readonly string[]; readonly data: string }

type Provider = { request(call: { readonly method: string; readonly params: unknown[] }): Promise<unknown> }

/** Given with each transaction, or the node would look for them: more than any one takes, and a price above the base fee. */
const GAS = { gas: '0xf42400', gasPrice: '0x77359400' } as const

/**
 * A local chain by its bare JSON-RPC: contracts and signers of ethers take four times as long, since they wait for a timer at each call
 * and look at the chain before and after each transaction.
 */
export function localNode(provider: Provider): LocalNode {
  const request = (method: string, ...params: unknown[]): Promise<unknown> => provider.request({ method, params })
  const data = ({ to, method, args }: Call): { to: string; data: string } => ({
    to: to.address,
    data: to.abi.encodeFunctionData(method, args),
  })
  return {
    async send(call) {
      await request('evm_setNextBlockTimestamp', call.time)
      try {
        return String(await request('eth_sendTransaction', { from: call.from, ...data(call), ...GAS }))
      } catch (cause) {
        throw new Error(`${call.method}(${call.args.join(', ')}): ${reasonOf(cause) ?? 'it failed'}`, { cause })
      }
    },
    async read(call) {
      const answer = await request('eth_call', data(call), 'latest')
      return call.to.abi.decodeFunctionResult(call.method, String(answer))
    },
    async refusal(call) {
      try {
        await request('eth_call', { from: call.from, ...data(call) }, 'latest')
        return undefined
      } catch (error) {
        const reason = reasonOf(error)
        if (reason === undefined) throw error
        return reason
      }
    },
    async logs(hash) {
      const receipt = (await request('eth_getTransactionReceipt', hash)) as { readonly logs: readonly Log[] }
      return receipt.logs
    },
  }
}

export function targetOf(address: string, abi: InterfaceAbi): Target {
  return { address, abi: Interface.from(abi) }
}

function reasonOf(error: unknown): string | undefined {
  return error instanceof Error ? /reason string '([^']*)'/.exec(error.message)?.[1] : undefined
}
