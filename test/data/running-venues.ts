import type { History } from '../../data/recorded/history.ts'
import { SYNTHETIC_START, syntheticHistory } from '../../data/synthetic/simulator.ts'
import { startVenues, type Venues } from '../../data/venues/venues.ts'
import type { MarketConfig } from '../../oracle-node/app/market-config.ts'
import { type MarketWatch, marketWatch } from '../../oracle-node/app/observe-markets.ts'
import { openMarkets } from '../../oracle-node/app/open-markets.ts'
import type { UnixSeconds } from '../../oracle-node/core/units.ts'
import { memoryTelemetry } from '../support/memory-telemetry.ts'

export type RunningVenues = {
  readonly history: History
  readonly venues: Venues
  readonly config: MarketConfig
  readonly clock: { now: UnixSeconds }
  /** A watch as a node has after its start: nothing read yet. */
  freshWatch(): MarketWatch
}

/** One simulated history for all tests of a file: making it takes most of a second. */
export const simulated = (): History => syntheticHistory({ seed: 'tests', hours: 24 })

export async function runVenues(history: History, start: UnixSeconds = SYNTHETIC_START): Promise<RunningVenues> {
  const clock = { now: (start + 5_430) as UnixSeconds }
  const venues = await startVenues({ history, now: () => clock.now })
  const config: MarketConfig = { ...history.marketConfig(venues.baseUrls), timeoutMs: 1_500, observeTimeoutMs: 5_000 }
  return {
    history,
    venues,
    config,
    clock,
    freshWatch: () => marketWatch(config, openMarkets(config, memoryTelemetry())),
  }
}
