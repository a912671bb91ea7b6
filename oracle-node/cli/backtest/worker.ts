import type { Command } from 'commander'
import { newCommand, UsageError } from '../command.ts'
import { say } from '../output.ts'
import { jobsOption, outOf, outOption, redisOf, redisOption } from './options.ts'

type Options = { readonly out?: string; readonly jobs: number; readonly redis?: string }

export function workerCommand(): Command {
  return newCommand('worker', 'Take pieces of backtests from a queue, until it is stopped.', [
    'plimsoll backtest worker --redis redis://host:6379 --jobs 8',
  ])
    .addOption(redisOption())
    .addOption(jobsOption('how many pieces at once'))
    .addOption(outOption())
    .action(work)
}

async function work(options: Options): Promise<void> {
  const redisUrl = redisOf(options)
  if (redisUrl === undefined) throw new UsageError('a worker needs a queue; give --redis or PLIMSOLL_REDIS_URL')
  const { work: workOn } = await import('../../../backtests/run/work.ts')
  const stopping = new AbortController()
  process.once('SIGINT', () => stopping.abort()).once('SIGTERM', () => stopping.abort())
  await workOn({ redisUrl, out: outOf(options), jobs: options.jobs, onLog: say, signal: stopping.signal })
  // A connection that is still sought would keep the process.
  process.exit(0)
}
