import { invariant } from '../../../oracle-node/core/errors.ts'
import { uniforms } from '../trees/random.ts'
import { adam } from './adam.ts'
import { checkMlp, type FitMlp } from './check.ts'
import { type MlpWeights, weightsOf } from './network.ts'
import { meanLoss } from './plain.ts'
import { type Gradients, type Problem, partWeightsOf, problemOf, sizesOfFit, startOf } from './problem.ts'

export type EpochReport = {
  /** From 1. */
  readonly epoch: number
  readonly epochs: number
  /** The weighted mean loss of the epoch's steps, each before it was made. */
  readonly trainingLoss: number
  /** The weighted mean loss over the validation rows after the epoch. */
  readonly validationLoss?: number
  /** The epoch whose weights would be kept now; 0 is the start. */
  readonly kept: number
}

/**
 * Trains a perceptron that corrects a base deviation and gives the tail of the standardised loss, whose quantiles cannot cross. It starts at
 * the base model, and with patience the start is among what is kept: no validation loss, no correction.
 * The same input gives the same weights to the bit.
 * @param gradientsOf by hand (`plainGradients`), the same bits on every machine, or by TensorFlow.js (`tensorflowGradients`).
 * @throws {Error} when the input cannot be trained on; see {@link checkMlp}.
 */
export function trainMlp(
  fit: FitMlp,
  gradientsOf: (problem: Problem) => Gradients,
  onEpoch: (report: EpochReport) => void = () => {},
): MlpWeights {
  checkMlp(fit)
  const sizes = sizesOfFit(fit)
  const parts = partWeightsOf(fit)
  const parameters = startOf(fit)
  const pass = passOf(fit, gradientsOf(problemOf(fit, fit, parts)))
  const watch = fit.validation === undefined ? undefined : meanLoss(problemOf(fit, fit.validation, parts))
  let best: Kept = { epoch: 0, loss: watch?.(parameters), parameters: parameters.slice() }
  for (let epoch = 1; epoch <= fit.epochs; epoch++) {
    const { trainingLoss, mean } = pass(parameters)
    const loss = watch?.(mean)
    const known = loss ?? trainingLoss
    invariant(Number.isFinite(known), `the loss of a net became ${known} in epoch ${epoch}`)
    if (fit.patience === undefined || loss === undefined || loss < (best.loss ?? Number.POSITIVE_INFINITY)) {
      best = { epoch, loss, parameters: mean }
    }
    const validation = loss === undefined ? {} : { validationLoss: loss }
    onEpoch({ epoch, epochs: fit.epochs, trainingLoss, ...validation, kept: best.epoch })
    if (epoch - best.epoch >= (fit.patience ?? Number.POSITIVE_INFINITY)) break
  }
  invariant(best.parameters.every(Number.isFinite), 'a net was trained whose weights are no numbers')
  return weightsOf(sizes, best.parameters)
}

type Kept = { readonly epoch: number; readonly loss: number | undefined; readonly parameters: Float64Array }
type Pass = { readonly trainingLoss: number; readonly mean: Float64Array }

/**
 * One pass over the rows in a new order, which moves the parameters; what is judged and kept is their mean over its steps (Polyak and Juditsky
 * 1992), since a few rows in the tail of a batch throw them about far more than an epoch moves them.
 */
function passOf(fit: FitMlp, gradients: Gradients): (parameters: Float64Array) => Pass {
  const optimiser = adam({ sizes: sizesOfFit(fit), learningRate: fit.learningRate, weightDecay: fit.weightDecay })
  const order = Int32Array.from(fit.weight.keys())
  const steps = Math.ceil(order.length / fit.batch)
  // Another stream than the starting weights', or the order of rows would hang on how many of those there are.
  const uniform = uniforms(fit.seed ^ SHUFFLE_STREAM)
  return (parameters) => {
    shuffle(order, uniform)
    const gradient = new Float64Array(parameters.length)
    const mean = new Float64Array(parameters.length)
    let sum = 0
    for (let from = 0; from < order.length; from += fit.batch) {
      const rows = order.subarray(from, from + fit.batch)
      sum += gradients(parameters, rows, gradient) * rows.length
      optimiser.step(parameters, gradient)
      for (let index = 0; index < mean.length; index++) mean[index] = at(mean, index) + at(parameters, index) / steps
    }
    return { trainingLoss: sum / order.length, mean }
  }
}

const SHUFFLE_STREAM = 0x5bd1e995

/** Fisher and Yates, as Durstenfeld (1964) put it. */
function shuffle(order: Int32Array, uniform: () => number): void {
  for (let index = order.length - 1; index > 0; index--) {
    const other = Math.floor(uniform() * (index + 1))
    const held = order[index] ?? -1
    order[index] = order[other] ?? -1
    order[other] = held
  }
}

/** Its own, since an imported one is not inlined where modules are wrapped, as the tests’ are. */
function at(values: Float64Array, index: number): number {
  return values[index] ?? Number.NaN
}
