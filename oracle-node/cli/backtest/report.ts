import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Command } from 'commander'
import { newCommand, UsageError } from '../command.ts'
import { say } from '../output.ts'
import { outOf, outOption } from './options.ts'

type Options = { readonly out?: string; readonly html?: string; readonly png?: string; readonly svg?: string }

export function reportCommand(): Command {
  return newCommand('report', 'Write the report of a run anew, or its plots as pictures.', [
    'plimsoll backtest report 1f0c',
    'plimsoll backtest report 1f0c --html report.html --png plots',
  ])
    .argument('<id>', 'a run’s id, or as much of its beginning as tells it from others')
    .addOption(outOption())
    .option('--html <file>', 'where the page goes (default: beside the result)')
    .option('--png <folder>', 'also write every plot as a PNG')
    .option('--svg <folder>', 'also write every plot as an SVG')
    .action(report)
}

async function report(id: string, options: Options): Promise<void> {
  const [{ findRun, RunNotFound }, { reportHtml }, { reportPlots }, { plotPng }] = await Promise.all([
    import('../../../backtests/run/run-folder.ts'),
    import('../../../backtests/report/report-html.ts'),
    import('../../../backtests/report/report-plots.ts'),
    import('../../../backtests/report/png.ts'),
  ])
  const found = (): ReturnType<typeof findRun> => {
    try {
      return findRun(outOf(options), id)
    } catch (error) {
      if (error instanceof RunNotFound) throw new UsageError(error.message)
      throw error
    }
  }
  const { result, folder } = found()
  const html = options.html ?? join(folder, 'report.html')
  await writeFile(html, reportHtml(result))
  say(`wrote ${html}`)
  const plots = reportPlots(result)
  for (const [kind, target] of [
    ['png', options.png],
    ['svg', options.svg],
  ] as const) {
    if (target === undefined) continue
    await mkdir(target, { recursive: true })
    for (const plot of plots)
      await writeFile(join(target, `${plot.id}.${kind}`), kind === 'png' ? plotPng(plot.svg) : plot.svg)
    say(`wrote ${plots.length} plots into ${target}`)
  }
}
