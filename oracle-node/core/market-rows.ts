import { AMOUNT_MAX, isAmount, isPrice, PRICE_MAX, PRICE_MIN, shown } from './market-bars.ts'
import { SECONDS_PER_HOUR } from './units.ts'

/** Bars of these lengths are stored; a month has no fixed length and is not one of them. */
export type BarInterval = '1m' | '5m' | '15m' | '30m' | '1h' | '4h' | '1d'

/** One bar as a venue gives it: prices in quote currency, volume in base currency. `time` is its open, in unix seconds. */
export type BarRow = {
  readonly source: string
  readonly symbol: string
  readonly interval: BarInterval
  readonly time: number
  readonly open: number
  readonly high: number
  readonly low: number
  readonly close: number
  readonly volume: number
}

/** One trade. `time` in unix milliseconds, `price` in quote and `amount` in base currency; `side` is the taker's. */
export type TradeRow = {
  readonly source: string
  readonly symbol: string
  readonly id: string
  readonly time: number
  readonly side: 'buy' | 'sell'
  readonly price: number
  readonly amount: number
}

/** What one source's order book or pool allowed at one time: quote currency that moves its price by 0.5, 1, 2 and 5 %. */
export type DepthRow = {
  readonly source: string
  readonly symbol: string
  /** Unix seconds. */
  readonly time: number
  readonly mid: number
  readonly sell: readonly [number, number, number, number]
  readonly buy: readonly [number, number, number, number]
}

export type MarketRows = {
  readonly bars?: readonly BarRow[]
  readonly trades?: readonly TradeRow[]
  readonly depths?: readonly DepthRow[]
}

/** One market's bars in columns of equal length, oldest first, at most one a time: the newest that was appended. */
export type BarSeries = {
  readonly source: string
  readonly symbol: string
  readonly interval: BarInterval
  readonly time: Float64Array
  readonly open: Float64Array
  readonly high: Float64Array
  readonly low: Float64Array
  readonly close: Float64Array
  readonly volume: Float64Array
}

/** Seconds of a bar. */
export const BAR_SECONDS: Readonly<Record<BarInterval, number>> = {
  '1m': 60,
  '5m': 300,
  '15m': 900,
  '30m': 1_800,
  '1h': SECONDS_PER_HOUR,
  '4h': 4 * SECONDS_PER_HOUR,
  '1d': 24 * SECONDS_PER_HOUR,
}
export const SECONDS_PER_DAY: number = 24 * SECONDS_PER_HOUR
/** Ids that venues give are at most 64 characters long; twice that is no id. */
export const TRADE_ID_MAX = 128
/** A file's name holds 255 bytes, and `symbol=` stands before it. */
export const ENCODED_NAME_MAX = 240
/** About 60 MB of bars: what one call holds in memory twice while it is written. */
export const ROWS_PER_CALL_MAX = 1_000_000
/** Seconds since 1970 end here, in 2106, as everywhere in this program. */
export const TIME_MAX: number = 2 ** 32 - 1

/** Rows that were looked at, copied field by field. */
export type SoundRows = Required<MarketRows>
export type CheckedRows =
  | { readonly ok: true; readonly rows: SoundRows }
  | { readonly ok: false; readonly detail: string }

/**
 * Rows of any provenance, all of them sound or none: copies without a field more, so that nobody changes them afterwards. The detail
 * names the first unsound row and its field, and says what was needed.
 */
export function checkMarketRows(given: unknown): CheckedRows {
  if (!isRecord(given)) return no(`{ bars?, trades?, depths? } was needed, got ${shown(given)}`)
  const bars = checkList('bars', given['bars'], checkBar)
  if (typeof bars === 'string') return no(bars)
  const trades = checkList('trades', given['trades'], checkTrade)
  if (typeof trades === 'string') return no(trades)
  const depths = checkList('depths', given['depths'], checkDepth)
  if (typeof depths === 'string') return no(depths)
  const total = bars.length + trades.length + depths.length
  if (total > ROWS_PER_CALL_MAX) return no(`${total} rows; ${ROWS_PER_CALL_MAX} is the most of one call, so split it`)
  return { ok: true, rows: { bars, trades, depths } }
}

/** What is wrong with a source's or a symbol's name, or nothing. Any script is allowed: venues list such symbols. */
export function nameProblem(name: unknown): string | undefined {
  if (typeof name !== 'string') return `is ${shown(name)}; a name was needed`
  if (name === '') return 'is empty; a name was needed'
  if (name.length > ENCODED_NAME_MAX) return `has ${name.length} characters; ${ENCODED_NAME_MAX} is the most`
  if (!isPrintable(name)) return `${shown(name)} holds a control character or half of a surrogate pair`
  const encoded = encodedName(name).length
  if (encoded > ENCODED_NAME_MAX) {
    return `has ${encoded} characters once encoded as a file's name; ${ENCODED_NAME_MAX} is the most`
  }
  return undefined
}

/**
 * A name as part of a path: percent-encoded as DuckDB decodes it, dots and everything else that a file system might read as more
 * than a name included.
 */
