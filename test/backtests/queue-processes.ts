import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

export type WorkerOptions = {
  readonly redisUrl: string
  readonly queue: string
  readonly code: string
  readonly jobs?: number
  readonly lockMs?: number
  readonly stalledMs?: number
  readonly graceMs?: number
  /** Whose certificates it trusts besides. */
  readonly caFile?: string
}

export type WorkerProcess = {
  readonly child: ChildProcess
  /** What it said so far. */
  readonly lines: string[]
  /** Once it takes tasks. */
  readonly ready: Promise<void>
  readonly exited: Promise<number | null>
  /** The labels of the tasks that it did. */
  did(): string[]
}

/** A worker in a process of its own, killed when the test is over. */
export function workerProcess({ caFile, ...options }: WorkerOptions): WorkerProcess {
  const given = { jobs: 1, lockMs: 2_000, stalledMs: 400, graceMs: 5_000, ...options }
  const script = fileURLToPath(new URL('./queue-worker.ts', import.meta.url))
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', script, JSON.stringify(given)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...(caFile === undefined ? {} : { NODE_EXTRA_CA_CERTS: caFile }) },
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const lines: string[] = []
  const ready = Promise.withResolvers<void>()
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(line)
    if (line.includes('waits for tasks')) ready.resolve()
  })
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve))
  child.once('exit', () => ready.reject(new Error(`the worker ended before it took tasks: ${lines.join('\n')}`)))
  ready.promise.catch(() => undefined)
  const did = (): string[] => lines.flatMap((line) => line.match(/: did '(?<label>.*)'$/)?.groups?.['label'] ?? [])
  return { child, lines, ready: ready.promise, exited, did }
}
