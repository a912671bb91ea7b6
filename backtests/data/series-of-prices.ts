import { SECONDS_PER_HOUR } from '../../oracle-node/core/units.ts'
import { barFault, placeOf, timeFault } from './bar-faults.ts'
import { type Hour, type Hours, hourList } from './hours.ts'

/** Prices at times of their own, in the order of their rows. */
export type PricePoints = { readonly time: ArrayLike<number>; readonly price: ArrayLike<number> }

/**
 * Hours out of prices alone: an hour opens at the price before it, and its high and low are of the prices that were seen, so ranges are
 * smaller than a market's were. Volume is 0, which means that it is not known.
 * @throws {Error} that names the place of a row out of order or of a price that none is.
 */
export function hoursOfPrices(points: PricePoints, where: string): Hours {
  const list = hourList()
  let hour: Hour | undefined
  for (let index = 0; index < points.time.length; index++) {
    const [now = Number.NaN, price = Number.NaN, before = -1] = [
      points.time[index],
      points.price[index],
      points.time[index - 1],
    ]
    const fault =
      timeFault(now) ??
      (now > before ? undefined : `it does not come after the row before, of ${before}; rows need to be sorted`) ??
      barFault({ time: now, open: price, high: price, low: price, close: price, volume: 0 }, 'base')
    if (fault !== undefined) throw new Error(`${placeOf(where, `row ${index + 1}`, now)}: ${fault}`)
    const time = now - (now % SECONDS_PER_HOUR)
    const joins = hour?.time === time
    if (hour !== undefined && !joins) list.add(hour)
    const { open = price, high = open, low = open } = (joins ? hour : { open: hour?.close }) ?? {}
    hour = { time, open, high: Math.max(high, price), low: Math.min(low, price), close: price, volumeUsd: 0 }
  }
  if (hour !== undefined) list.add(hour)
  return list.hours()
}
