import * as tf from '@tensorflow/tfjs-core'
import '@tensorflow/tfjs-backend-cpu'
// The core's build for Node leaves the gradients of its operators to its callers; this package registers them.
import '@tensorflow/tfjs-layers'
import { SHORTFALL_MIN } from './check.ts'
import { at, HEAD, LEVELS, LN_CORRECTION_MAX, type Place, placesOf, TAIL, TAIL_SUMS } from './network.ts'
import type { Gradients, PartWeights, Problem } from './problem.ts'

/**
 * The gradient by TensorFlow.js, in single precision: the loss is written once, forwards, and differentiated by the library.
 * @param backend 'cpu', or one that the caller has registered.
 * @throws {Error} when there is no such backend.
 */
export async function tensorflowGradients(backend = 'cpu'): Promise<(problem: Problem) => Gradients> {
  // Or it advertises its native sibling on the error stream.
  tf.enableProdMode()
  if (!(await tf.setBackend(backend))) throw new Error(`TensorFlow.js has no backend ${backend} that starts here`)
  return (problem) => {
    const places = placesOf(problem.sizes)
    return (parameters, rows, gradient) =>
      tf.tidy(() => {
        const batch = batchOf(problem, rows)
        // The library asks for a function of tensors of any rank; these are the matrices below.
        const lossOf = (...given: tf.Tensor[]): tf.Scalar => batchLoss(problem, given as tf.Tensor2D[], batch)
        const { value, grads } = tf.valueAndGrads(lossOf)(tensorsOf(places, parameters))
        let next = 0
        for (const each of grads) {
          gradient.set(each.dataSync(), next)
          next += each.size
        }
        return value.dataSync()[0] ?? Number.NaN
      })
  }
}

/**
 * Of every row of `x` and every horizon the correction and the tail, {@link HEAD} numbers each: what `mlpForward` gives, as the training by
 * {@link tensorflowGradients} sees it.
 */
export function tensorflowForward(sizes: readonly number[], parameters: Float64Array, x: Float64Array): Float32Array {
  const count = x.length / (sizes[0] ?? Number.NaN)
  return tf.tidy(() => {
    const ones = tf.ones<tf.Rank.R2>([count, 1])
    const heads = headsOf(tensorsOf(placesOf(sizes), parameters), matrix(x, count), ones)
    const columns = heads.flatMap(({ lnCorrection, tail }) => [lnCorrection, tail])
    return Float32Array.from(tf.concat(columns, 1).dataSync())
  })
}

/** Of each layer the weight and the bias. */
function tensorsOf(places: readonly Place[], parameters: Float64Array): tf.Tensor2D[] {
  return places.flatMap(({ inputs, outputs, weight, bias }) => [
    tf.tensor2d(Float32Array.from(parameters.subarray(weight, bias)), [inputs, outputs]),
    tf.tensor2d(Float32Array.from(parameters.subarray(bias, bias + outputs)), [1, outputs]),
  ])
}

function matrix(values: Float64Array, rows: number): tf.Tensor2D {
  return tf.tensor2d(Float32Array.from(values), [rows, values.length / rows])
}

/** Rows of a step. Columns are repeated by products with `ones`, many times faster here than the backend's broadcasting. */
type Batch = {
  readonly x: tf.Tensor2D
  readonly ones: tf.Tensor2D
  /** One row, the weights over the number of rows. */
  readonly weight: tf.Tensor2D
  /** The same for each member of the tail, and the realised variance. */
  readonly targets: ReadonlyArray<{
    readonly losses: tf.Tensor2D
    readonly loss: tf.Tensor2D
    readonly variance: tf.Tensor2D
  }>
}

function batchOf({ sizes, x, weight, targets }: Problem, rows: Int32Array): Batch {
  const [width = Number.NaN] = sizes
  const picked = new Float64Array(rows.length * width)
  for (const [index, row] of rows.entries()) picked.set(x.subarray(row * width, (row + 1) * width), index * width)
  const pick = (values: Float64Array): Float64Array => Float64Array.from(rows, (row) => at(values, row))
  const ones = tf.ones<tf.Rank.R2>([rows.length, 1])
  return {
    x: matrix(picked, rows.length),
    ones,
    weight: matrix(
      pick(weight).map((each) => each / rows.length),
      1,
    ),
    targets: targets.map((target) => {
      const loss = matrix(pick(target.loss), rows.length)
      return { loss, losses: repeated(loss), variance: matrix(pick(target.variance), rows.length) }
    }),
  }
}

type HeadTensors = { readonly lnCorrection: tf.Tensor2D; readonly tail: tf.Tensor2D }

