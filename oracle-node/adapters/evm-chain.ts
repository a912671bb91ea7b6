import { Contract, Interface, isError, JsonRpcProvider, type TransactionResponse, Wallet } from 'ethers'
import { aaveV3StewardAbi } from '../../contracts/abi/aave-v3-steward.generated.ts'
import { riskOracleAbi } from '../../contracts/abi/risk-oracle.generated.ts'
import type { Hex } from '../core/bytes.ts'
import { feedOf } from '../core/feed.ts'
import { packRecord } from '../core/record.ts'
import type { Report } from '../core/report.ts'
import { onChainGroupKey, onChainSignature } from '../core/threshold.ts'
import type { Chain, Sent } from '../ports/chain.ts'

/** A transaction that is not mined by then is its schedule's to try again. */
const MINED_WITHIN_MS = 15_000
const CONFIRMATIONS = 1

/** The oracle and its steward over JSON-RPC, paid for by the operator's key. */
export function evmChain(options: {
  readonly rpcUrl: string
  readonly chainId: number
  readonly oracle: Hex
  readonly steward?: { readonly address: Hex; readonly assets: Readonly<Record<string, Hex>> } | undefined
  readonly operatorKey: Hex
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

  const send = async (call: () => Promise<TransactionResponse>): Promise<Sent> => {
    try {
      const transaction = await call()
      const receipt = await transaction.wait(CONFIRMATIONS, MINED_WITHIN_MS)
      if (receipt === null) return { ok: false, reason: 'no receipt', retry: true }
      return { ok: true, transaction: receipt.hash as Hex, gas: Number(receipt.gasUsed) }
    } catch (error) {
      return failed(error, errors)
    }
  }

  return {
    checkCommittee: async (groupKey, epoch) => {
      const expected = onChainGroupKey(groupKey)
      const stored = await oracle.getFunction('groupKey')()
      const header = await oracle.getFunction('latestHeader')()
      const same =
        stored.x === expected.x && Number(stored.parity) === expected.parity && Number(header.epoch) === epoch
      if (same) return
      const has = `key 0x${stored.x.toString(16)} of epoch ${header.epoch}`
      throw new Error(
        `the oracle at ${options.oracle} has ${has}; this node holds a share of ${groupKey} of epoch ${epoch}`,
      )
    },
    latestRound: async () => Number(await oracle.getFunction('latestRound')()),
    update: (report, signature) => send(() => oracle.getFunction('update')(...updateArguments(report, signature))),
    sync: async (feed) => {
      const token = tokens.get(feed)
      if (steward === undefined || token === undefined) return { ok: false, reason: 'no market for it', retry: false }
      return send(() => steward.getFunction('sync')(token))
    },
    needsSync: async (feed, observedAt) => {
      const token = tokens.get(feed)
      if (steward === undefined || token === undefined) return false
      const { appliedAt } = await steward.getFunction('clocksOf')(token)
      return Number(appliedAt) < observedAt
    },
    close: () => provider.destroy(),
  }
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
  if (isError(error, 'CALL_EXCEPTION')) {
    const data = error.data ?? '0x'
    const known = interfaces.map((each) => (data === '0x' ? null : each.parseError(data))).find((each) => each !== null)
    const reason = known == null ? (error.reason ?? error.shortMessage) : `${known.name}(${known.args.join(', ')})`
    return { ok: false, reason, retry: false }
  }
  // It may still be mined: sending it again under the next nonce would pay twice. The next in line looks first.
  if (isError(error, 'TIMEOUT'))
    return { ok: false, reason: `not mined within ${MINED_WITHIN_MS / 1000} s`, retry: false }
  return { ok: false, reason: error instanceof Error ? error.message.slice(0, 200) : String(error), retry: true }
}
