import type { Exchange } from 'ccxt'
import type { BookMessage } from './live-book.ts'
import { isFields, levelsOf } from './read-message.ts'

/**
 * A market's whole book by REST, for a stream that has only the changes.
 * @param id The venue's own name of the market, as its stream has it.
 * @throws {Error} What ccxt or the venue threw, or that the answer is not a book with a number.
 */
export async function fetchSnapshot(
  exchange: Exchange,
  market: { readonly symbol: string; readonly id: string; readonly levels: number },
): Promise<BookMessage> {
  const answer: unknown = await exchange.fetchOrderBook(market.symbol, market.levels)
  const [bids, asks] = isFields(answer) ? [levelsOf(answer['bids']), levelsOf(answer['asks'])] : []
  const last = isFields(answer) ? answer['nonce'] : undefined
  if (bids === undefined || asks === undefined || typeof last !== 'number') {
    throw new Error('the snapshot is not an order book with a number')
  }
  return { market: market.id, kind: 'snapshot', bids, asks, last }
}
