import cliProgress from 'cli-progress'
import type { RunProgress } from '../../../backtests/run/progress.ts'
import { say } from '../output.ts'

/** Between two lines where nobody watches a bar, such as in a log. */
const LINE_SECONDS = 15

export type ShownProgress = { readonly update: (progress: RunProgress) => void; readonly stop: () => void }

/** A bar with time left on a terminal; elsewhere a line now and then; nothing when asked to be quiet without a terminal. */
export function progressOf({ quiet }: { readonly quiet: boolean }): ShownProgress {
  if (process.stderr.isTTY) return bar()
  return quiet ? { update: () => undefined, stop: () => undefined } : lines()
}

function bar(): ShownProgress {
  const shown = new cliProgress.SingleBar(
    {
      format: '{bar} {value}/{total} {stage}  {left}  {what}',
      hideCursor: true,
      clearOnComplete: true,
    },
    cliProgress.Presets.shades_classic,
  )
  shown.start(1, 0, { stage: '', left: '', what: '' })
  return {
    update: ({ stage, done, total, label, secondsLeft }) => {
      shown.setTotal(Math.max(1, total))
      shown.update(done, {
        stage,
        left: secondsLeft === undefined ? '' : `${shortDuration(secondsLeft)} left`,
        what: label,
      })
    },
    stop: () => shown.stop(),
  }
}

function lines(): ShownProgress {
  let last = Number.NEGATIVE_INFINITY
  return {
    update: ({ stage, done, total, label, secondsLeft }) => {
      const now = performance.now() / 1_000
      if (now - last < LINE_SECONDS && done < total) return
      last = now
      say(
        `${stage}: ${done} of ${total}${secondsLeft === undefined ? '' : `, ${shortDuration(secondsLeft)} left`}${label === '' ? '' : ` (${label})`}`,
      )
    },
    stop: () => undefined,
  }
}

function shortDuration(seconds: number): string {
  const whole = Math.ceil(seconds)
  if (whole < 60) return `${whole} s`
  if (whole < 3_600) return `${Math.floor(whole / 60)} min ${whole % 60} s`
  return `${Math.floor(whole / 3_600)} h ${Math.floor((whole % 3_600) / 60)} min`
}
