import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { crc32, gunzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { KRAKEN_CHECKSUM_LEVELS, krakenChecksum } from '../../../oracle-node/adapters/venues/book-checksums.ts'
import type { BookReader, ReadMessage } from '../../../oracle-node/adapters/venues/book-readers.ts'
import { type BookMessage, type BookOutcome, LiveBook } from '../../../oracle-node/adapters/venues/live-book.ts'
import { firstOf, isFields, levelsOf, numberOf } from '../../../oracle-node/adapters/venues/read-message.ts'
import { STREAM_PROTOCOLS } from '../../../oracle-node/adapters/venues/stream-protocols.ts'
import type { Ladder } from '../../../oracle-node/core/market.ts'

/** Recorded from the venues themselves (`../shared/data/wire`); without them these tests fail, for nothing else shows as much. */
const WIRE = fileURLToPath(new URL('../../../../shared/data/wire', import.meta.url))

type Line = { readonly time: number; readonly message: unknown; readonly url?: string }

/** Lines of `time: JSON`, or `url -> time: JSON`; what the client sent is left out. */
function recorded(file: string): Line[] {
  const text = gunzipSync(readFileSync(`${WIRE}/${file}.log.gz`)).toString()
  return text.split('\n').flatMap((line): Line[] => {
    const parts = /^(?:(https\S+) -> )?(\d+(?:\.\d+)?):? ([[{].*)$/.exec(line)
    if (parts === null) return []
    return [
      { time: Number(parts[2]), message: JSON.parse(parts[3] ?? ''), ...(parts[1] !== undefined && { url: parts[1] }) },
    ]
  })
}

/** Every book of a recording, as the readers and books of the node keep it. */
function replay(lines: readonly Line[], read: BookReader, rules: ConstructorParameters<typeof LiveBook>[0]) {
  const books = new Map<string, LiveBook>()
  const channels: Record<string, unknown> = {}
  const outcomes = new Map<BookOutcome['kind'] | 'malformed', number>()
  const receive = (one: ReadMessage): void => {
    if (one.kind === 'other' || one.kind === 'none') return
    const kind = one.kind === 'malformed' ? one.kind : bookOf(one.market).receive(one).kind
    outcomes.set(kind, (outcomes.get(kind) ?? 0) + 1)
  }
  const bookOf = (market: string): LiveBook => {
    const book = books.get(market) ?? new LiveBook(rules)
    books.set(market, book)
    return book
  }
  for (const { message, url } of lines) {
    if (isFields(message) && typeof message['chanId'] === 'number') channels[message['chanId']] = message
    receive(url === undefined ? read(message, channels) : snapshotOf(url, message))
  }
  return { books, outcomes, count: (kind: BookOutcome['kind'] | 'malformed') => outcomes.get(kind) ?? 0 }
}

/** A book by REST, of Binance or Bitstamp. */
function snapshotOf(url: string, message: unknown): ReadMessage {
  const market = /symbol=(\w+)/.exec(url)?.[1] ?? /order_book\/(\w+)/.exec(url)?.[1]
  if (market === undefined || !isFields(message)) return { kind: 'other' }
  const [bids, asks] = [levelsOf(message['bids']), levelsOf(message['asks'])]
  const last = numberOf(message['lastUpdateId'] ?? message['microtimestamp'])
  return bids === undefined || asks === undefined
    ? { kind: 'malformed', market }
    : { market, kind: 'snapshot', bids, asks, last }
}

const byTime = (a: Line, b: Line): number => a.time - b.time

test('Binance, six minutes of 2024: best bid and ask are those of its own ticker at every common update number', () => {
  const text = gunzipSync(readFileSync(`${WIRE}/hftbacktest/spot_btcusdt_20240808.log.gz`)).toString()
  const messages = text
    .split('\n')
    .filter(Boolean)
    .map((line): unknown => JSON.parse(line.slice(line.indexOf(' '))))
  const tickers = tickersOf(messages)
  const book = new LiveBook({ levelsMax: 10_000, keepsUpdates: true })
  let [compared, applied] = [0, 0]
  for (const message of messages) {
    const one =
      isFields(message) && 'lastUpdateId' in message
        ? snapshotOf('symbol=BTCUSDT', message)
        : STREAM_PROTOCOLS.binance.read(message, {})
    if (one.kind !== 'snapshot' && one.kind !== 'update') continue
    const outcome = book.receive(one)
    expect(outcome.kind).not.toBe('gap')
    if (outcome.kind !== 'applied') continue
    applied++
    const ticker = tickers.get(one.last ?? 0)
    if (ticker === undefined) continue
    compared++
    expect(book.ladder(1)).toEqual(ticker)
  }
  expect(applied).toBeGreaterThan(3_400)
  expect(compared).toBeGreaterThan(500)
})

/** Best bid and ask by update number, as Binance's own ticker stream gives them. */
function tickersOf(messages: readonly unknown[]): ReadonlyMap<number, Ladder> {
  const tickers = new Map<number, Ladder>()
  for (const message of messages) {
    const data = isFields(message) && String(message['stream']).endsWith('@bookTicker') ? message['data'] : undefined
    if (!isFields(data)) continue
    const [bid, bidAmount, ask, askAmount] = ['b', 'B', 'a', 'A'].map((name) => numberOf(data[name]))
    tickers.set(numberOf(data['u']), { bids: [[bid ?? 0, bidAmount ?? 0]], asks: [[ask ?? 0, askAmount ?? 0]] })
  }
  return tickers
}

test('Binance: one update left out is found at the next', () => {
  const lines = recorded('cryptofeed/BINANCE.ws.1.0').filter(({ message }) =>
    JSON.stringify(message).includes('nknusdt@depth'),
  )
  const snapshots = recorded('cryptofeed/BINANCE.http.0.0').filter(({ url }) => url?.includes('NKNUSDT'))
  const all = [...lines, ...snapshots].sort(byTime)
  const rules = { levelsMax: 10_000, keepsUpdates: true }
  const whole = replay(all, STREAM_PROTOCOLS.binance.read, rules)
  expect(whole.count('gap')).toBe(0)
  expect(whole.books.get('NKNUSDT')?.isLive).toBe(true)
  expect(whole.count('applied')).toBeGreaterThan(100)
  const holed = replay([...all.slice(0, -20), ...all.slice(-19)], STREAM_PROTOCOLS.binance.read, rules)
  expect(holed.count('gap')).toBe(1)
  expect(holed.books.get('NKNUSDT')?.isLive).toBe(false)
})

test('Coinbase, 2021: snapshots and batches of changes, none out of order, no book crossed', () => {
  const { books, count } = replay(recorded('cryptofeed/COINBASE.ws.28.0'), STREAM_PROTOCOLS.coinbaseexchange.read, {
    levelsMax: 10_000,
    keepsUpdates: false,
  })
  expect([count('ready'), count('gap'), count('malformed')]).toEqual([10, 0, 0])
  expect(count('applied')).toBeGreaterThan(2_400)
  for (const [market, book] of books) expect(book.isCrossed, market).toBe(false)
})

test('Bitstamp, 2022: changes before the snapshot are kept, older ones left out, no book crossed', () => {
  const lines = [...recorded('cryptofeed/BITSTAMP.http.0.0'), ...recorded('cryptofeed/BITSTAMP.ws.1.0')].sort(byTime)
  const { books, count } = replay(lines, STREAM_PROTOCOLS.bitstamp.read, { levelsMax: 10_000, keepsUpdates: true })
  expect([count('gap'), count('malformed')]).toEqual([0, 0])
  expect(count('ready')).toBeGreaterThan(5)
  expect(count('applied')).toBeGreaterThan(100)
  for (const [market, book] of books) if (book.isLive) expect(book.isCrossed, market).toBe(false)
})

test('Bitfinex, 2021: channels, counts and signed amounts; no book crossed or longer than its 100 levels', () => {
  const { books, count } = replay(recorded('cryptofeed/BITFINEX.ws.11.0'), STREAM_PROTOCOLS.bitfinex.read, {
    levelsMax: 1_000,
    keepsUpdates: false,
  })
  expect([count('ready'), count('gap'), count('malformed')]).toEqual([7, 0, 0])
  expect(count('applied')).toBeGreaterThan(500)
  for (const [market, book] of books) {
    expect(book.isCrossed, market).toBe(false)
    expect(Math.max(book.ladder(1_000).bids.length, book.ladder(1_000).asks.length), market).toBeLessThanOrEqual(101)
  }
})

test('OKX v5, 2022: each book has the checksum that OKX sent with it', () => {
  // OKX had no sequence numbers then: they are put in, as it would have sent them.
  const sequences = new Map<unknown, number>()
  const books = new Map<string, LiveBook>()
  let compared = 0
  for (const { message } of recorded('cryptofeed/OKX.ws.1.0')) {
    const data = isFields(message) ? firstOf(message['data']) : undefined
    const argument = isFields(message) ? message['arg'] : undefined
    if (!isFields(message) || data === undefined || !isFields(argument) || argument['channel'] !== 'books') continue
    const seqId = (sequences.get(argument['instId']) ?? 0) + 1
    sequences.set(argument['instId'], seqId)
    const one = STREAM_PROTOCOLS.okx.read({ ...message, data: [{ ...data, seqId, prevSeqId: seqId - 1 }] }, {})
    if (one.kind !== 'snapshot' && one.kind !== 'update') throw new Error(`read as ${one.kind}`)
    const book = books.get(one.market) ?? new LiveBook({ levelsMax: 400, keepsUpdates: false })
    books.set(one.market, book)
    expect(['ready', 'applied']).toContain(book.receive(one).kind)
    expect(okxChecksum(book.ladder(25))).toBe(data['checksum'])
    compared++
  }
  expect(books.size).toBe(3)
  expect(compared).toBeGreaterThan(250)
})

/** OKX's own: bid and ask by turns, `price:amount`, joined with colons; signed CRC-32. */
function okxChecksum({ bids, asks }: Ladder): number {
  const parts: number[] = []
  for (let index = 0; index < 25; index++) parts.push(...(bids[index] ?? []), ...(asks[index] ?? []))
  return crc32(parts.join(':')) | 0
}

describe('Kraken, 2021', () => {
  // Version 1 of its WebSocket: other envelopes than today's, the same checksum.
  const lines = recorded('cryptofeed/KRAKEN.ws.50.0')

  test('each of its checksums is ours, and one wrong amount is found', () => {
    const { checked, gaps } = krakenReplay(lines)
    expect(gaps).toBe(0)
    expect(checked).toBeGreaterThan(2_000)
    expect(krakenReplay(lines, 1_000).gaps).toBeGreaterThan(0)
  })
})

/** @param spoilt The number of the update whose best level is given another amount. */
function krakenReplay(lines: readonly Line[], spoilt?: number): { readonly checked: number; readonly gaps: number } {
  const books = new Map<string, LiveBook>()
  let [checked, gaps] = [0, 0]
  for (const { message } of lines) {
    if (!Array.isArray(message)) continue
    const { decimals, ...one } = krakenMessage(message)
    const checksum = krakenChecksum(decimals)
    const rules = { levelsMax: 1_000, keepsUpdates: false, checksum, checksumLevels: KRAKEN_CHECKSUM_LEVELS }
    const book = books.get(one.market) ?? new LiveBook(rules)
    books.set(one.market, book)
    const [price, amount] = book.ladder(1).bids[0] ?? [0, 0]
    const sent: BookMessage = ++checked === spoilt ? { ...one, bids: [price, amount + 1] } : one
    if (book.receive(sent).kind === 'gap') gaps++
  }
  return { checked, gaps }
}

function krakenMessage(
  message: readonly unknown[],
): BookMessage & { readonly decimals: ReturnType<typeof decimalsOf> } {
  const parts: Record<string, unknown> = Object.assign({}, ...message.slice(1, -2))
  const isSnapshot = 'as' in parts
  const [bids, asks] = [levelsOf(parts[isSnapshot ? 'bs' : 'b']), levelsOf(parts[isSnapshot ? 'as' : 'a'])]
  if (bids === undefined || asks === undefined) throw new Error('not levels')
  return {
    market: String(message.at(-1)),
    kind: isSnapshot ? 'snapshot' : 'update',
    bids,
    asks,
    decimals: decimalsOf(parts),
    ...(typeof parts['c'] === 'string' && { checksum: Number(parts['c']) }),
  }
}

/** The decimals that a market's numbers are written with. */
function decimalsOf(parts: Readonly<Record<string, unknown>>): { readonly price: number; readonly amount: number } {
  const row: unknown = [parts['as'], parts['bs']].flat()[0]
  const [price, amount]: unknown[] = Array.isArray(row) ? row : []
  const of = (text: unknown): number => String(text).split('.')[1]?.length ?? 0
  return { price: of(price), amount: of(amount) }
}
