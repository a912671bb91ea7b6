import type { Series } from '../series.ts'
import { type MarketPath, POINTS_PER_HOUR } from './market.ts'
import { type FeedSettings, priceFeed } from './price-feed.ts'

/**
 * The world of a lending market from an asset's hours: their prices, the depth that was there, and what the market's oracle made of it.
 * @param parts `depthUsd` has one entry an hour; `debtPriceUsd` one a point (see {@link pointPrices}), absent for 1 USD.
 * @throws {RangeError} when a column has another length than the series.
 */
export function pathOf(
  series: Series,
  parts: { readonly depthUsd: Float64Array; readonly feed: FeedSettings; readonly debtPriceUsd?: Float64Array },
): MarketPath {
  const { depthUsd, feed, debtPriceUsd } = parts
  const hours = series.close.length
  needLength(`${series.asset}: depthUsd`, depthUsd, hours)
  if (debtPriceUsd !== undefined) needLength(`${series.asset}: debtPriceUsd`, debtPriceUsd, hours * POINTS_PER_HOUR)
  const priceUsd = pointPrices(series)
  return {
    asset: series.asset,
    from: series.from,
    priceUsd,
    oraclePriceUsd: priceFeed(priceUsd, feed),
    depthUsd: priceUsd.map((_, point) => depthUsd[Math.floor(point / POINTS_PER_HOUR)] ?? Number.NaN),
    ...(debtPriceUsd === undefined ? {} : { debtPriceUsd }),
  }
}

/** Four prices an hour: the open, the extreme against the hour's move, the extreme with it, the close. */
export function pointPrices({ open, high, low, close }: Pick<Series, 'open' | 'high' | 'low' | 'close'>): Float64Array {
  const prices = new Float64Array(close.length * POINTS_PER_HOUR)
  for (let hour = 0; hour < close.length; hour++) {
    const rises = (close[hour] ?? 0) >= (open[hour] ?? 0)
    const point = hour * POINTS_PER_HOUR
    prices[point] = open[hour] ?? Number.NaN
    prices[point + 1] = (rises ? low : high)[hour] ?? Number.NaN
    prices[point + 2] = (rises ? high : low)[hour] ?? Number.NaN
    prices[point + 3] = close[hour] ?? Number.NaN
  }
  return prices
}

function needLength(name: string, column: Float64Array, length: number): void {
  if (column.length !== length) throw new RangeError(`${name} needs ${length} entries, got ${column.length}`)
}
