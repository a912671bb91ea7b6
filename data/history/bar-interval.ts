import { basename } from 'node:path'
import { BAR_SECONDS, type BarInterval, isInterval } from '../../oracle-node/core/market-rows.ts'

export const BAR_INTERVALS: readonly BarInterval[] = Object.keys(BAR_SECONDS).filter(isInterval)

/** The stored bar of so many seconds. */
export function intervalOf(seconds: number): BarInterval | undefined {
  return BAR_INTERVALS.find((interval) => BAR_SECONDS[interval] === seconds)
}

/** What a file's name says of the market in it. */
export type NamedMarket = {
  readonly source?: string
  readonly symbol?: string
  readonly interval?: BarInterval
}

const INTERVAL = '(1m|5m|15m|30m|1h|4h|1d)'
/** As recorded: `binance_ETHUSDT_1h_20210404_20231230.csv.gz`, with `-ext` or `-2020` behind the second file of a market. */
const RECORDED = new RegExp(`^([a-z0-9]+(?:_[a-z]+)?)_([A-Za-z0-9]+(?:-[A-Za-z0-9]+)?)_${INTERVAL}[_.]`)
const SECOND_FILE = /-(?:ext|\d{4})$/
/** As Binance's archive names them: `ETHUSDT-1m-2020-01.csv`. */
const BINANCE_ARCHIVE = new RegExp(`^([A-Z0-9]+)-${INTERVAL}-\\d{4}-\\d{2}(?:-\\d{2})?\\.`)

/** Source, symbol and interval from a file's name; nothing from one of another form. */
export function marketOfName(path: string): NamedMarket {
  const name = basename(path)
  const archive = BINANCE_ARCHIVE.exec(name)
  const [source, symbol, interval] = archive
    ? ['binance', archive[1], archive[2]]
    : (RECORDED.exec(name)?.slice(1) ?? [])
  if (!isInterval(interval) || source === undefined || symbol === undefined) return {}
  return { source, symbol: symbol.replace(SECOND_FILE, ''), interval }
}
