import { parentPort } from 'node:worker_threads'
import { invariant } from '../../../oracle-node/core/errors.ts'
import { type FitTrees, fitTrees } from './fit.ts'
import type { FromWorker, ToWorker } from './in-workers.ts'

/*
 * A thread of fitTreesInWorkers: one job after another, its rounds reported as they end.
 */

invariant(parentPort !== null, 'trees/worker.ts is started as a worker thread, and not as a program')
const port = parentPort
const say = (message: FromWorker): void => port.postMessage(message)

port.on('message', ({ job, fit }: ToWorker) => say(answerTo(job, fit)))

function answerTo(job: number, fit: FitTrees): FromWorker {
  try {
    return { kind: 'fitted', job, ensemble: fitTrees(fit, (report) => say({ kind: 'round', job, report })) }
  } catch (error) {
    // To be thrown where the job came from: here it would end a thread that others wait for.
    return { kind: 'failed', job, error }
  }
}