function headsOf(given: readonly tf.Tensor2D[], x: tf.Tensor2D, ones: tf.Tensor2D): HeadTensors[] {
  const layers = given.length / 2
  let below = x
  for (let layer = 0; layer + 1 < layers; layer++) {
    below = tf.relu(affine(below, ones, [tensorAt(given, 2 * layer), tensorAt(given, 2 * layer + 1)]))
  }
  const [weight, bias] = [tensorAt(given, given.length - 2), tensorAt(given, given.length - 1)]
  const [inputs, outputs] = weight.shape
  return Array.from({ length: outputs / HEAD }, (_, horizon) => {
    const columns = (from: number, count: number): tf.Tensor2D => {
      const start = horizon * HEAD + from
      return affine(below, ones, [
        tf.slice2d(weight, [0, start], [inputs, count]),
        tf.slice2d(bias, [0, start], [1, count]),
      ])
    }
    const steps = tf.softplus(columns(2, HEAD - 2))
    const tail = tf.add<tf.Tensor2D>(
      repeated(columns(1, 1)),
      tf.matMul(steps, tf.tensor2d([...TAIL_SUMS], [TAIL - 1, TAIL])),
    )
    return { lnCorrection: tf.clipByValue(columns(0, 1), -LN_CORRECTION_MAX, LN_CORRECTION_MAX), tail }
  })
}

function affine(
  input: tf.Tensor2D,
  ones: tf.Tensor2D,
  [weight, bias]: readonly [tf.Tensor2D, tf.Tensor2D],
): tf.Tensor2D {
  return tf.add(tf.matMul(input, weight), tf.matMul(ones, bias))
}

/** A column once for each member of the tail. */
function repeated(column: tf.Tensor2D): tf.Tensor2D {
  return tf.matMul(column, tf.ones<tf.Rank.R2>([1, TAIL]))
}

/** The column of one member of the tail. */
function member(tail: tf.Tensor2D, index: number): tf.Tensor2D {
  return tf.matMul(
    tail,
    tf.tensor2d(
      Array.from({ length: TAIL }, (_, each) => (each === index ? 1 : 0)),
      [TAIL, 1],
    ),
  )
}

function batchLoss({ parts }: Problem, given: readonly tf.Tensor2D[], { x, ones, weight, targets }: Batch): tf.Scalar {
  const losses = headsOf(given, x, ones).map((head, horizon) => {
    const [part, target] = [parts[horizon], targets[horizon]]
    if (part === undefined || target === undefined) throw new Error(`horizon ${horizon} has no rows`)
    return headLoss(head, part, { weight, ...target })
  })
  return tf.addN(losses)
}

/** As `headLoss` of loss.ts, whose comment says what it is. */
function headLoss(
  { lnCorrection, tail }: HeadTensors,
  { deviation, pinball, shortfall }: PartWeights,
  { weight, loss, losses, variance }: { readonly weight: tf.Tensor2D } & Batch['targets'][number],
): tf.Scalar {
  const scale = tf.exp(lnCorrection)
  const ratio = tf.div(variance, tf.square(scale))
  const qlike = tf.sub<tf.Tensor2D>(tf.add(ratio, tf.mul(lnCorrection, 2)), tf.add(tf.log(variance), 1))

  const scaled = tf.mul<tf.Tensor2D>(repeated(scale), tail)
  const misses = tf.sub<tf.Tensor2D>(losses, scaled)
  // max(level·m, (level − 1)·m) = level·m + max(0, −m), so that the levels can wait until after the sum over rows.
  const tilted = tf.mul(tf.matMul(weight, misses), row(LEVELS))
  const pinballs = tf.mul(tf.add(tilted, tf.matMul(weight, tf.relu(tf.neg(misses)))), row([...pinball]))

  const quantile = member(scaled, LEVELS.length - 1)
  const mean = tf.maximum<tf.Tensor2D>(member(scaled, TAIL - 1), SHORTFALL_MIN)
  const beyond = tf.div(tf.relu(tf.sub(loss, quantile)), 1 - LAST_LEVEL)
  const share = tf.div(tf.add(beyond, quantile), mean)
  const joint = tf.sub<tf.Tensor2D>(tf.add(share, tf.log(mean)), 1)

  const sum = tf.add<tf.Tensor2D>(tf.mul(qlike, deviation), tf.mul(joint, shortfall))
  return tf.add(tf.sum(pinballs), tf.sum(tf.matMul(weight, sum)))
}

const [, , , LAST_LEVEL] = LEVELS

/** A number a quantile, and none for the shortfall. */
function row(values: readonly number[]): tf.Tensor2D {
  return tf.tensor2d([...values, 0], [1, TAIL])
}

function tensorAt(given: readonly tf.Tensor2D[], index: number): tf.Tensor2D {
  const tensor = given[index]
  if (tensor === undefined) throw new Error(`a layer lacks its tensor ${index}`)
  return tensor
}
