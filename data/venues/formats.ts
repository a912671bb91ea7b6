import type { VenueId } from '../../oracle-node/core/market.ts'
import { binanceFormat } from './binance.ts'
import { binanceStream } from './binance-stream.ts'
import { bitfinexFormat } from './bitfinex.ts'
import { bitfinexStream } from './bitfinex-stream.ts'
import { bitstampFormat } from './bitstamp.ts'
import { bitstampStream } from './bitstamp-stream.ts'
import { bybitFormat } from './bybit.ts'
import { bybitStream } from './bybit-stream.ts'
import { coinbaseFormat } from './coinbase.ts'
import { coinbaseStream } from './coinbase-stream.ts'
import { gateFormat } from './gate.ts'
import { gateStream } from './gate-stream.ts'
import { krakenFormat } from './kraken.ts'
import { krakenStream } from './kraken-stream.ts'
import { okxFormat } from './okx.ts'
import { okxStream } from './okx-stream.ts'
import type { StreamFormat } from './stream-format.ts'
import type { WireFormat } from './wire-format.ts'

/** Every venue's REST and WebSocket formats. */
export const FORMATS: Readonly<Record<VenueId, { readonly rest: WireFormat; readonly stream: StreamFormat }>> = {
  binance: { rest: binanceFormat, stream: binanceStream },
  binanceus: { rest: binanceFormat, stream: binanceStream },
  bitfinex: { rest: bitfinexFormat, stream: bitfinexStream },
  bitstamp: { rest: bitstampFormat, stream: bitstampStream },
  bybit: { rest: bybitFormat, stream: bybitStream },
  coinbaseexchange: { rest: coinbaseFormat, stream: coinbaseStream },
  gate: { rest: gateFormat, stream: gateStream },
  kraken: { rest: krakenFormat, stream: krakenStream },
  okx: { rest: okxFormat, stream: okxStream },
}
