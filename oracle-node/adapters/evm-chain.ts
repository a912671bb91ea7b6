import { type CallExceptionError, Contract, Interface, isError, JsonRpcProvider, Wallet } from 'ethers'
import { aaveV3StewardAbi } from '../../contracts/abi/aave-v3-steward.generated.ts'
import { riskOracleAbi } from '../../contracts/abi/risk-oracle.generated.ts'
import type { Hex } from '../core/bytes.ts'
import { feedOf } from '../core/feed.ts'
import { packRecord } from '../core/record.ts'
import type { Report } from '../core/report.ts'
import { onChainGroupKey, onChainSignature } from '../core/threshold.ts'
import { unixSeconds } from '../core/units.ts'
import type { Chain, Sent, TransmissionNotice } from '../ports/chain.ts'
import { evmSender, type FeeOptions } from './evm-sender.ts'

/** The oracle and its steward over JSON-RPC, paid for by the operator's key. */
export function evmChain(options: {
  readonly rpcUrl: string
  readonly chainId: number
  readonly oracle: Hex
  readonly steward?: { readonly address: Hex; readonly assets: Readonly<Record<string, Hex>> } | undefined
  readonly operatorKey: Hex
  readonly fees?: FeeOptions | undefined
}): Chain & { close(): void } {
  // On a chain that mines at once two blocks follow each other within ethers' cache time, and waiting to fill a batch is idle.
  const provider = new JsonRpcProvider(options.rpcUrl, options.chainId, {
    staticNetwork: true,
    batchMaxCount: 1,
    cacheTimeout: -1,
  })
  const wallet = new Wallet(options.operatorKey, provider)
  const oracle = new Contract(options.oracle, riskOracleAbi, wallet)
  const steward =
    options.steward === undefined ? undefined : new Contract(options.steward.address, aaveV3StewardAbi, wallet)
  const tokens = new Map(
    Object.entries(options.steward?.assets ?? {}).map(([asset, token]) => [feedOf(asset), token] as const),
  )
  const errors = [new Interface(riskOracleAbi), new Interface(aaveV3StewardAbi)]

  const listeners: Array<(notice: TransmissionNotice) => void> = []
  const sender = evmSender({
    provider,
    wallet,
    chainId: options.chainId,
    fees: options.fees ?? {},
    notify: (notice) => {
      for (const listener of listeners) listener(notice)
    },
  })
  const explain = (error: unknown): Sent => failed(error, errors)
  const latestRound = async (): Promise<number> => Number(await oracle.getFunction('latestRound')())

  return {
    checkCommittee: (groupKey, epoch) => checkCommittee(oracle, groupKey, epoch),
    blockTime: async () => {
      const block = await provider.getBlock('latest')
      if (block === null) throw new Error('the RPC has no newest block')
      return unixSeconds(block.timestamp)
    },
    latestRound,
    update: (report, signature) =>
      sender.send({
        purpose: 'update',
        to: options.oracle,
        data: oracle.interface.encodeFunctionData('update', updateArguments(report, signature)),
        needed: async () => (await latestRound()) < report.round,
        explain,
      }),
    sync: async (feed) => {
      const token = tokens.get(feed)
      if (steward === undefined || token === undefined) return { ok: false, reason: 'no market for it', retry: false }
      // Its next record is a better answer to a lost sync than sending it again, so it counts as needed while it is on its way.
      return sender.send({
        purpose: 'sync',
        to: steward.target.toString(),
        data: steward.interface.encodeFunctionData('sync', [token]),
        needed: async () => true,
        confirmations: 0,
        explain,
      })
    },
    needsSync: async (feed, observedAt) => {
      const token = tokens.get(feed)
      if (steward === undefined || token === undefined) return false
      const { appliedAt } = await steward.getFunction('clocksOf')(token)
      return Number(appliedAt) < observedAt
    },
    onTransmission: (listener) => void listeners.push(listener),
    close: () => {
      sender.close()
      provider.destroy()
    },
  }
}

async function checkCommittee(oracle: Contract, groupKey: Hex, epoch: number): Promise<void> {
  const expected = onChainGroupKey(groupKey)
  const stored = await oracle.getFunction('groupKey')()
  const header = await oracle.getFunction('latestHeader')()
  const same = stored.x === expected.x && Number(stored.parity) === expected.parity && Number(header.epoch) === epoch
  if (same) return
  const has = `key 0x${stored.x.toString(16)} of epoch ${header.epoch}`
  throw new Error(`the oracle at ${oracle.target} has ${has}; this node holds a share of ${groupKey} of epoch ${epoch}`)
}

/** The arguments of `RiskOracle.update`. */
export function updateArguments(report: Report, signature: Hex): [Record<string, unknown>, Record<string, bigint>] {
  const { epoch, round, time, modelSet, observationsRoot, values } = report
  const feeds = values.map(({ feed }) => feed)
  const records = values.map(({ record }) => packRecord(record))
  return [{ epoch, round, time, modelSet, observationsRoot, feeds, records }, onChainSignature(signature)]
}

/** A revert is final for this call; anything else may be the connection's fault. */
function failed(error: unknown, interfaces: readonly Interface[]): Sent {
  if (isError(error, 'CALL_EXCEPTION') && isRevert(error)) {
    const data = error.data ?? '0x'
    const known = interfaces.map((each) => (data === '0x' ? null : each.parseError(data))).find((each) => each !== null)
    const reason = known == null ? (error.reason ?? error.shortMessage) : `${known.name}(${known.args.join(', ')})`
    return { ok: false, reason, retry: false }
  }
  return { ok: false, reason: error instanceof Error ? error.message.slice(0, 200) : String(error), retry: true }
}

/** ethers calls any failed gas estimate a call exception, that of an endpoint which is overrun too. */
function isRevert(error: CallExceptionError): boolean {
  return error.data !== null || /revert/i.test(String(error.info?.['error']?.message))
}
