import { crc32 } from 'node:zlib'
import type { Ladder, Level } from '../../core/market.ts'

/** Kraken's checksum is over so many levels a side. */
export const KRAKEN_CHECKSUM_LEVELS = 10
/** Of one number: prices and amounts stay below 1e18 (`core/market-bars.ts`), with 20 decimals at most. */
const DIGITS_MAX = 40
/** And Bitfinex's over so many. */
export const BITFINEX_CHECKSUM_LEVELS = 25

/**
 * Kraken's WebSocket v2 rule: the ten best asks, then bids, each price and amount with all its decimals, without the point and
 * leading zeros, joined and CRC-32. The decimals are the market's, for JSON numbers come without their trailing zeros.
 */
export function krakenChecksum(decimals: {
  readonly price: number
  readonly amount: number
}): (book: Ladder) => number {
  const digits = Buffer.alloc(2 * KRAKEN_CHECKSUM_LEVELS * 2 * DIGITS_MAX)
  const write = (levels: readonly Level[], from: number): number => {
    let end = from
    for (const [price, amount] of levels) {
      end = writeDigits(digits, end, price, decimals.price)
      end = writeDigits(digits, end, amount, decimals.amount)
    }
    return end
  }
  return ({ bids, asks }) => {
    const end = write(bids.slice(0, KRAKEN_CHECKSUM_LEVELS), write(asks.slice(0, KRAKEN_CHECKSUM_LEVELS), 0))
    return crc32(digits.subarray(0, end))
  }
}

/** The digits of `value` with so many decimals, without point and leading zeros. @returns Where they end. */
function writeDigits(into: Buffer, start: number, value: number, decimals: number): number {
  const scaled = Math.round(value * 10 ** decimals)
  // Above it the product may be off by one, and text, three times as slow, is exact.
  if (scaled >= 2 ** 50)
    return start + into.write(value.toFixed(decimals).replace('.', '').replace(/^0+/, ''), start, 'latin1')
  let end = start
  for (let left = scaled; left >= 1; left = Math.floor(left / 10)) end++
  let left = scaled
  for (let at = end - 1; at >= start; at--) {
    const rest = Math.floor(left / 10)
    into[at] = 48 + left - rest * 10
    left = rest
  }
  return end
}

/** Bitfinex's rule: bid and ask by turns, `price:amount` with the asks' amounts negative, joined with colons; signed CRC-32. */
export function bitfinexChecksum({ bids, asks }: Ladder): number {
  const parts: number[] = []
  for (let index = 0; index < BITFINEX_CHECKSUM_LEVELS; index++) {
    const [bid, ask] = [bids[index], asks[index]]
    if (bid !== undefined) parts.push(bid[0], bid[1])
    if (ask !== undefined) parts.push(ask[0], -ask[1])
  }
  return crc32(parts.join(':')) | 0
}
