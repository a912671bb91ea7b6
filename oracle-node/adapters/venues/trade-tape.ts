import { isAmount, isPrice } from '../../core/market-bars.ts'
import { type Candle, minuteOf, nextMinute, type Trade, withTrade } from './minute-bars.ts'
import { isFields } from './read-message.ts'

/** Of one market: enough to know the last price and who trades with whom, and 1,600 markets' fit into 50 MB. */
export const TAPE_TRADES_MAX = 200
/** Two hours: no more minutes are asked for than one. */
const MINUTES_MAX = 120

/** The trades of one market as they come: the last of them, and all of them as minutes. */
export type TradeTape = {
  /** Where ccxt puts each trade that it read; false for what no market could have traded. */
  append(trade: unknown): boolean
  readonly trades: readonly Trade[]
  readonly minutes: ReadonlyMap<number, Candle>
  /** Start of the first whole minute, in ms by the venue's clock, once there was a trade. */
  readonly wholeFrom: number | undefined
  /** The connection was lost: minutes begin anew. */
  interrupt(): void
}

export function tradeTape(): TradeTape {
  let trades: Trade[] = []
  const minutes = new Map<number, Candle>()
  let wholeFrom: number | undefined
  return {
    append: (raw) => {
      const trade = tradeOf(raw)
      if (trade === undefined) return false
      trades.push(trade)
      // Cut rarely, for a cut moves them all.
      if (trades.length > 2 * TAPE_TRADES_MAX) trades = trades.slice(-TAPE_TRADES_MAX)
      wholeFrom ??= nextMinute(trade.timestamp)
      const minute = minuteOf(trade.timestamp)
      minutes.set(minute, withTrade(minutes.get(minute), trade))
      if (minutes.size > MINUTES_MAX) minutes.delete(Math.min(...minutes.keys()))
      return true
    },
    get trades() {
      return trades.slice(-TAPE_TRADES_MAX)
    },
    minutes,
    get wholeFrom() {
      return wholeFrom
    },
    interrupt: () => {
      minutes.clear()
      wholeFrom = undefined
    },
  }
}

/** Only what is needed: ccxt's own trade keeps the whole message besides. */
function tradeOf(raw: unknown): Trade | undefined {
  if (!isFields(raw)) return undefined
  const { id, timestamp, side, price, amount } = raw
  if (typeof timestamp !== 'number' || !Number.isSafeInteger(timestamp) || timestamp < 0) return undefined
  if (!isPrice(price) || !isAmount(amount)) return undefined
  return {
    id: typeof id === 'string' ? id.slice(0, 64) : undefined,
    timestamp,
    side: side === 'buy' || side === 'sell' ? side : undefined,
    price,
    amount,
  }
}
