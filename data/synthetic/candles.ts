import exp from '@stdlib/math-base-special-exp'
import type { VenueId } from '../../oracle-node/core/market.ts'
import { hoursOf, type MarketCandles } from '../recorded/candle-store.ts'
import type { Candle } from '../recorded/read-candles.ts'
import type { Calibration, SimulatedAsset } from './calibration.ts'
import type { Path } from './paths.ts'
import { seededRandom } from './random.ts'

export type SimulatedVenue = keyof Calibration['venueShare']
export type SimulatedMarket = {
  readonly venue: SimulatedVenue
  readonly base: SimulatedAsset
  readonly quote: 'USD' | 'USDT'
}

/** A normal deviate's quartile: half of all are smaller in size. */
const QUARTILE = 0.6745

/** A venue's volume of an asset in a median hour, in base currency. Stablecoins were recorded on Kraken alone, so all get its volume. */
export function medianVolume(
  calibration: Calibration,
  { base, venue }: Pick<SimulatedMarket, 'base' | 'venue'>,
): number {
  const asset = calibration.assets[base]
  return asset.hourlyVolume.median * (asset.pegMemory < 1 ? 1 : calibration.venueShare[venue])
}

/** One market's candles out of the fair prices: the venue's own error on top, volume by the hour and the minute. */
export function simulateCandles(args: {
  readonly calibration: Calibration
  readonly paths: Readonly<Record<SimulatedAsset, Path>>
  readonly seed: string
  readonly market: SimulatedMarket
  readonly start: number
}): MarketCandles {
  const { calibration, paths, market, start } = args
  const { venue, base, quote } = market
  const symbol = `${base}/${quote}`
  const random = seededRandom(`${args.seed}:${venue}:${symbol}`)
  const { medianBps, memory } = calibration.venueNoise
  const noiseSd = medianBps / 1e4 / QUARTILE
  const fair = paths[base].minutes
  const { logSd } = calibration.assets[base].hourlyVolume
  const minutes: Candle[] = []
  let noise = 0
  let hourVolume = 0
  let before = fair[0] ?? 1
  for (let minute = 0; minute < fair.length; minute++) {
    if (minute % 60 === 0) hourVolume = medianVolume(calibration, market) * exp(logSd * random.normal())
    noise = memory * noise + Math.sqrt(1 - memory * memory) * noiseSd * random.normal()
    const rate = quote === 'USDT' ? (paths.USDT.minutes[minute] ?? 1) : 1
    const close = ((fair[minute] ?? 1) * exp(noise)) / rate
    const open = minute === 0 ? close : before
    const reach = Math.abs(close / open - 1) / 2
    minutes.push(
      onTick(base, {
        ts: start + minute * 60,
        open,
        high: Math.max(open, close) * (1 + reach * random.uniform()),
        low: Math.min(open, close) * (1 - reach * random.uniform()),
        close,
        // Uneven minutes that make the hour's volume on average.
        volume: (hourVolume / 60) * 2 * random.uniform(),
      }),
    )
    before = close
  }
  return { venue: venue satisfies VenueId, symbol, base, quote, minutes, hours: hoursOf(minutes) }
}

/** Prices in whole ticks, amounts in 1e-8, as venues print them; rounding keeps the order of high, open, close and low. */
function onTick(base: SimulatedAsset, { ts, open, high, low, close, volume }: Candle): Candle {
  const tick = tickOf(base)
  const price = (value: number): number => Number((Math.max(1, Math.round(value / tick)) * tick).toFixed(8))
  return {
    ts,
    open: price(open),
    high: price(high),
    low: price(low),
    close: price(close),
    volume: Number(volume.toFixed(8)),
  }
}

export function tickOf(base: SimulatedAsset): number {
  return base === 'BTC' || base === 'ETH' ? 0.01 : 0.0001
}
