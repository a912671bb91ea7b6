import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { BENCH_VENUES } from './streams-wire.ts'

/** One way of following the books, measured in a process of its own. CPU and memory are of that process alone. */
export type StreamsMeasured = {
  /** Updates that the servers sent, and that reached a book, a second. */
  readonly sentPerSecond: number
  readonly appliedPerSecond: number
  /** Gaps found, or errors thrown. */
  readonly failed: number
  readonly cpuPercentOfOneCore: number
  readonly microsecondsPerUpdate: number
  readonly rssMiB: number
  /** From an update's making to its place in the book, on one market; ccxt does not show it. */
  readonly lagMs?: { readonly p50: number; readonly p99: number }
}

export type StreamsBench = {
  readonly venues: number
  readonly symbols: number
  readonly updatesPerSecond: number
  readonly heapLimitMiB: number
  readonly adapter: StreamsMeasured
  /** Plain ccxt.pro, `for (;;) await watchOrderBook(symbol)`, on the same servers. */
  readonly ccxt: StreamsMeasured
}

const SYMBOLS = 200
const UPDATES_PER_SECOND = 10
/** Both ways get the same; without a limit V8 lets garbage lie until there is a gigabyte of it. */
const HEAP_MIB = 512
/** Books are filled and code is compiled before anything is measured. */
const WARM_UP_MS = 10_000

/** Eight venues of 200 books that change ten times a second, followed by the adapter and by plain ccxt, one after the other. */
export async function benchStreams(options: { readonly seconds: number }): Promise<StreamsBench> {
  return {
    venues: BENCH_VENUES.length,
    symbols: SYMBOLS,
    updatesPerSecond: BENCH_VENUES.length * SYMBOLS * UPDATES_PER_SECOND,
    heapLimitMiB: HEAP_MIB,
    adapter: await measure('adapter', options.seconds),
    ccxt: await measure('ccxt', options.seconds),
  }
}

type Counts = {
  readonly applied: number
  readonly failed: number
  readonly cpu: { readonly user: number; readonly system: number }
  readonly at: number
  readonly rss: number
  readonly lags: readonly number[]
}

async function measure(kind: 'adapter' | 'ccxt', seconds: number): Promise<StreamsMeasured> {
  const server = child('streams-server.ts', [String(SYMBOLS), String(UPDATES_PER_SECOND)])
  const { origins, bases } = await answer<{ origins: object; bases: readonly string[] }>(server)
  const node = child('streams-node.ts', [kind, JSON.stringify(origins), JSON.stringify(bases)])
  try {
    await answer(node)
    await pause(WARM_UP_MS)
    const [before, sentBefore] = await Promise.all([ask<Counts>(node), ask<{ sent: number }>(server)])
    await pause(seconds * 1_000)
    const [after, sentAfter] = await Promise.all([ask<Counts>(node), ask<{ sent: number }>(server)])
    return measured(before, after, sentAfter.sent - sentBefore.sent)
  } finally {
    for (const process of [node, server]) process.kill()
  }
}

function measured(before: Counts, after: Counts, sent: number): StreamsMeasured {
  const elapsed = (after.at - before.at) / 1_000
  const applied = after.applied - before.applied
  const cpu = after.cpu.user + after.cpu.system - before.cpu.user - before.cpu.system
  const lags = after.lags.toSorted((a, b) => a - b)
  const quantile = (share: number): number => lags[Math.min(lags.length - 1, Math.floor(share * lags.length))] ?? 0
  return {
    sentPerSecond: Math.round(sent / elapsed),
    appliedPerSecond: Math.round(applied / elapsed),
    failed: after.failed - before.failed,
    cpuPercentOfOneCore: Math.round(cpu / 1e3 / elapsed) / 10,
    microsecondsPerUpdate: Math.round((10 * cpu) / Math.max(1, applied)) / 10,
    rssMiB: Math.round(after.rss / 1_048_576),
    ...(lags.length > 0 && { lagMs: { p50: quantile(0.5), p99: quantile(0.99) } }),
  }
}

function child(file: string, args: readonly string[]): ChildProcess {
  const execArgv = ['--disable-warning=ExperimentalWarning', `--max-old-space-size=${HEAP_MIB}`]
  return fork(`${import.meta.dirname}/${file}`, args, { execArgv })
}

function ask<T>(process: ChildProcess): Promise<T> {
  process.send('counts')
  return answer<T>(process)
}

/** @throws {Error} when the process ends instead. */
async function answer<T>(process: ChildProcess): Promise<T> {
  const ended = once(process, 'exit').then(([code]) => {
    throw new Error(`a process of the benchmark ended with ${code}`)
  })
  const [message] = await Promise.race([once(process, 'message'), ended])
  ended.catch(() => undefined)
  return message
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
