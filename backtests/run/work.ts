import { startWorker } from '../queue/queue-worker.ts'
import { codeHash, PERFORM, queueOf } from './code-hash.ts'
import { isLocal } from './engine.ts'
import { tasksFolder } from './run-folder.ts'

/**
 * Takes tasks of backtests from a queue until it is told to stop.
 * @throws {Error} when Redis cannot be used, naming it without its password.
 */
export async function work(options: {
  readonly redisUrl: string
  readonly out: string
  readonly jobs: number
  readonly onLog: (line: string) => void
  readonly signal: AbortSignal
}): Promise<void> {
  const { redisUrl, out, jobs, onLog, signal } = options
  const code = codeHash()
  const worker = await startWorker({
    redisUrl,
    folder: tasksFolder(out),
    perform: PERFORM,
    codeHashOf: () => code,
    queue: queueOf(code),
    // A run never sends one: whoever did would have this machine run its files.
    refuse: ({ input }) => (isLocal(input) ? 'it names what lies on this machine' : undefined),
    jobs,
    onLog,
    signal,
  })
  await worker.ended
}
