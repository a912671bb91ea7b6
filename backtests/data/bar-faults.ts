import { isoTime } from '../../data/history/time-format.ts'
import { BAR_VOLUME_MAX, PRICE_MAX, PRICE_MIN } from '../../oracle-node/core/market-bars.ts'
import { BAR_SECONDS } from '../../oracle-node/core/market-rows.ts'
import { SECONDS_PER_HOUR } from '../../oracle-node/core/units.ts'

/** One row of bars: `time` is the bar's open in unix seconds. */
export type BarRow = {
  readonly time: number
  readonly open: number
  readonly high: number
  readonly low: number
  readonly close: number
  readonly volume: number
}

export type VolumeUnit = 'base' | 'quote'

/** USD: prices count as USD, so units of the asset are worth its close. */
export function volumeUsdOf({ close, volume }: Pick<BarRow, 'close' | 'volume'>, unit: VolumeUnit): number {
  return unit === 'base' ? volume * close : volume
}

/** What is wrong with a row's numbers, or nothing. */
export function barFault(row: BarRow, unit: VolumeUnit): string | undefined {
  for (const field of ['open', 'high', 'low', 'close'] as const) {
    const price = row[field]
    if (!(price >= PRICE_MIN && price <= PRICE_MAX)) {
      return `${field} is ${price}; a price above 0 was needed, in ${PRICE_MIN}..${PRICE_MAX}`
    }
  }
  const { open, high, low, close, volume } = row
  if (high < low) return `high ${high} is below low ${low}`
  if (high < Math.max(open, close)) return `high ${high} is below open ${open} or close ${close}`
  if (low > Math.min(open, close)) return `low ${low} is above open ${open} or close ${close}`
  if (!(volume >= 0)) return `volume is ${volume}; 0 or more was needed`
  const usd = volumeUsdOf(row, unit)
  if (!(usd <= BAR_VOLUME_MAX)) return `volume is ${usd} USD; ${BAR_VOLUME_MAX} is the most. Is it in quote units?`
  return undefined
}

export function timeFault(time: number): string | undefined {
  if (Number.isSafeInteger(time) && time >= 0 && time < 2 ** 32) return undefined
  return `time is ${time}; whole unix seconds before 2106 were needed`
}

/** @throws {Error} unless bars of this many seconds fill hours. */
export function checkStep(seconds: number, where: string): void {
  if (SECONDS_PER_HOUR % seconds === 0) return
  throw new Error(
    `${where}: its bars are ${stepName(seconds)} apart; features need hours, so give bars of an hour or of a part of it such as 1m, 15m or 30m`,
  )
}

/** `1h`, or `420 s` where no name is common. */
export function stepName(seconds: number): string {
  return Object.entries(BAR_SECONDS).find(([, each]) => each === seconds)?.[0] ?? `${seconds} s`
}

export function placeOf(where: string, row: string, time: number): string {
  return `${where}, ${row}${timeFault(time) === undefined ? ` (${isoTime(time)})` : ''}`
}
