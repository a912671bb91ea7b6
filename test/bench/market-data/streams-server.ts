import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Ladder } from '../../../oracle-node/core/market.ts'
import {
  BENCH_VENUES,
  BENCH_WIRES,
  type BenchVenue,
  type BenchWire,
  bookAfter,
  CYCLE,
  changesOf,
} from './streams-wire.ts'

/** Run as a process of its own: eight venues with books that change ten times a second, written beforehand as far as can be. */
const SYMBOLS = Number(process.argv[2] ?? 200)
const UPDATES_PER_SECOND = Number(process.argv[3] ?? 10)
const TICK_MS = 10
/** Five-letter names that no venue abbreviates. */
const BASES = Array.from(
  { length: SYMBOLS },
  (_, index) => `QB${[676, 26, 1].map((place) => String.fromCharCode(65 + (Math.floor(index / place) % 26))).join('')}`,
)

type Book = {
  readonly id: string
  readonly wireId: string
  readonly socket: WebSocket
  sequence: number
  readonly messages: ReadonlyArray<(sequence: number) => string>
}

let sent = 0
const origins: Record<string, string> = {}
for (const venue of BENCH_VENUES) origins[venue] = await serve(venue)
process.send?.({ origins, bases: BASES })
process.on('message', () => process.send?.({ sent }))
process.on('disconnect', () => process.exit())

async function serve(venue: BenchVenue): Promise<string> {
  const wire = BENCH_WIRES[venue]
  const books = new Map<string, Book>()
  const server = createServer((request, response) => response.end(restOf(wire, books, request.url ?? '')))
  new WebSocketServer({ server, perMessageDeflate: false }).on('connection', (socket) => follow(venue, books, socket))
  pump(books)
  return await listening(server)
}

function restOf(wire: BenchWire, books: ReadonlyMap<string, Book>, url: string): string {
  if (wire.isListing.test(url)) return JSON.stringify(wire.listing(BASES))
  const id = wire.isSnapshot?.exec(url)?.[1]
  if (id !== undefined) {
    const sequence = books.get(id)?.sequence ?? 1
    return wire.snapshot(id, bookAfter(sequence, wire.levels), sequence)
  }
  if (url.includes('margin')) return '[]'
  return HOURS.get(wire) ?? ''
}

const HOURS = new Map<BenchWire, string>(
  BENCH_VENUES.map((venue) => {
    const open = Math.floor(Date.now() / 3_600_000) * 3_600_000
    const candles = Array.from({ length: 201 }, (_, index) => [
      open - (200 - index) * 3_600_000,
      1_000,
      1_001,
      999,
      1_000,
      5,
    ])
    return [BENCH_WIRES[venue], JSON.stringify(BENCH_WIRES[venue].hours(candles))]
  }),
)

function follow(venue: BenchVenue, books: Map<string, Book>, socket: WebSocket): void {
  const wire = BENCH_WIRES[venue]
  socket.on('error', () => socket.terminate())
  socket.on('close', () => {
    for (const [id, book] of books) if (book.socket === socket) books.delete(id)
  })
  socket.on('message', (data) => {
    const text = String(data)
    const request: Readonly<Record<string, unknown>> = text.startsWith('{') ? JSON.parse(text) : {}
    const answer = wire.answer?.(request)
    if (answer !== undefined) socket.send(JSON.stringify(answer))
    for (const id of wire.subscribed(request)) begin(venue, books, socket, id)
  })
}

function begin(venue: BenchVenue, books: Map<string, Book>, socket: WebSocket, id: string): void {
  const wire = BENCH_WIRES[venue]
  const chanId = books.size + 1
  const wireId = venue === 'bitfinex' ? String(chanId) : id
  if (venue === 'bitfinex') {
    const channel = { event: 'subscribed', channel: 'book', chanId, symbol: id, prec: 'P0', len: '250' }
    socket.send(JSON.stringify(channel))
  }
  if (wire.isSnapshot === undefined) socket.send(wire.snapshot(wireId, stateOf(venue, 0), CYCLE))
  books.set(id, { id, wireId, socket, sequence: CYCLE, messages: messagesOf(venue, wireId) })
}

function messagesOf(venue: BenchVenue, id: string): Array<(sequence: number) => string> {
  return Array.from({ length: CYCLE }, (_, step) =>
    BENCH_WIRES[venue].update(id, venue === 'bitfinex' ? bitfinexState(step) : changesOf(step), stateOf(venue, step)),
  )
}

function stateOf(venue: BenchVenue, step: number): Ladder {
  return venue === 'bitfinex' ? bitfinexState(step) : bookAfter(step, BENCH_WIRES[venue].levels)
}

/** There one level changes at a time. */
function bitfinexState(step: number): Ladder {
  const book = bookAfter(0, BENCH_WIRES.bitfinex.levels)
  const [first = [0, 0], ...rest] = book.bids
  return { bids: [[first[0], 1 + (step % CYCLE) / 8], ...rest], asks: book.asks }
}

/** Each book in its turn, all within a tenth of a second. */
function pump(books: ReadonlyMap<string, Book>): void {
  const start = performance.now()
  let done = 0
  setInterval(() => {
    const all = [...books.values()]
    const due = Math.floor(((performance.now() - start) / 1_000) * UPDATES_PER_SECOND * SYMBOLS)
    // What could not be sent in time is not made up for at once.
    const count = Math.min(due - done, all.length)
    for (let index = 0; index < count; index++) {
      const book = all[(done + index) % SYMBOLS]
      if (book === undefined || book.socket.readyState !== 1) continue
      book.sequence++
      const message = book.messages[book.sequence % CYCLE]?.(book.sequence) ?? ''
      for (const part of message.includes('\n') ? message.split('\n') : [message]) book.socket.send(part)
      sent++
    }
    done = due
  }, TICK_MS)
}

async function listening(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return `127.0.0.1:${address.port}`
}
