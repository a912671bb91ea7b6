import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { createGunzip } from 'node:zlib'
import { z } from 'zod'
import type { HistoryTrade } from './history.ts'

/** New amounts at prices at one time (unix milliseconds), zero where a level is gone. */
export type BookDiff = { readonly time: number; readonly bids: Levels; readonly asks: Levels }
type Levels = ReadonlyArray<readonly [number, number]>

/** A market's whole book at first, and everything that happened to it. Times are the venue's. */
export type BookRecording = {
  readonly first: BookDiff
  readonly diffs: readonly BookDiff[]
  readonly trades: readonly HistoryTrade[]
}

/** A day of one market's changes; an hour of BTC/USDT has forty thousand. */
const DIFFS_MAX = 2_000_000

const text = z.string().regex(/^\d{1,15}(\.\d{1,12})?$/)
const levels = z.array(z.tuple([text, text])).max(50_000)
const whole = z.int().nonnegative()
const snapshot = z.object({ lastUpdateId: whole, bids: levels, asks: levels })
const diff = z.object({ e: z.literal('depthUpdate'), E: whole, U: whole, u: whole, b: levels, a: levels })
const trade = z.object({ e: z.literal('trade'), t: whole, p: text, q: text, T: whole, m: z.boolean() })
const message = z.union([snapshot, z.object({ data: z.union([diff, trade, z.object({ u: whole, B: text })]) })])

/**
 * Reads a gzipped recording of Binance's spot streams: lines `<local time> <JSON>`, of diffs, trades and best prices, and one REST
 * book among them, to which the diffs after it are applied.
 * @throws {Error} that names the file and the line where one is unsound or diffs are missing, or says that there is no book.
 */
export async function readL2Log(path: string): Promise<BookRecording> {
  const lines = createInterface({
    input: createReadStream(path).pipe(createGunzip()),
    crlfDelay: Number.POSITIVE_INFINITY,
  })
  const state: State = { first: undefined, updateId: 0, time: 0, early: [], diffs: [], trades: [] }
  let number = 0
  try {
    for await (const line of lines) {
      number += 1
      if (line !== '') take(state, line)
      if (state.diffs.length > DIFFS_MAX) throw new Error(`more than ${DIFFS_MAX} diffs; give a shorter recording`)
    }
  } catch (error) {
    const reason = error instanceof z.ZodError ? (error.issues[0]?.message ?? '') : String(error)
    throw new Error(`${path} line ${number}: ${reason}; a recording of Binance's spot streams was needed`, {
      cause: error,
    })
  }
  const { first, diffs, trades } = state
  if (first === undefined) throw new Error(`${path} has no book to start from: a line with lastUpdateId was needed`)
  return { first, diffs, trades }
}

type Diff = z.infer<typeof diff>
type State = {
  first: BookDiff | undefined
  updateId: number
  /** The venue's time of the newest message. */
  time: number
  early: Diff[]
  readonly diffs: BookDiff[]
  readonly trades: HistoryTrade[]
}

function take(state: State, line: string): void {
  const parsed = message.parse(JSON.parse(line.slice(line.indexOf(' ') + 1)))
  if ('lastUpdateId' in parsed) {
    // A later book is one that the recorder asked for to compare: the diffs lead there too.
    if (state.first !== undefined) return
    state.first = { time: state.time, bids: numbers(parsed.bids), asks: numbers(parsed.asks) }
    state.updateId = parsed.lastUpdateId
    for (const each of state.early) apply(state, each)
    state.early = []
  } else if ('U' in parsed.data) {
    state.time = parsed.data.E
    if (state.first === undefined) state.early.push(parsed.data)
    else apply(state, parsed.data)
  } else if ('t' in parsed.data) {
    const { t: id, T: time, p, q, m } = parsed.data
    state.trades.push({ id, time, side: m ? 'sell' : 'buy', price: Number(p), amount: Number(q) })
  }
}

function apply(state: State, { E: time, U, u, b, a }: Diff): void {
  if (u <= state.updateId) return
  if (U > state.updateId + 1) throw new Error(`updates ${state.updateId + 1} to ${U - 1} are missing`)
  state.updateId = u
  state.diffs.push({ time, bids: numbers(b), asks: numbers(a) })
}

function numbers(side: z.infer<typeof levels>): Levels {
  return side.map(([price, amount]): readonly [number, number] => [Number(price), Number(amount)])
}
