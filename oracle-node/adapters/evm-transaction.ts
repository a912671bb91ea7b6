import { isError, type JsonRpcProvider, Transaction, type Wallet } from 'ethers'
import type { Hex } from '../core/bytes.ts'
import type { Sent, TransmissionNotice } from '../ports/chain.ts'
import type { Fees, Look } from '../protocol/transmission.ts'

/** The operator's key on one chain. */
export type Account = {
  readonly provider: JsonRpcProvider
  readonly wallet: Wallet
  readonly chainId: number
  /** In wei; without it, what the endpoint estimates. */
  readonly priorityFee: bigint | undefined
}

/** What to send; the fees and the nonce are the sender's. */
export type Order = {
  readonly purpose: TransmissionNotice['purpose']
  readonly to: string
  readonly data: string
  /** Whether the chain still lacks what the transaction does. */
  needed(): Promise<boolean>
  /** In place of the configured ones: 0 ends at inclusion. */
  readonly confirmations?: number
  readonly explain: (error: unknown) => Sent
}

/** An order that is under way, with every replacement sent for it. */
export type Attempt = { readonly order: Order; readonly gasLimit: bigint; readonly hashes: Hex[] }

export type Mined = { readonly transaction: Hex; readonly gas: number }

/** The state may change before the transaction is mined, and what is not used is not paid. */
const GAS_MARGIN_PERCENT = 120n

/** @throws {Error} what the call reverts with. */
export async function prepare({ provider, wallet }: Account, order: Order): Promise<Attempt> {
  const call = { from: wallet.address, to: order.to, data: order.data }
  // On `latest`: on the pending block, a stuck transaction of the same call would seem to have done the work.
  const estimate = BigInt(await provider.send('eth_estimateGas', [call, 'latest']))
  return { order, gasLimit: (estimate * GAS_MARGIN_PERCENT) / 100n, hashes: [] }
}

export async function lookAt(
  account: Account,
  { order, hashes }: Attempt,
): Promise<{ readonly look: Look; readonly mined?: Mined }> {
  const { provider, wallet } = account
  // In this order: a transaction that is mined in between shows in the receipts, not as a nonce that somebody else took.
  const nonce = await provider.getTransactionCount(wallet.address, 'latest')
  const pendingNonce = await provider.getTransactionCount(wallet.address, 'pending')
  const needed = await order.needed()
  const newest = hashes.at(-1)
  const known = newest === undefined || (await provider.send('eth_getTransactionByHash', [newest])) !== null
  const tip = account.priorityFee ?? BigInt(await provider.send('eth_maxPriorityFeePerGas', []))
  const receipts = await Promise.all(hashes.map((hash) => provider.getTransactionReceipt(hash)))
  const receipt = receipts.find((each) => each !== null)
  const block = await provider.getBlock('latest')
  const baseFee = block?.baseFeePerGas ?? 0n
  const look = { now: performance.now(), baseFee, tip, nonce, pendingNonce, needed, known }
  if (receipt == null) return { look }
  const confirmations = Math.max(1, (block?.number ?? 0) - receipt.blockNumber + 1)
  return {
    look: { ...look, inclusion: { block: receipt.blockHash, confirmations, reverted: receipt.status === 0 } },
    mined: { transaction: receipt.hash as Hex, gas: Number(receipt.gasUsed) },
  }
}

/** Sends an attempt under a nonce; false when a pending transaction offers more. */
export async function broadcast(account: Account, attempt: Attempt, nonce: number, fees: Fees): Promise<boolean> {
  const { provider, wallet, chainId } = account
  const { order, gasLimit, hashes } = attempt
  const content = { type: 2, chainId, to: order.to, data: order.data, nonce, gasLimit }
  const paid = { maxFeePerGas: fees.maxFee, maxPriorityFeePerGas: fees.priorityFee }
  const raw = await wallet.signTransaction({ ...content, ...paid })
  try {
    await provider.send('eth_sendRawTransaction', [raw])
  } catch (error) {
    if (isUnderpriced(error)) return false
    // A taken nonce shows at the next look, and a lost answer may hide a transaction that went through.
    if (!isKnownOrPast(error) && hashes.length === 0) throw error
  }
  const hash = Transaction.from(raw).hash as Hex
  if (!hashes.includes(hash)) hashes.push(hash)
  return true
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function isUnderpriced(error: unknown): boolean {
  return isError(error, 'REPLACEMENT_UNDERPRICED') || /underpriced/i.test(messageOf(error))
}

function isKnownOrPast(error: unknown): boolean {
  return isError(error, 'NONCE_EXPIRED') || /already known|known transaction|nonce too low/i.test(messageOf(error))
}
