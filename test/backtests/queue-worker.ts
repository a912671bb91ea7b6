import { z } from 'zod'
import { startWorker } from '../../backtests/queue/queue-worker.ts'

/* A worker process, told by one argument in JSON what it needs to know. It says on its output what it does, and ends on SIGTERM. */

const options = z
  .object({
    redisUrl: z.string(),
    queue: z.string(),
    code: z.string(),
    jobs: z.number(),
    lockMs: z.number(),
    stalledMs: z.number(),
    graceMs: z.number(),
  })
  .parse(JSON.parse(process.argv[2] ?? ''))

const controller = new AbortController()
process.once('SIGTERM', () => controller.abort())

const worker = await startWorker({
  ...options,
  codeHashOf: () => options.code,
  perform: new URL('./queue-perform.ts', import.meta.url),
  onLog: (line) => process.stdout.write(`${line}\n`),
  signal: controller.signal,
})
await worker.ended
process.exit(0)
