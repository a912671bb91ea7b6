import { expect, test } from 'vitest'
import { predictTrees, predictTreesBatch } from '../../models/training/trees/ensemble.ts'
import { type FitTrees, fitTrees } from '../../models/training/trees/fit.ts'
import { fitOf, spreadRows } from './trees-samples.ts'

const rows = spreadRows(10, 1, 2)
const replaced = (values: Float64Array, index: number, value: number): Float64Array => values.with(index, value)

test.each<readonly [given: Partial<FitTrees>, message: string]>([
  [{ x: replaced(rows.x, 3, Number.NaN) }, 'x[3] is NaN, it needs to be a finite number'],
  [{ x: replaced(rows.x, 3, Infinity) }, 'x[3] is Infinity, it needs to be a finite number'],
  [{ y: replaced(rows.y, 0, Number.NaN) }, 'y[0] is NaN, it needs to be a finite number'],
  [{ weight: replaced(rows.weight, 9, 0) }, 'weight[9] is 0, it needs to be finite and over 0'],
  [{ weight: replaced(rows.weight, 9, -1) }, 'weight[9] is -1, it needs to be finite and over 0'],
  [{ weight: replaced(rows.weight, 9, Number.NaN) }, 'weight[9] is NaN, it needs to be finite and over 0'],
  [{ weight: new Float64Array(9) }, '9 weights were given, 10 rows need one each'],
  [{ x: new Float64Array(19) }, 'x holds 19 numbers, 10 rows of 2 features need 20'],
  [{ x: new Float64Array(), y: new Float64Array(), weight: new Float64Array() }, 'no row was given'],
  [{ width: 0 }, 'width is 0, it needs to be whole, from 1'],
  [{ rounds: 0 }, 'rounds is 0, it needs to be whole, from 1'],
  [{ leaves: 1 }, 'leaves is 1, it needs to be whole, from 2'],
  [{ depth: 0 }, 'depth is 0, it needs to be whole, from 1'],
  [{ bins: 257 }, 'bins is 257, it needs to be whole, from 2 to 256'],
  [{ seed: 0.5 }, 'seed is 0.5, it needs to be whole'],
  [{ learningRate: 0 }, 'learningRate is 0, it needs to be over 0 and at most 1'],
  [{ rowShare: 1.1 }, 'rowShare is 1.1, it needs to be over 0 and at most 1'],
  [{ featureShare: Number.NaN }, 'featureShare is NaN, it needs to be over 0 and at most 1'],
  [{ leafWeightMin: 0.5 }, 'leafWeightMin is 0.5, it needs to be in [0, 0.5)'],
  [{ l2: -1 }, 'l2 is -1, it needs to be finite and at least 0'],
  [{ loss: { kind: 'quantile', level: 1 } }, 'the quantile level is 1, it needs to be between 0 and 1'],
  [{ loss: { kind: 'qlike' } }, 'l2 is 0, qlike needs it over 0'],
  [{ loss: { kind: 'qlike' }, l2: 1, y: replaced(rows.y, 2, -1) }, 'y[2] is -1, it needs to be at least 0, a variance'],
  [{ loss: { kind: 'qlike' }, l2: 1, y: new Float64Array(10) }, 'every y is 0, qlike needs a variance over 0'],
  [{ patience: 3 }, 'patience of 3 rounds was given without validation rows'],
  [{ patience: 0, validation: rows }, 'patience is 0, it needs to be whole, from 1'],
  [{ validation: { ...rows, x: new Float64Array(3) } }, 'validation x holds 3 numbers, 10 rows of 2 features need 20'],
  [{ validation: { ...rows, y: replaced(rows.y, 1, Infinity) } }, 'validation y[1] is Infinity'],
  [{ monotone: [1] }, 'monotone has 1 directions, 2 features need one each'],
])('what cannot be trained on is refused, and why: %#', (given, message) => {
  expect(() => fitTrees({ ...fitOf(rows), ...given })).toThrow(`trees cannot be fitted: ${message}`)
})

test('a row that is no row of these trees is refused', () => {
  const ensemble = fitTrees(fitOf(rows))
  expect(() => predictTrees(ensemble, [1])).toThrow('a row of 1 features was given, these trees need 2')
  expect(() => predictTrees(ensemble, [1, Number.NaN])).toThrow('feature 1 of a row is NaN')
  expect(() => predictTreesBatch(ensemble, new Float64Array(3))).toThrow('a multiple of 2')
})
