import type { Command } from 'commander'
import { newCommand } from '../command.ts'
import { compareCommand } from './compare.ts'
import { listCommand } from './list.ts'
import { reportCommand } from './report.ts'
import { runCommand } from './run.ts'
import { workerCommand } from './worker.ts'

export function backtestCommands(): Command {
  return newCommand('backtest', 'Replay lending markets and forecasts over the past, through the live code.', [
    'plimsoll backtest run backtests/examples/crises.yaml',
    'plimsoll backtest list',
    'plimsoll backtest compare 1f0c 9ab2',
    'plimsoll backtest report 1f0c --png plots',
  ])
    .addCommand(runCommand())
    .addCommand(listCommand())
    .addCommand(compareCommand())
    .addCommand(reportCommand())
    .addCommand(workerCommand())
}
