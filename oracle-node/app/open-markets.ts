import { curvePool } from '../adapters/pools/curve.ts'
import { type ChainReader, chainReader } from '../adapters/pools/json-rpc.ts'
import { uniswapPool } from '../adapters/pools/uniswap-pool.ts'
import { aggregatorFeed } from '../adapters/reference-feed.ts'
import { ccxtVenues } from '../adapters/venues/venue-ccxt.ts'
import { isPool, type PoolSource, type Source } from '../core/market.ts'
import type { MarketSource } from '../ports/market-source.ts'
import type { ReferenceFeed } from '../ports/reference-feed.ts'
import type { Telemetry } from '../ports/telemetry.ts'
import type { MarketConfig } from './market-config.ts'

/** Everything that prices come from, opened by one configuration. */
export type OpenMarkets = {
  source(source: Source): MarketSource
  reference(address: string): ReferenceFeed
  /** Ends every stream and connection. */
  close(): Promise<void>
}

/** Venues through ccxt, pools and references through `onChain.rpcUrl`. Nothing is asked before the first fetch, but streams begin. */
export function openMarkets(config: MarketConfig, telemetry: Telemetry): OpenMarkets {
  const { timeoutMs, onChain } = config
  const venues = ccxtVenues(config, telemetry)
  const opened: { close(): void }[] = []
  const kept = <T extends { close(): void }>(one: T): T => {
    opened.push(one)
    return one
  }
  const rpcUrl = (): string => {
    if (onChain === undefined) throw new Error('a pool or a reference needs markets.onChain.rpcUrl')
    return onChain.rpcUrl
  }
  const pool = (source: PoolSource): MarketSource =>
    kept((source.venue === 'curve' ? curvePool : uniswapPool)({ rpcUrl: rpcUrl(), source, timeoutMs }))
  let reader: ChainReader | undefined
  return {
    source: (source) => (isPool(source) ? pool(source) : venues.market(source)),
    reference: (address) => {
      reader ??= kept(chainReader({ rpcUrl: rpcUrl(), timeoutMs }))
      return aggregatorFeed(reader, { address, timeoutMs })
    },
    close: async () => {
      for (const one of opened) one.close()
      await venues.close()
    },
  }
}
