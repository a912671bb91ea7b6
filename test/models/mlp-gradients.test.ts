import { beforeAll, describe, expect, test } from 'vitest'
import { qlike } from '../../backtests/metrics/qlike.ts'
import { fzLoss, pinballLoss } from '../../backtests/metrics/shortfall.ts'
import type { FitMlp } from '../../models/training/mlp/check.ts'
import {
  LEVELS,
  type MlpOutput,
  mlpForecast,
  mlpFunction,
  sizesOf,
  weightsOf,
} from '../../models/training/mlp/network.ts'
import { meanLoss, plainGradients } from '../../models/training/mlp/plain.ts'
import {
  type Gradients,
  type Problem,
  partWeightsOf,
  problemOf,
  sizesOfFit,
  startOf,
} from '../../models/training/mlp/problem.ts'
import { tensorflowForward, tensorflowGradients } from '../../models/training/mlp/tensorflow.ts'
import { trainMlp } from '../../models/training/mlp/train.ts'
import { uniforms } from '../../models/training/trees/random.ts'
import { fitOf, knownRows, WIDTH } from './mlp-samples.ts'

let tensorflow: (problem: Problem) => Gradients
beforeAll(async () => {
  tensorflow = await tensorflowGradients()
})

const fit: FitMlp = {
  ...fitOf(knownRows(200, 21), { hidden: [7, 5], emphasis: { deviation: 0.7, quantiles: 1.3, shortfall: 0.9 } }),
  weight: Float64Array.from({ length: 200 }, uniforms(3)).map((each) => each + 0.5),
}
const problem = problemOf(fit, fit, partWeightsOf(fit))
const all = Int32Array.from(fit.weight.keys())

/** The start, shaken so that every parameter matters. */
function shaken(seed: number, size: number): Float64Array {
  const uniform = uniforms(seed)
  return startOf(fit).map((each) => each + size * (2 * uniform() - 1))
}

function gradientOf(
  gradients: Gradients,
  parameters: Float64Array,
  rows = all,
): { loss: number; slopes: Float64Array } {
  const slopes = new Float64Array(parameters.length).fill(9)
  return { loss: gradients(parameters, rows, slopes), slopes }
}

const norm = (values: Float64Array): number => Math.sqrt(values.reduce((sum, each) => sum + each * each, 0))

describe('the gradient by hand', () => {
  // The last shakes push corrections past their bounds and shortfalls below theirs.
  test.each([0.1, 0.5, 2])('is TensorFlow’s, to what single precision holds, at parameters shaken by %f', (size) => {
    for (const seed of [1, 2, 3]) {
      const parameters = shaken(seed, size)
      const hand = gradientOf(plainGradients(problem), parameters)
      const library = gradientOf(tensorflow(problem), parameters)
      expect(Math.abs(library.loss / hand.loss - 1)).toBeLessThan(1e-5)
      expect(norm(hand.slopes)).toBeGreaterThan(0.1)
      const apart = norm(hand.slopes.map((each, index) => each - (library.slopes[index] ?? Number.NaN)))
      expect(apart / norm(hand.slopes)).toBeLessThan(1e-5)
    }
  })

  test('is the slope of the loss', () => {
    const parameters = shaken(4, 0.3)
    const { slopes } = gradientOf(plainGradients(problem), parameters)
    const lossOf = meanLoss(problem)
    const step = 1e-6
    const measured = parameters.map((each, index) => {
      return (lossOf(parameters.with(index, each + step)) - lossOf(parameters.with(index, each - step))) / (2 * step)
    })
    // A row whose loss lies within a step of a quantile bends the difference.
    expect(norm(measured.map((each, index) => each - (slopes[index] ?? Number.NaN))) / norm(slopes)).toBeLessThan(1e-4)
  })

  test('is of the rows given alone, and its loss their weighted mean', () => {
    const parameters = shaken(5, 0.3)
    const halves = [all.subarray(0, 120), all.subarray(120)].map((rows) =>
      gradientOf(plainGradients(problem), parameters, rows),
    )
    const whole = gradientOf(plainGradients(problem), parameters)
    const [first, second] = halves
    expect(((first?.loss ?? 0) * 120 + (second?.loss ?? 0) * 80) / 200).toBeCloseTo(whole.loss, 12)
    expect(whole.loss).toBeCloseTo(meanLoss(problem)(parameters), 12)
    for (const [index, each] of whole.slopes.entries()) {
      expect(((first?.slopes[index] ?? 0) * 120 + (second?.slopes[index] ?? 0) * 80) / 200).toBeCloseTo(each, 10)
    }
  })
})

