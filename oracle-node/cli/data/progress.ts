import cliProgress from 'cli-progress'
import { count } from '../output.ts'

export type Progress = {
  update(done: number, total: number, rows: number, what: string): void
  stop(): void
}

/** A bar with rate and time left on the terminal's stderr; nothing where nobody looks. */
export function progressBar({ quiet, of }: { readonly quiet: boolean; readonly of: string }): Progress {
  if (quiet || !process.stderr.isTTY) return { update: () => undefined, stop: () => undefined }
  const started = performance.now()
  const bar = new cliProgress.SingleBar(
    {
      format: `{bar} {value}/{total} ${of}  {rows} rows  {rate} rows/s  {eta_formatted} left  {what}`,
      hideCursor: true,
      clearOnComplete: true,
      etaBuffer: 20,
    },
    cliProgress.Presets.shades_classic,
  )
  bar.start(1, 0, { rows: '0', rate: '0', what: '' })
  return {
    update: (done, total, rows, what) => {
      bar.setTotal(total)
      const rate = rows / Math.max(0.001, (performance.now() - started) / 1_000)
      bar.update(done, { rows: count(rows), rate: count(Math.round(rate)), what })
    },
    stop: () => bar.stop(),
  }
}
