import { InvalidArgumentError } from 'commander'
import { BAR_INTERVALS } from '../../../data/history/bar-interval.ts'
import { unifiedSymbol } from '../../../data/history/market-name.ts'
import { parseTime } from '../../../data/history/time-format.ts'
import { type BarInterval, isInterval } from '../../core/market-rows.ts'

/** `1h` */
export function parseInterval(text: string): BarInterval {
  if (isInterval(text)) return text
  throw new InvalidArgumentError(`got ${JSON.stringify(text)}; give one of ${BAR_INTERVALS.join(', ')}`)
}

/** `ETHUSDT`, `ETH-USDT` or `ETH/USDT` → `ETH/USDT` */
export function parseSymbol(text: string): string {
  const symbol = unifiedSymbol(text)
  if (symbol !== undefined) return symbol
  throw new InvalidArgumentError(`got ${JSON.stringify(text)}; give BASE/QUOTE, for instance ETH/USDT or ETHUSDT`)
}

/** `2020-01-01`, `2020-01-01T12:00Z` or unix seconds → unix seconds, UTC where no zone is named. */
export function parseDate(text: string): number {
  const time = parseTime(text)
  if (time !== undefined && Number.isSafeInteger(time.seconds) && time.seconds < 2 ** 32) return time.seconds
  throw new InvalidArgumentError(`got ${JSON.stringify(text)}; give a day or an ISO time, for instance 2020-01-01`)
}
