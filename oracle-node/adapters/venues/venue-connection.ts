import type { Exchange } from 'ccxt'
import type { Rejection, VenueId } from '../../core/market.ts'
import type { Telemetry } from '../../ports/telemetry.ts'
import { VenueFault } from '../venue-http.ts'
import { backoffMs } from './backoff.ts'
import { fetchSnapshot } from './book-snapshot.ts'
import { FollowedMarket } from './followed-market.ts'
import { groupsOf } from './groups-of.ts'
import type { BookMessage } from './live-book.ts'
import { isFields } from './read-message.ts'
import { STREAM_PROTOCOLS, type StreamMarket, type StreamProtocol } from './stream-protocols.ts'
import { dropSockets, hookSockets, type StreamSocket, socketUrl } from './stream-sockets.ts'
import { taskQueue } from './task-queue.ts'
import { rejectionOf, SILENCE_MAX_MS } from './venue-exchange.ts'

/** Looks after the books and the socket so often. */
const CHECK_MS = 1_000
/** Open for so long, a connection's next failure counts as its first. */
const STEADY_MS = 60_000
/** With few markets on Binance, its rate limit allows the deepest snapshot of each within a minute. */
const FEW_MARKETS = 20

/** Why there is no connection. */
type Outage = { readonly reason: Rejection; readonly detail: string }

/** A venue's socket with some of its markets: kept open, and their books in step, until `close`. */
export class VenueConnection {
  readonly #venue: VenueId
  readonly #exchange: Exchange
  readonly #protocol: StreamProtocol
  readonly #url: string
  readonly #telemetry: Telemetry
  readonly #random: () => number
  readonly #markets: ReadonlyMap<string, FollowedMarket>
  readonly #snapshots = taskQueue(2)
  readonly #check: NodeJS.Timeout
  readonly #handleOther: Exchange['handleMessage']
  #reconnect: NodeJS.Timeout | undefined
  /** Rises with each connection, so that what an earlier one left behind is told apart. */
  #generation = 0
  #requestId = 0
  #failures = 0
  #openedAt: number | undefined
  #heardAt = 0
  #outage: Outage | undefined
  #isClosed = false

  constructor(options: {
    readonly venue: VenueId
    /** Its own, with its list of markets loaded. */
    readonly exchange: Exchange
    readonly markets: readonly StreamMarket[]
    readonly telemetry: Telemetry
    readonly random: () => number
  }) {
    const { venue, exchange, markets, telemetry, random } = options
    this.#venue = venue
    this.#exchange = exchange
    this.#protocol = STREAM_PROTOCOLS[venue]
    this.#url = socketUrl(exchange, this.#protocol)
    this.#telemetry = telemetry
    this.#random = random
    this.#markets = new Map(
      markets.map((market) => [market[this.#protocol.name], new FollowedMarket(market, this.#protocol, random)]),
    )
    this.#handleOther = hookSockets(exchange, this.#markets.values(), {
      receive: (socket, message) => this.#receive(socket, message),
      record: (isTrade) => this.#record(isTrade),
    })
    this.#check = setInterval(() => this.#lookAfter(), CHECK_MS)
    this.#check.unref()
    this.#open()
  }

  get markets(): Iterable<FollowedMarket> {
    return this.#markets.values()
  }

  /** Why there is no connection, if there is none. */
  get outage(): Outage | undefined {
    return this.#outage
  }

  /** How long ago the venue last said anything, in ms: a book that is in step was so then. */
  silence(): number {
    return performance.now() - this.#heardAt
  }

