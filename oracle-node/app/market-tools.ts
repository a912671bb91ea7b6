import { readFileSync } from 'node:fs'
import { aaveV3Market } from '../adapters/lending-aave-v3.ts'
import { chainReader } from '../adapters/pools/json-rpc.ts'
import { openParquetStore } from '../adapters/store/parquet-store.ts'
import { openPostgresStore } from '../adapters/store/postgres-store.ts'
import { lendingFeatures, parseReserve } from '../core/lending.ts'
import { BPS, type UnixSeconds } from '../core/units.ts'
import type { MarketStore } from '../ports/market-store.ts'
import type { Telemetry } from '../ports/telemetry.ts'
import type { RunConfig } from './config.ts'
import { reportReserve } from './market-metrics.ts'

/** A block older than this tells nothing of a reserve now. */
const RESERVE_AGE_MAX_SECONDS = 900

/**
 * The store that a configuration names. A connection string holds a password, so it stands in a file of its own.
 * @throws {Error} when the store can't be opened: a node that was told to keep its data must not run without.
 */
export async function openStore(store: NonNullable<RunConfig['store']>, telemetry: Telemetry): Promise<MarketStore> {
  if ('urlFile' in store) return openPostgresStore({ connectionString: readFileSync(store.urlFile, 'utf8').trim() })
  return openParquetStore({
    folder: store.folder,
    onReport: (report) => telemetry.log('warn', 'store-repaired', { ...report }),
  })
}

export type ReserveWatch = {
  look(now: UnixSeconds): Promise<void>
  /** Of an asset's reserve at the last look that read it, 0 to 1; it may have been read before this round. */
  utilisation(asset: string): number | undefined
  close(): void
}

/** Shows every configured reserve of the lending market in the metrics; one that can't be read is named there and in the log. */
export function reserveWatch(
  lending: NonNullable<RunConfig['lending']>,
  options: { readonly rpcUrl: string; readonly timeoutMs: number; readonly telemetry: Telemetry },
): ReserveWatch {
  const { timeoutMs, telemetry } = options
  const chain = chainReader(options)
  const market = aaveV3Market(chain, { dataProvider: lending.dataProvider, timeoutMs })
  const used = new Map<string, number | undefined>()
  const lookAt = async ([asset, token]: readonly [string, string], now: UnixSeconds): Promise<void> => {
    const fetched = await market.reserve(token)
    const parsed = fetched.ok ? parseReserve(fetched.raw, now, RESERVE_AGE_MAX_SECONDS) : fetched
    if (parsed.ok) {
      const features = lendingFeatures(parsed.reserve)
      used.set(asset, features.utilisationBps)
      return reportReserve(telemetry, asset, features)
    }
    used.delete(asset)
    const { reason, detail } = parsed
    telemetry.count('plimsoll_source_rejections_total', { source: `reserve:${asset}`, reason })
    telemetry.log('warn', 'reserve-rejected', { asset, reason, detail })
  }
  return {
    look: async (now) => {
      await Promise.all(Object.entries(lending.reserves).map((each) => lookAt(each, now)))
    },
    utilisation: (asset) => {
      const bps = used.get(asset)
      return bps === undefined ? undefined : bps / BPS
    },
    close: () => chain.close(),
  }
}
