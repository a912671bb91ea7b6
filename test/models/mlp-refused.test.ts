import { expect, test } from 'vitest'
import type { FitMlp, HorizonRows, MlpRows } from '../../models/training/mlp/check.ts'
import { plainGradients } from '../../models/training/mlp/plain.ts'
import { trainMlp } from '../../models/training/mlp/train.ts'
import { fitOf, knownRows } from './mlp-samples.ts'

const rows = knownRows(10, 1)
const changed = (of: (each: HorizonRows) => Partial<HorizonRows>): MlpRows['horizons'] =>
  rows.horizons.map((each, horizon) => (horizon === 1 ? { ...each, ...of(each) } : each))
const tail = [0, 1, 2, 3, 4] as const

test.each<readonly [given: Partial<FitMlp>, message: string]>([
  [{ x: rows.x.with(3, Number.NaN) }, 'x[3] is NaN, it needs to be a finite number'],
  [{ x: rows.x.subarray(1) }, 'x holds 29 numbers, 10 rows of 3 inputs need 30'],
  [{ weight: rows.weight.with(9, 0) }, 'weight[9] is 0, it needs to be finite and over 0'],
  [{ weight: rows.weight.with(9, Infinity) }, 'weight[9] is Infinity, it needs to be finite and over 0'],
  [{ x: new Float64Array(), weight: new Float64Array() }, 'no row was given'],
  [
    { horizons: changed(({ base }) => ({ base: base.with(2, 0) })) },
    'horizons[1].base[2] is 0, it needs to be finite and over 0',
  ],
  [{ horizons: changed(({ realized }) => ({ realized: realized.with(2, -1) })) }, 'horizons[1].realized[2] is -1'],
  [{ horizons: changed(({ loss }) => ({ loss: loss.with(2, Number.NaN) })) }, 'horizons[1].loss[2] is NaN'],
  [
    { horizons: changed(({ loss }) => ({ loss: loss.subarray(1) })) },
    'horizons[1].loss holds 9 numbers, 10 rows need one each',
  ],
  [{ horizons: [], starts: [] }, 'no horizon was given'],
  [{ starts: [tail] }, '1 starting tails were given, 2 horizons need one each'],
  [{ starts: [tail, [0, 1, 1, 3, 4]] }, 'starts[1] is 0, 1, 1, 3, 4, it needs to rise'],
  [{ starts: [tail, [0, 1, 2, 3, Number.NaN]] }, 'starts[1] is 0, 1, 2, 3, NaN'],
  [
    { starts: [tail, [-5, -4, -3, -2, -1]] },
    'starts[1] is -5, -4, -3, -2, -1, it needs to rise by 0.0001 at least and to end over 0.05',
  ],
  [{ width: 0 }, 'width is 0, it needs to be whole, from 1'],
  [{ hidden: [] }, 'number of hidden layers is 0, it needs to be whole, from 1'],
  [{ hidden: [4, 0] }, 'hidden[1] is 0, it needs to be whole, from 1'],
  [{ seed: -1 }, 'seed is -1, it needs to be whole'],
  [{ epochs: 1.5 }, 'epochs is 1.5, it needs to be whole'],
  [{ batch: 0 }, 'batch is 0, it needs to be whole, from 1'],
  [{ learningRate: 0 }, 'learningRate is 0, it needs to be over 0'],
  [{ weightDecay: Number.NaN }, 'weightDecay is NaN, it needs to be from 0 to 1'],
  [{ emphasis: { shortfall: -1 } }, 'emphasis on shortfall is -1, it needs to be finite and at least 0'],
  [{ patience: 3 }, 'patience of 3 epochs was given without validation rows'],
  [{ patience: 0, validation: rows }, 'patience is 0, it needs to be whole, from 1'],
  [{ validation: { ...rows, x: new Float64Array(3) } }, 'validation x holds 3 numbers, 10 rows of 3 inputs need 30'],
  [{ validation: { ...rows, horizons: rows.horizons.slice(1) } }, 'validation rows have 1 horizons, 2 are needed'],
])('what cannot be trained on is refused, and why: %#', (given, message) => {
  expect(() => trainMlp(fitOf(rows, given), plainGradients)).toThrow(`a net cannot be trained: ${message}`)
})
