import { committedDepth } from '../oracle/committed-depth.ts'
import { encodeColumns } from '../oracle/forecast-file.ts'
import { forecastColumns } from '../oracle/forecast-series.ts'
import { type FittedFrom, fittedAt, isFitted } from '../oracle/forecasters.ts'
import { packArrays } from '../pack-arrays.ts'
import { decodeSeries } from '../series-bytes.ts'
import type { Perform, Task, TaskContext } from '../tasks/task.ts'
import { runMarkets } from './market-task.ts'
import { taskInput } from './task-inputs.ts'
import { trainingSamples } from './training-task.ts'
import { walkTask } from './walk-task.ts'

/** Does a backtest's task, in whatever thread or process: `fit` a forecaster, its `columns` for a series, `market` runs, a model's `walk`. */
export const perform: Perform = async (task, context) => {
  switch (task.kind) {
    case 'fit':
      return json(await fitTask(task, context))
    case 'columns':
      return columns(task, context)
    case 'market':
      return json(await runMarkets(taskInput('market', task), context))
    case 'walk':
      return packArrays(null, { outputs: await walkTask(taskInput('walk', task), context) })
    default:
      throw new Error(`there is no task of the kind ${task.kind}; is this worker of another version?`)
  }
}

async function fitTask(task: Task, context: TaskContext): Promise<FittedFrom> {
  const { forecaster, refit, leftOut, training } = taskInput('fit', task)
  return fittedAt(forecaster, refit, await trainingSamples(training, context), leftOut)
}

async function columns(task: Task, context: TaskContext): Promise<Uint8Array> {
  const { series, market, forecaster, fits } = taskInput('columns', task)
  const fitted: FittedFrom[] = isFitted(forecaster)
    ? await Promise.all(fits.map(async (key) => parsed<FittedFrom>(await context.read(key))))
    : [fittedAt(forecaster, 0, [])]
  return encodeColumns(
    forecastColumns({
      series: decodeSeries(await context.read(series)),
      ...(market === undefined ? {} : { market: decodeSeries(await context.read(market)) }),
      fits: fitted,
      depth: committedDepth(),
    }),
  )
}

export function json(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value))
}

export function parsed<T>(bytes: Uint8Array): T {
  return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'))
}
