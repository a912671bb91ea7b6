import type { Command } from 'commander'
import type { BacktestResult } from '../../../backtests/result.ts'
import { Failed, Interrupted, newCommand, UsageError } from '../command.ts'
import { print, printJson } from '../output.ts'
import { jobsOption, outOf, outOption, redisOf, redisOption } from './options.ts'
import { progressOf } from './progress.ts'

type Options = {
  readonly out?: string
  readonly jobs: number
  readonly redis?: string
  readonly json?: boolean
  readonly check?: boolean
}

export function runCommand(): Command {
  return newCommand('run', 'Run a backtest, or what is left of it, and write its result and its report.', [
    'plimsoll backtest run backtests/examples/crises.yaml',
    'plimsoll backtest run my.yaml --jobs 4 --json',
    'PLIMSOLL_REDIS_URL=redis://host:6379 plimsoll backtest run my.yaml',
  ])
    .argument('<config>', 'a YAML file; backtests/examples has commented ones')
    .addOption(outOption())
    .addOption(jobsOption('how many threads work'))
    .addOption(redisOption())
    .option('--json', 'print one JSON object: all results but the hours, which are in the result file')
    .option('--check', 'exit with 1 when a promise of the config’s verdict was missed')
    .action(run)
}

async function run(path: string, options: Options): Promise<void> {
  const { readConfig, ConfigError } = await import('../../../backtests/config/read-config.ts')
  const redisUrl = redisOf(options)
  const read = (): ReturnType<typeof readConfig> => {
    try {
      return readConfig(path)
    } catch (error) {
      if (error instanceof ConfigError) throw new UsageError(error.message)
      throw error
    }
  }
  const { config, folder } = read()
  // It loads much, which a typo need not wait for.
  const { runBacktest } = await import('../../../backtests/run/run-backtest.ts')
  const progress = progressOf({ quiet: options.json === true })
  const stopping = new AbortController()
  const stop = (): void => stopping.abort()
  process.once('SIGINT', stop).once('SIGTERM', stop)
  try {
    const done = await runBacktest(config, {
      folder,
      out: outOf(options),
      jobs: options.jobs,
      ...(redisUrl === undefined ? {} : { redisUrl }),
      onProgress: progress.update,
      signal: stopping.signal,
    })
    progress.stop()
    const { summaryText } = await import('./summary.ts')
    if (options.json === true) printJson(withoutHours(done.result, done.files))
    else print(summaryText(done.result, done.files))
    const missed = done.result.lending?.verdicts.filter(({ kept, compared }) => compared && !kept).length ?? 0
    const judged = done.result.lending?.verdicts.filter(({ compared }) => compared).length ?? 0
    if (options.check === true && judged === 0) {
      throw new Failed('--check found nothing to judge: verdicts are of named crises, of policies in lending.verdict')
    }
    if (options.check === true && missed > 0) throw new Failed(`${missed} promises of the verdict were missed`)
  } catch (error) {
    progress.stop()
    if (stopping.signal.aborted) {
      throw new Interrupted('stopped; what was finished is kept: run the same command again for the rest')
    }
    throw error
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop)
  }
}

/** What a script reads: everything but the hours, which are megabytes. */
function withoutHours(result: BacktestResult, files: object): object {
  const { lending, forecast } = result
  return {
    ...result,
    ...(lending && { lending: { ...lending, courses: lending.courses.length, changes: lending.changes.length } }),
    ...(forecast && { forecast: { ...forecast, courses: forecast.courses.length } }),
    files,
  }
}
