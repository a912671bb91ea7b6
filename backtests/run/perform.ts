import { committedDepth } from '../oracle/committed-depth.ts'
import { encodeColumns } from '../oracle/forecast-file.ts'
import { forecastColumns } from '../oracle/forecast-series.ts'
import { type FittedFrom, fitForecaster } from '../oracle/forecasters.ts'
import { samplesUntil } from '../oracle/training-samples.ts'
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
      return json(await fittedAt(task, context))
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

async function fittedAt(task: Task, context: TaskContext): Promise<FittedFrom> {
  const { forecaster, refit, leftOut, training } = taskInput('fit', task)
  const samples = await trainingSamples(training, context)
  const train = samplesUntil(samples, refit, leftOut)
  try {
    return { from: refit, fitted: fitForecaster(forecaster, train) }
  } catch (error) {
    const day = new Date(refit * 1_000).toISOString().slice(0, 10)
    throw new Error(`${forecaster} cannot be fitted on ${day} on ${train.length} samples; begin later`, {
      cause: error,
    })
  }
}

async function columns(task: Task, context: TaskContext): Promise<Uint8Array> {
  const { series, market, forecaster, fits } = taskInput('columns', task)
  const fitted: FittedFrom[] =
    fits.length === 0 && (forecaster === 'ewma' || forecaster === 'range')
      ? [{ from: 0, fitted: { id: forecaster } }]
      : await Promise.all(fits.map(async (key) => parsed<FittedFrom>(await context.read(key))))
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
