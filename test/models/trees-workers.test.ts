import { expect, test } from 'vitest'
import { type FitTrees, fitTrees } from '../../models/training/trees/fit.ts'
import { fitTreesInWorkers, type JobReport } from '../../models/training/trees/in-workers.ts'
import { fitOf, spreadRows } from './trees-samples.ts'

const rows = spreadRows(800, 41)
const validation = spreadRows(200, 42)
const rest = { rounds: 6, learningRate: 0.3, l2: 1, rowShare: 0.8, validation, patience: 20 }
const jobs: readonly FitTrees[] = [
  fitOf(rows, { ...rest, loss: { kind: 'quantile', level: 0.95 } }),
  fitOf(rows, { ...rest, loss: { kind: 'qlike' } }),
  fitOf(rows, { ...rest, loss: { kind: 'squared' } }),
]

test('threads give the bits that one thread gives, in the order of the jobs, and tell of every round', async () => {
  const reports: JobReport[] = []
  const ensembles = await fitTreesInWorkers(jobs, { threads: 2, onProgress: (report) => reports.push(report) })
  expect(ensembles).toEqual(jobs.map((job) => fitTrees(job)))
  for (const [job, fit] of jobs.entries()) {
    const alone: Omit<JobReport, 'job'>[] = []
    fitTrees(fit, (report) => alone.push(report))
    expect(reports.filter((each) => each.job === job)).toEqual(alone.map((report) => ({ job, ...report })))
  }
})

test('features in shared memory are trained on where they are, and left as they were', async () => {
  const shared = new Float64Array(new SharedArrayBuffer(rows.x.byteLength))
  shared.set(rows.x)
  const [job = fitOf(rows)] = jobs
  expect(await fitTreesInWorkers([{ ...job, x: shared }])).toEqual([fitTrees(job)])
  expect(shared).toEqual(rows.x)
})

test('a job that cannot be trained is thrown with its reason, and no other goes on', async () => {
  const [job = fitOf(rows)] = jobs
  const endless = { ...job, rounds: 100_000, patience: 100_000 }
  const wrong = { ...job, y: new Float64Array(3) }
  await expect(fitTreesInWorkers([endless, wrong], { threads: 2 })).rejects.toThrow(
    'trees cannot be fitted: x holds 2400 numbers, 3 rows of 3 features need 9',
  )
})

test('no jobs give no ensembles', async () => {
  expect(await fitTreesInWorkers([])).toEqual([])
})