export function encodedName(name: string): string {
  return encodeURIComponent(name).replace(/[.!~*'()]/g, (each) => `%${each.charCodeAt(0).toString(16).toUpperCase()}`)
}

function checkList<Row>(
  kind: string,
  given: unknown,
  check: (row: Readonly<Record<string, unknown>>) => Row | string,
): Row[] | string {
  if (given === undefined) return []
  if (!Array.isArray(given)) return `${kind}: a list was needed, got ${shown(given)}`
  if (given.length > ROWS_PER_CALL_MAX) {
    return `${given.length} ${kind}; ${ROWS_PER_CALL_MAX} rows are the most of one call, so split it`
  }
  const rows: Row[] = []
  for (const [index, each] of given.entries()) {
    const row = isRecord(each) ? check(each) : `is ${shown(each)}; a row was needed`
    if (typeof row === 'string') return `${kind}[${index}]${row.startsWith('is ') ? ' ' : '.'}${row}`
    rows.push(row)
  }
  return rows
}

function checkBar(row: Readonly<Record<string, unknown>>): BarRow | string {
  const { source, symbol, interval, time, open, high, low, close, volume } = row
  const unnamed = marketProblem(source, symbol)
  if (unnamed !== undefined) return unnamed
  if (!isInterval(interval)) return `interval ${shown(interval)} is none of ${Object.keys(BAR_SECONDS).join(', ')}`
  if (!isTime(time, 1)) return timeProblem(time, 'seconds')
  if (time % BAR_SECONDS[interval] !== 0) return `time ${time} is not the start of a bar of ${interval}`
  if (!isPrice(open)) return priceProblem('open', open)
  if (!isPrice(high)) return priceProblem('high', high)
  if (!isPrice(low)) return priceProblem('low', low)
  if (!isPrice(close)) return priceProblem('close', close)
  if (high < Math.max(open, close)) return `high ${high} is below open ${open} or close ${close}`
  if (low > Math.min(open, close)) return `low ${low} is above open ${open} or close ${close}`
  if (!isAmount(volume)) return amountProblem('volume', volume)
  return { source: `${source}`, symbol: `${symbol}`, interval, time, open, high, low, close, volume: volume + 0 }
}

function checkTrade(row: Readonly<Record<string, unknown>>): TradeRow | string {
  const { source, symbol, id, time, side, price, amount } = row
  const unnamed = marketProblem(source, symbol)
  if (unnamed !== undefined) return unnamed
  if (typeof id !== 'string' || id === '' || id.length > TRADE_ID_MAX || !isPrintable(id)) {
    return `id ${shown(id)} is not 1 to ${TRADE_ID_MAX} printable characters`
  }
  if (!isTime(time, 1_000)) return timeProblem(time, 'milliseconds')
  if (side !== 'buy' && side !== 'sell') return `side ${shown(side)} is neither buy nor sell`
  if (!isPrice(price)) return priceProblem('price', price)
  if (!isAmount(amount)) return amountProblem('amount', amount)
  return { source: `${source}`, symbol: `${symbol}`, id, time, side, price, amount: amount + 0 }
}

function checkDepth(row: Readonly<Record<string, unknown>>): DepthRow | string {
  const { source, symbol, time, mid } = row
  const unnamed = marketProblem(source, symbol)
  if (unnamed !== undefined) return unnamed
  if (!isTime(time, 1)) return timeProblem(time, 'seconds')
  if (!isPrice(mid)) return priceProblem('mid', mid)
  const sell = fourAmounts('sell', row['sell'])
  if (typeof sell === 'string') return sell
  const buy = fourAmounts('buy', row['buy'])
  if (typeof buy === 'string') return buy
  return { source: `${source}`, symbol: `${symbol}`, time, mid, sell, buy }
}

function fourAmounts(field: string, given: unknown): DepthRow['sell'] | string {
  if (!Array.isArray(given) || given.length !== 4) return `${field} ${shown(given)} is not four amounts`
  const [a, b, c, d]: unknown[] = given
  if (isAmount(a) && isAmount(b) && isAmount(c) && isAmount(d)) return [a + 0, b + 0, c + 0, d + 0]
  const wrong = given.findIndex((each) => !isAmount(each))
  return amountProblem(`${field}[${wrong}]`, given[wrong])
}

function marketProblem(source: unknown, symbol: unknown): string | undefined {
  const ofSource = nameProblem(source)
  if (ofSource !== undefined) return `source ${ofSource}`
  const ofSymbol = nameProblem(symbol)
  return ofSymbol === undefined ? undefined : `symbol ${ofSymbol}`
}

function timeProblem(time: unknown, unit: string): string {
  return `time ${shown(time)} is not whole ${unit} since 1970, before 2106`
}

function priceProblem(field: string, price: unknown): string {
  return `${field} ${shown(price)} is not a number in ${PRICE_MIN}..${PRICE_MAX}`
}

function amountProblem(field: string, amount: unknown): string {
  return `${field} ${shown(amount)} is not a number in 0..${AMOUNT_MAX}`
}

function isTime(time: unknown, perSecond: number): time is number {
  return typeof time === 'number' && Number.isSafeInteger(time) && time >= 0 && time < (TIME_MAX + 1) * perSecond
}

export function isInterval(value: unknown): value is BarInterval {
  return typeof value === 'string' && Object.hasOwn(BAR_SECONDS, value)
}

function isPrintable(text: string): boolean {
  return text.isWellFormed() && !/\p{Cc}/u.test(text)
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

function no(detail: string): CheckedRows {
  return { ok: false, detail }
}
