import type { VenueId, VenueSource } from '../../core/market.ts'
import type { MarketSource } from '../../ports/market-source.ts'
import type { Telemetry } from '../../ports/telemetry.ts'
import { restVenue } from './venue-rest.ts'
import { streamVenue } from './venue-stream.ts'

/** How one venue is reached. */
export type VenueConfig = {
  /** Origin of another server that speaks the venue's REST format; the venue itself when absent. */
  readonly baseUrl?: string | undefined
  /** Origin of another server that speaks its WebSocket format. */
  readonly streamUrl?: string | undefined
  /** Whether its books and trades are followed by WebSocket, instead of asked for each time. */
  readonly stream?: boolean | undefined
}

/** The centralised venues of a configuration, each made when its first market is asked for. */
export type CcxtVenues = {
  /** All markets are best made before the first fetch: they share their venue's connections then. */
  market(source: VenueSource): MarketSource
  /** Ends every stream; no timer or socket stays. */
  close(): Promise<void>
}

/** The venues through ccxt: REST, or WebSocket where `stream` says so; the sources that they make cannot be told apart. */
export function ccxtVenues(
  config: {
    readonly venues: Readonly<Partial<Record<VenueId, VenueConfig>>>
    readonly timeoutMs: number
    readonly responseBytesMax: number
  },
  telemetry: Telemetry,
  random: () => number = Math.random,
): CcxtVenues {
  const { timeoutMs, responseBytesMax } = config
  const made = new Map<VenueId, { market(source: VenueSource): MarketSource; close?(): void }>()
  return {
    market: (source) => {
      const { venue } = source
      const { stream, ...urls } = config.venues[venue] ?? {}
      const options = { venue, timeoutMs, responseBytesMax, ...urls }
      const one =
        made.get(venue) ?? (stream === true ? streamVenue({ ...options, telemetry, random }) : restVenue(options))
      made.set(venue, one)
      return one.market(source)
    },
    close: async () => {
      for (const one of made.values()) one.close?.()
    },
  }
}
