import { startWorker } from '../../backtests/queue/queue-worker.ts'
import { codeHash, PERFORM, queueOf } from '../../backtests/run/code-hash.ts'

/* A worker as `plimsoll backtest worker` starts it, but soon missed when it is killed. Told by its arguments: Redis, folder. */

const [redisUrl = '', folder = ''] = process.argv.slice(2)
const code = codeHash()
await startWorker({
  redisUrl,
  queue: queueOf(code),
  folder,
  perform: PERFORM,
  codeHashOf: () => code,
  jobs: 1,
  lockMs: 1_500,
  stalledMs: 300,
  onLog: (line) => process.stdout.write(`${line}\n`),
})
