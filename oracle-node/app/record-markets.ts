import type { Bar } from '../core/bar.ts'
import { depthProfile } from '../core/depth.ts'
import { type MarketTick, sourceId } from '../core/market.ts'
import { SECONDS_PER_DAY } from '../core/market-rows.ts'
import type { UnixSeconds } from '../core/units.ts'
import type { BarRow, DepthRow, Holding, MarketStore } from '../ports/market-store.ts'
import type { Telemetry } from '../ports/telemetry.ts'

/** Keeps what a node accepted, so that a round can be looked at and a model be trained on what was seen. */
export type MarketRecorder = (ticks: readonly MarketTick[], now: UnixSeconds) => Promise<void>

/**
 * Each source's closed hours, once each, and the depth of its book or pool at every look. A store that fails costs no round: it
 * is counted and logged, and the same hours are given again next time.
 */
export function marketRecorder(store: MarketStore, telemetry: Telemetry): MarketRecorder {
  const newest = new Map<string, number>()
  return async (ticks, now) => {
    const fresh = ticks.map((tick) => ({ tick, bars: barsAfter(tick, newest.get(sourceId(tick.source)) ?? 0) }))
    try {
      await store.append({
        bars: fresh.flatMap(({ tick, bars }) => bars.map((bar) => barRow(tick, bar))),
        depths: ticks.flatMap((tick) => depthRow(tick, now)),
      })
      for (const { tick, bars } of fresh) {
        const last = bars.at(-1)
        if (last !== undefined) newest.set(sourceId(tick.source), last.openTime)
      }
    } catch (error) {
      telemetry.count('plimsoll_store_failures_total')
      telemetry.log('error', 'store-failed', { error: error instanceof Error ? error.message : String(error) })
    }
  }
}

const MAINTENANCE_SECONDS = 3_600

/** Once an hour of the node's clock, what appending left behind is merged and what is older than asked for is dropped. */
export function storeKeeper(
  store: MarketStore,
  retainDays: Readonly<Partial<Record<Holding['kind'], number | undefined>>>,
  telemetry: Telemetry,
): (now: UnixSeconds) => Promise<void> {
  let last: number | undefined
  return async (now) => {
    last ??= now
    if (now - last < MAINTENANCE_SECONDS) return
    last = now
    try {
      const merged = await store.compact()
      let days = 0
      for (const kind of ['bars', 'depths'] as const) {
        const kept = retainDays[kind]
        if (kept !== undefined) days += (await store.retain(kind, now - kept * SECONDS_PER_DAY)).days
      }
      telemetry.log('info', 'store-maintained', { ...merged, daysDropped: days })
    } catch (error) {
      telemetry.count('plimsoll_store_failures_total')
      telemetry.log('error', 'store-failed', { error: error instanceof Error ? error.message : String(error) })
    }
  }
}

function barsAfter({ bars }: MarketTick, openTime: number): readonly Bar[] {
  return bars.filter((bar) => bar.openTime > openTime)
}

/** A bar's volume is in the quote currency at its close here, and in the base currency in a store, as venues give it. */
function barRow({ source }: MarketTick, { openTime, open, high, low, close, volume }: Bar): BarRow {
  const { venue, symbol } = source
  return { source: venue, symbol, interval: '1h', time: openTime, open, high, low, close, volume: volume / close }
}

function depthRow({ source, price, ladder }: MarketTick, now: UnixSeconds): DepthRow[] {
  if (ladder === undefined) return []
  const { sell, buy } = depthProfile([{ ladder, rate: 1 }], price)
  // Two pools of one pair are told apart by their address.
  const symbol = sourceId(source).slice(source.venue.length + 1)
  return [{ source: source.venue, symbol, time: now, mid: price, sell, buy }]
}
