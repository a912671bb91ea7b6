import { once } from 'node:events'
import { WebSocket } from 'ws'
import type { VenueId } from '../../oracle-node/core/market.ts'

/** Where each venue's stream is on its origin. */
export const STREAM_PATHS: Readonly<Record<VenueId, string>> = {
  binance: '/ws',
  binanceus: '/ws',
  bitfinex: '/ws/2',
  bitstamp: '/',
  bybit: '/v5/public/spot',
  coinbaseexchange: '/',
  gate: '/ws/v4/',
  kraken: '/v2',
  okx: '/ws/v5/public',
}

export type StreamClient = {
  /** Texts received so far, in order. */
  readonly texts: readonly string[]
  /** The messages that have been received, each JSON. */
  messages(): unknown[]
  send(message: unknown): void
  /** The first text of which it is true, also of those before. */
  until(isIt: (text: string, index: number) => boolean): Promise<string>
  /** When everything has been received that the server sent before this, in answer to what was sent to it or by itself. */
  settled(): Promise<void>
  isOpen(): boolean
  close(): void
}

/** A bare connection to a venue's stream. */
export async function streamClient(url: string): Promise<StreamClient> {
  const socket = new WebSocket(url, { maxPayload: 256 * 1_024 * 1_024 })
  const texts: string[] = []
  const waiting = new Set<() => void>()
  socket.on('message', (data) => {
    texts.push(String(data))
    for (const wake of waiting) wake()
  })
  socket.on('error', () => {})
  await once(socket, 'open')
  return {
    texts,
    messages: () => texts.map((text): unknown => JSON.parse(text)),
    send: (message) => socket.send(typeof message === 'string' ? message : JSON.stringify(message)),
    until: async (isIt) => {
      const deadline = performance.now() + 5_000
      for (;;) {
        const found = texts.find(isIt)
        if (found !== undefined) return found
        const left = deadline - performance.now()
        if (left <= 0) throw new Error(`not seen among ${texts.length} texts, last ${texts.at(-1)?.slice(0, 300)}`)
        await new Promise<void>((wake) => {
          const timer = setTimeout(done, Math.min(left, 250))
          function done(): void {
            clearTimeout(timer)
            waiting.delete(done)
            wake()
          }
          waiting.add(done)
        })
      }
    },
    settled: async () => {
      if (socket.readyState !== WebSocket.OPEN) return
      const answered = new Promise<void>((done) => {
        socket.once('pong', () => done())
        socket.once('close', () => done())
      })
      socket.ping()
      await answered
    },
    isOpen: () => socket.readyState === WebSocket.OPEN,
    close: () => socket.terminate(),
  }
}

/** A venue's request for a book's changes and its trades, by the market's base and quote. */
export function subscribeRequests(venue: VenueId, base: string, quote: string): readonly unknown[] {
  const upper = `${base}${quote}`
  switch (venue) {
    case 'binance':
    case 'binanceus': {
      const name = upper.toLowerCase()
      return [{ method: 'SUBSCRIBE', params: [`${name}@depth@100ms`, `${name}@trade`], id: 1 }]
    }
    case 'bitfinex': {
      const symbol = quote === 'USDT' ? `t${base}UST` : `t${upper}`
      return [
        { event: 'conf', flags: 131_072 + 65_536 },
        { event: 'subscribe', channel: 'book', symbol, prec: 'P0', freq: 'F0', len: '250' },
        { event: 'subscribe', channel: 'trades', symbol },
      ]
    }
    case 'bitstamp':
      return ['diff_order_book', 'live_trades'].map((name) => ({
        event: 'bts:subscribe',
        data: { channel: `${name}_${upper.toLowerCase()}` },
      }))
    case 'bybit':
      return [{ op: 'subscribe', req_id: '1', args: [`orderbook.200.${upper}`, `publicTrade.${upper}`] }]
    case 'coinbaseexchange':
      return [{ type: 'subscribe', product_ids: [`${base}-${quote}`], channels: ['level2_batch', 'matches'] }]
    case 'gate':
      return [
        { id: 1, channel: 'spot.obu', event: 'subscribe', payload: [`ob.${base}_${quote}.400`] },
        { id: 2, channel: 'spot.trades', event: 'subscribe', payload: [`${base}_${quote}`] },
      ]
    case 'kraken':
      return ['book', 'trade'].map((channel) => ({
        method: 'subscribe',
        params: { channel, symbol: [`${base}/${quote}`], ...(channel === 'book' && { depth: 100 }) },
      }))
    case 'okx':
      return [
        { op: 'subscribe', args: ['books', 'trades'].map((channel) => ({ channel, instId: `${base}-${quote}` })) },
      ]
  }
}