test('the loss is QLIKE, the pinball losses and the joint loss of the backtests', () => {
  const parameters = shaken(6, 0.3)
  const net = mlpFunction(weightsOf(sizesOfFit(fit), parameters))
  const total = fit.weight.reduce((sum, each) => sum + each, 0)
  let expected = 0
  for (const row of all) {
    const outputs = net(fit.x.subarray(row * WIDTH, (row + 1) * WIDTH))
    const losses = outputs.map((output, horizon) => lossByBacktests(output, horizon, row))
    expected += ((fit.weight[row] ?? Number.NaN) / total) * losses.reduce((sum, each) => sum + each, 0)
  }
  expect(meanLoss(problem)(parameters)).toBeCloseTo(expected, 10)
})

function lossByBacktests(output: MlpOutput, horizon: number, row: number): number {
  const [rows, part] = [fit.horizons[horizon], partWeightsOf(fit)[horizon]]
  if (rows === undefined || part === undefined) throw new Error(`there is no horizon ${horizon}`)
  const [base = 0, realized = 0, loss = 0] = [rows.base[row], rows.realized[row], rows.loss[row]]
  const { volatility, expectedShortfall99, ...quantiles } = mlpForecast(output, 1)
  const deviation = qlike({ realizedVariance: (realized / base) ** 2, forecastVariance: volatility ** 2 })
  const pinballs = Object.values(quantiles).map((quantile, index) => {
    const level = LEVELS[index] ?? Number.NaN
    return (part.pinball[index] ?? Number.NaN) * pinballLoss({ outcome: loss / base, quantile, level })
  })
  const forecast = { loss: loss / base, valueAtRisk: quantiles.valueAtRisk99, expectedShortfall: expectedShortfall99 }
  return (
    part.deviation * deviation + pinballs.reduce((sum, each) => sum + each, 0) + part.shortfall * fzLoss(forecast, 0.99)
  )
}

test('every part pulls about alike at the start', () => {
  const plain = { ...fitOf(knownRows(5_000, 22)), starts: fit.starts }
  const rows = Int32Array.from(plain.weight.keys())
  const pull = (emphasis: FitMlp['emphasis']): number => {
    const chosen = { ...plain, emphasis: { deviation: 0, quantiles: 0, shortfall: 0, ...emphasis } }
    return norm(
      gradientOf(plainGradients(problemOf(chosen, chosen, partWeightsOf(chosen))), startOf(chosen), rows).slopes,
    )
  }
  const pulls = [pull({ deviation: 1 }), pull({ quantiles: 1 }), pull({ shortfall: 1 })]
  expect(Math.max(...pulls) / Math.min(...pulls)).toBeLessThan(4)
})

test('what TensorFlow trained says in TypeScript what it says in TensorFlow', () => {
  const trained = fitOf(knownRows(1_000, 23), { epochs: 5 })
  const weights = trainMlp(trained, tensorflow)
  const net = mlpFunction(weights)
  const x = knownRows(500, 24).x
  const parameters = Float64Array.from(weights.layers.flatMap(({ weight, bias }) => [...weight, ...bias]))
  const given = tensorflowForward(sizesOf(weights), parameters, x)
  for (let row = 0; row < 500; row++) {
    const outputs = net(x.subarray(row * WIDTH, (row + 1) * WIDTH))
    const expected = outputs.flatMap(({ lnCorrection, tail }) => [lnCorrection, ...tail])
    for (const [index, each] of expected.entries()) {
      const apart = Math.abs((given[row * expected.length + index] ?? Number.NaN) - each)
      expect(apart / Math.max(1, Math.abs(each))).toBeLessThan(1e-5)
    }
  }
})

test('both trainings lead to the same net, to what single precision holds', () => {
  const [hand, library] = [plainGradients, tensorflow].map((gradients) =>
    trainMlp(fitOf(knownRows(1_000, 25)), gradients),
  )
  const flat = (weights: typeof hand): number[] =>
    weights?.layers.flatMap((each) => [...each.weight, ...each.bias]) ?? []
  for (const [index, each] of flat(hand).entries()) expect(flat(library)[index]).toBeCloseTo(each, 3)
})

test('a backend that is not there is refused by its name', async () => {
  await expect(tensorflowGradients('none')).rejects.toThrow(/none/)
})