  close(): void {
    this.#isClosed = true
    this.#generation++
    clearInterval(this.#check)
    clearTimeout(this.#reconnect)
    this.#drop({ reason: 'unreachable', detail: 'the node is stopping' })
  }

  #open(): void {
    const generation = ++this.#generation
    const now = performance.now()
    this.#outage = undefined
    this.#heardAt = now
    this.#openedAt = now
    const failed = (error: unknown): void => this.#fail(generation, error)
    try {
      const followed = [...this.#markets.values()]
      for (const market of followed) market.begin(now)
      if (this.#protocol.greeting !== undefined)
        this.#client().connected.then(() => this.#send(this.#protocol.greeting), failed)
      for (const group of groupsOf(followed, this.#protocol.perRequest)) {
        const ids = group.map(({ market }) => market[this.#protocol.name])
        const hashes = ids.map((id) => `book of ${id}`)
        // Nothing ever fulfils it: it ends when the connection does.
        const subscription = { name: 'book' }
        this.#exchange
          .watchMultiple(this.#url, hashes, this.#request('subscribe', ids), hashes, subscription)
          .catch(failed)
        this.#watchTrades(group).catch(failed)
      }
    } catch (error) {
      failed(error)
    }
  }

  async #watchTrades(group: readonly FollowedMarket[]): Promise<void> {
    const symbols = group.map(({ market }) => market.symbol)
    if (this.#exchange.has['watchTradesForSymbols'] === true) await this.#exchange.watchTradesForSymbols(symbols)
    else await Promise.all(symbols.map((symbol) => this.#exchange.watchTrades(symbol)))
  }

  #fail(generation: number, error: unknown): void {
    if (generation !== this.#generation || this.#isClosed) return
    this.#generation++
    const outage = rejectionOf(error)
    if (performance.now() - (this.#openedAt ?? 0) > STEADY_MS) this.#failures = 0
    const pause = backoffMs(this.#failures++, this.#random())
    this.#drop(outage)
    this.#telemetry.count('plimsoll_stream_reconnects_total', { venue: this.#venue })
    this.#telemetry.log('warn', 'stream-lost', { venue: this.#venue, ...outage, retryMs: pause })
    clearTimeout(this.#reconnect)
    this.#reconnect = setTimeout(() => this.#open(), pause)
    this.#reconnect.unref()
  }

  #drop(outage: Outage): void {
    this.#outage = outage
    this.#openedAt = undefined
    for (const market of this.#markets.values()) market.end(outage.detail)
    dropSockets(this.#exchange, new VenueFault(outage.reason, outage.detail))
  }

  #receive(client: StreamSocket, message: unknown): void {
    if (this.#isClosed || this.#exchange.clients[client.url] !== client) return
    this.#heardAt = performance.now()
    if (typeof message === 'string' && message !== 'pong') {
      // No JSON, though all that a venue sends is: it stands in some message's place.
      this.#distrust(undefined)
      return
    }
    const read = this.#protocol.read(message, client.subscriptions)
    switch (read.kind) {
      case 'none':
        return
      case 'other':
        this.#passOn(client, message)
        return
      case 'malformed':
        this.#distrust(read.market)
        return
      default:
        this.#apply(read)
    }
  }

  #passOn(client: StreamSocket, message: unknown): void {
    try {
      this.#handleOther(client, message)
    } catch {
      // What ccxt's handlers stumble over is the venue's fault, and nothing to stop for.
      this.#record(false)
    }
  }

  #apply(message: BookMessage): void {
    const followed = this.#markets.get(message.market)
    if (followed === undefined) return
    const outcome = followed.receive(message, this.#heardAt)
    if (outcome.kind === 'gap') this.#lost(followed, outcome.detail)
    else if (outcome.kind === 'waiting') this.#askIfDue(followed)
  }

  /** A message about a book that cannot be read may have been a change of it. */
  #distrust(id: string | undefined): void {
    this.#record(false)
    const named = id === undefined ? undefined : this.#markets.get(id)
    const doubted = id === undefined ? [...this.#markets.values()] : named === undefined ? [] : [named]
    for (const followed of doubted) {
      if (!followed.isHoping) continue
      followed.lose('a message about it could not be read', this.#heardAt)
      this.#lost(followed, followed.detail)
    }
  }

  #lost(followed: FollowedMarket, detail: string): void {
    this.#telemetry.count('plimsoll_book_gaps_total', { venue: this.#venue })
    this.#telemetry.log('debug', 'book-gap', { venue: this.#venue, symbol: followed.market.symbol, detail })
    this.#askIfDue(followed)
  }

  #record(isGood: boolean): void {
    if (!isGood) this.#telemetry.count('plimsoll_stream_messages_rejected_total', { venue: this.#venue })
  }

  #lookAfter(): void {
    const now = performance.now()
    if (this.#openedAt === undefined) return
    if (!this.#tidy()) return
    const answered = Object.values(this.#exchange.clients).map((client) => now - Date.now() + (client.lastPong ?? 0))
    if (now - Math.max(this.#heardAt, ...answered) > SILENCE_MAX_MS) {
      this.#fail(this.#generation, new VenueFault('timeout', `the venue has said nothing for ${SILENCE_MAX_MS} ms`))
      return
    }
    let inStep = 0
    for (const followed of this.#markets.values()) {
      const fault = followed.check(now)
      if (fault !== undefined) {
        followed.lose(fault, now)
        this.#lost(followed, fault)
      } else if (followed.isDue(now)) followed.renew(now)
      this.#askIfDue(followed)
      if (followed.book.isLive) inStep++
    }
    this.#telemetry.gauge('plimsoll_books_in_step', inStep, { venue: this.#venue })
  }

  /** ccxt keeps what a venue sends without being asked: errors under numbers of the venue's choice, channels that it opens. */
  #tidy(): boolean {
    for (const client of Object.values(this.#exchange.clients)) {
      client.rejections = {}
      if (Object.keys(client.subscriptions).length > 10 * this.#markets.size + 100) {
        this.#fail(
          this.#generation,
          new VenueFault('malformed', 'the venue opened more channels than it was asked for'),
        )
        return false
      }
    }
    return true
  }

  #askIfDue(followed: FollowedMarket): void {
    if (this.#openedAt === undefined || !followed.takeRequest(performance.now())) return
    if (this.#protocol.snapshot === 'rest') {
      const { episode } = followed
      this.#snapshots(() => this.#fetchSnapshot(followed, episode))
      return
    }
    const ids = [followed.market[this.#protocol.name]]
    const goodbye = this.#request('unsubscribe', ids)
    // Bitfinex will give the book another channel: what still comes by the old one is nobody's.
    const channel = isFields(goodbye) && 'chanId' in goodbye ? goodbye['chanId'] : null
    if (channel === undefined) {
      this.#fail(this.#generation, new VenueFault('out-of-sync', `nobody said by which channel ${ids[0]} comes`))
      return
    }
    if (typeof channel === 'number') delete this.#client().subscriptions[channel]
    this.#send(goodbye)
    this.#send(this.#request('subscribe', ids))
  }

  async #fetchSnapshot(followed: FollowedMarket, episode: number): Promise<void> {
    if (episode !== followed.episode) return
    const { symbol } = followed.market
    try {
      const levels = this.#markets.size <= FEW_MARKETS ? 5_000 : 1_000
      const id = followed.market[this.#protocol.name]
      const snapshot = await fetchSnapshot(this.#exchange, { symbol, id, levels })
      if (episode !== followed.episode) return
      const outcome = followed.receive(snapshot, performance.now())
      if (outcome.kind === 'gap') this.#lost(followed, outcome.detail)
    } catch (error) {
      if (episode !== followed.episode) return
      followed.lose(error instanceof Error ? error.message.slice(0, 300) : 'no snapshot', performance.now())
    }
  }

  #request(verb: 'subscribe' | 'unsubscribe', ids: readonly string[]): unknown {
    const channels = this.#client().subscriptions
    return this.#protocol.request({ verb, ids, requestId: ++this.#requestId, channels })
  }

  #send(message: unknown): void {
    this.#client().send(message)
  }

  #client(): StreamSocket {
    return this.#exchange.client(this.#url)
  }
}
