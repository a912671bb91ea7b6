/** Of what a trade is made, in ccxt's unified names; `timestamp` in milliseconds. */
export type Trade = {
  readonly id?: string | undefined
  readonly timestamp: number
  readonly side?: string | undefined
  readonly price: number
  readonly amount: number
}

/** Open time in ms, open, high, low, close, base volume. */
export type Candle = readonly [time: number, open: number, high: number, low: number, close: number, volume: number]

const MINUTE_MS = 60_000

/**
 * A minute's candle with one more trade in it; the first makes it. Trades come in the order of their times within a minute, or
 * the close is of the last that came.
 */
export function withTrade(candle: Candle | undefined, { timestamp, price, amount }: Trade): Candle {
  const [time, open, high, low, , volume] = candle ?? [minuteOf(timestamp), price, price, price, price, 0]
  return [time, open, Math.max(high, price), Math.min(low, price), price, volume + amount]
}

/** The start of the minute that a time is in; both in ms. */
export function minuteOf(time: number): number {
  return time - (time % MINUTE_MS)
}

/**
 * Minutes from two sources as one list, oldest first: those that were asked for up to the first whole minute that the trades
 * cover, then the trades' own. Only minutes that ended by `now` count.
 * @param made By minute; minutes without trades are absent, as Kraken and Coinbase have it.
 * @param wholeFrom Start of the first minute that trades were followed from its beginning, in ms.
 * @param now In ms.
 */
export function mergedMinutes(args: {
  readonly asked: readonly unknown[]
  readonly made: ReadonlyMap<number, Candle>
  readonly wholeFrom: number
  readonly now: number
}): unknown[] {
  const { asked, made, wholeFrom, now } = args
  const before = asked.filter((row) => !(Array.isArray(row) && typeof row[0] === 'number' && row[0] >= wholeFrom))
  const own = [...made.values()].filter(([time]) => time >= wholeFrom && time + MINUTE_MS <= now)
  return [...before, ...own.sort((a, b) => a[0] - b[0])]
}

/** When the first minute begins that lies wholly after a time; both in ms. */
export function nextMinute(time: number): number {
  return minuteOf(time + MINUTE_MS - 1)
}
