import type { VenueId } from '../../oracle-node/core/market.ts'

type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json }

/** One of each kind of message that a venue sends, of its market BTC, in its own format: the seeds of hostile ones. */
export const VENUE_MESSAGES: Readonly<Record<VenueId, readonly Json[]>> = {
  binance: binance(),
  binanceus: binance(),
  bitfinex: [
    { event: 'info', version: 2, serverId: 'x', platform: { status: 1 } },
    {
      event: 'subscribed',
      channel: 'book',
      chanId: 1,
      symbol: 'tBTCUSD',
      prec: 'P0',
      freq: 'F0',
      len: '250',
      pair: 'BTCUSD',
    },
    [
      1,
      [
        [100, 1, 2],
        [101, 1, -2],
      ],
    ],
    [1, [100, 0, 1]],
    [1, 'cs', 12345],
    [1, 'hb'],
    { event: 'subscribed', channel: 'trades', chanId: 2, symbol: 'tBTCUSD', pair: 'BTCUSD' },
    [2, [[401597393, 1574694475039, 0.005, 7244.9]]],
    [2, 'te', [401597395, 1574694478808, 0.005, 7245.3]],
    { event: 'error', msg: 'symbol: invalid', code: 10300 },
    { event: 'unsubscribed', status: 'OK', chanId: 1 },
  ],
  bitstamp: [
    { event: 'bts:subscription_succeeded', channel: 'diff_order_book_btcusd', data: {} },
    {
      event: 'data',
      channel: 'diff_order_book_btcusd',
      data: {
        timestamp: '1641343696',
        microtimestamp: '1641343696572693',
        bids: [['100.00', '1.0']],
        asks: [['101.00', '0']],
      },
    },
    {
      event: 'trade',
      channel: 'live_trades_btcusd',
      data: {
        id: 1,
        timestamp: '1641343696',
        amount: 0.5,
        amount_str: '0.5',
        price: 100,
        price_str: '100',
        type: 0,
        microtimestamp: '1641343696572693',
        buy_order_id: 1,
        sell_order_id: 2,
      },
    },
    { event: 'bts:request_reconnect', channel: '', data: '' },
    { event: 'bts:error', channel: '', data: { code: null, message: 'Bad subscription string.' } },
  ],
  bybit: [
    { success: true, ret_msg: '', conn_id: 'x', req_id: 'book-1', op: 'subscribe' },
    {
      topic: 'orderbook.1000.BTCUSDT',
      type: 'snapshot',
      ts: 1672304484978,
      data: { s: 'BTCUSDT', b: [['100', '1']], a: [['101', '1']], u: 18521288, seq: 7961638724 },
      cts: 1672304484976,
    },
    {
      topic: 'orderbook.1000.BTCUSDT',
      type: 'delta',
      ts: 1672304484978,
      data: { s: 'BTCUSDT', b: [['100', '0']], a: [], u: 18521289, seq: 7961638725 },
    },
    {
      topic: 'publicTrade.BTCUSDT',
      type: 'snapshot',
      ts: 1672304486868,
      data: [
        {
          T: 1672304486865,
          s: 'BTCUSDT',
          S: 'Buy',
          v: '0.001',
          p: '16578.50',
          L: 'PlusTick',
          i: '20f43950-d8dd-5b31-9112-a178eb6023af',
          BT: false,
        },
      ],
    },
    { success: false, ret_msg: 'error:handler not found', conn_id: 'x', req_id: 'book-1', op: 'subscribe' },
  ],
  coinbaseexchange: [
    { type: 'subscriptions', channels: [{ name: 'level2_batch', product_ids: ['BTC-USD'] }] },
    { type: 'snapshot', product_id: 'BTC-USD', bids: [['100.00', '1']], asks: [['101.00', '1']] },
    {
      type: 'l2update',
      product_id: 'BTC-USD',
      changes: [
        ['buy', '100.00', '0'],
        ['sell', '101.00', '3'],
      ],
      time: '2022-08-04T15:25:05.010758Z',
    },
    {
      type: 'match',
      trade_id: 10,
      sequence: 50,
      maker_order_id: 'a',
      taker_order_id: 'b',
      time: '2014-11-07T08:19:27.028459Z',
      product_id: 'BTC-USD',
      size: '5.23512',
      price: '400.23',
      side: 'sell',
    },
    { type: 'error', message: 'Failed to subscribe', reason: 'BTC-USD is not a valid product' },
  ],
  gate: [
    {
      time: 1,
      time_ms: 1,
      id: 1,
      channel: 'spot.obu',
      event: 'subscribe',
      payload: ['ob.BTC_USDT.400'],
      result: { status: 'success' },
    },
    {
      channel: 'spot.obu',
      result: { t: 1743673617242, full: true, s: 'ob.BTC_USDT.400', u: 100, b: [['100', '1']], a: [['101', '1']] },
      time_ms: 1,
      event: 'update',
    },
    {
      channel: 'spot.obu',
      result: { t: 1743673617242, s: 'ob.BTC_USDT.400', U: 101, u: 102, b: [['100', '0']], a: [] },
      time_ms: 1,
      event: 'update',
    },
    {
      time: 1,
      time_ms: 1,
      channel: 'spot.trades',
      event: 'update',
      result: {
        id: 309143071,
        create_time: 1606292218,
        create_time_ms: '1606292218213.4578',
        side: 'sell',
        currency_pair: 'BTC_USDT',
        amount: '16.47',
        price: '0.4705',
      },
    },
    {
      time: 1,
      id: 1,
      channel: 'spot.obu',
      event: 'subscribe',
      error: { code: 2, message: 'unknown currency pair' },
      result: null,
    },
  ],
  kraken: [
    {
      channel: 'status',
      type: 'update',
      data: [{ version: '2.0.0', system: 'online', api_version: 'v2', connection_id: 1 }],
    },
    {
      method: 'subscribe',
      result: { channel: 'book', depth: 1000, snapshot: true, symbol: 'BTC/USD' },
      success: true,
      req_id: 1,
    },
    {
      channel: 'book',
      type: 'snapshot',
      data: [
        {
          symbol: 'BTC/USD',
          bids: [{ price: 100.0, qty: 1.0 }],
          asks: [{ price: 101.0, qty: 1.0 }],
          checksum: 2439117997,
        },
      ],
    },
    {
      channel: 'book',
      type: 'update',
      data: [
        {
          symbol: 'BTC/USD',
          bids: [{ price: 100.0, qty: 0 }],
          asks: [],
          checksum: 2114181697,
          timestamp: '2023-10-06T17:35:55.440295Z',
        },
      ],
    },
    {
      channel: 'trade',
      type: 'update',
      data: [
        {
          symbol: 'BTC/USD',
          side: 'sell',
          price: 0.5117,
          qty: 40.0,
          ord_type: 'market',
          trade_id: 4665906,
          timestamp: '2023-09-25T07:49:37.708706Z',
        },
      ],
    },
    { error: 'Currency pair not supported BTC/EUR', method: 'subscribe', success: false, symbol: 'BTC/EUR', req_id: 7 },
    { method: 'pong', req_id: 1 },
  ],
  okx: [
    { event: 'subscribe', arg: { channel: 'books', instId: 'BTC-USDT' }, connId: 'x' },
    {
      arg: { channel: 'books', instId: 'BTC-USDT' },
      action: 'snapshot',
      data: [
        {
          asks: [['101', '1', '0', '1']],
          bids: [['100', '1', '0', '1']],
          ts: '1',
          checksum: 1,
          seqId: 123456,
          prevSeqId: -1,
        },
      ],
    },
    {
      arg: { channel: 'books', instId: 'BTC-USDT' },
      action: 'update',
      data: [{ asks: [], bids: [['100', '0', '0', '0']], ts: '1', checksum: 1, seqId: 123457, prevSeqId: 123456 }],
    },
    {
      arg: { channel: 'trades', instId: 'BTC-USDT' },
      data: [
        {
          instId: 'BTC-USDT',
          tradeId: '130639474',
          px: '42219.9',
          sz: '0.12060306',
          side: 'buy',
          ts: '1630048897897',
          count: '3',
        },
      ],
    },
    { event: 'error', code: '60012', msg: 'Invalid request', connId: 'x' },
    { event: 'unsubscribe', arg: { channel: 'books', instId: 'BTC-USDT' } },
  ],
}

function binance(): readonly Json[] {
  return [
    { result: null, id: 1 },
    { e: 'depthUpdate', E: 1672515782136, s: 'BTCUSDT', U: 157, u: 160, b: [['100', '10']], a: [['101', '0']] },
    { e: 'trade', E: 1672515782136, s: 'BTCUSDT', t: 12345, p: '0.001', q: '100', T: 1672515782136, m: true, M: true },
    { stream: 'btcusdt@depth@100ms', data: { e: 'depthUpdate', E: 1, s: 'BTCUSDT', U: 161, u: 162, b: [], a: [] } },
    { error: { code: 2, msg: 'Invalid request: unknown variant' }, id: 1 },
  ]
}
