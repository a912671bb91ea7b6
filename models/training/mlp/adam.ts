import { placesOf } from './network.ts'

export type Adam = {
  /** Moves the parameters by one step against the gradient. */
  readonly step: (parameters: Float64Array, gradient: Float64Array) => void
}

const MEAN_KEPT = 0.9
const SQUARE_KEPT = 0.999
const LEAST_DEVIATION = 1e-8

/**
 * Adam (Kingma and Ba 2015) with the weight decay of Loshchilov and Hutter (2019, "Decoupled weight decay regularization"). Biases do not
 * decay: the last ones hold the base model, to which a net that learns nothing has to return.
 */
export function adam(parts: {
  readonly sizes: readonly number[]
  readonly learningRate: number
  readonly weightDecay: number
}): Adam {
  const { sizes, learningRate, weightDecay } = parts
  const decay = decayOf(sizes, learningRate * weightDecay)
  const mean = new Float64Array(decay.length)
  const square = new Float64Array(decay.length)
  // What the moments' zero start still holds, by repeated products and not by powers, which differ between machines.
  let meanLeft = 1
  let squareLeft = 1
  return {
    step(parameters, gradient) {
      meanLeft *= MEAN_KEPT
      squareLeft *= SQUARE_KEPT
      for (let index = 0; index < parameters.length; index++) {
        const slope = at(gradient, index)
        const moment = MEAN_KEPT * at(mean, index) + (1 - MEAN_KEPT) * slope
        const spread = SQUARE_KEPT * at(square, index) + (1 - SQUARE_KEPT) * slope * slope
        mean[index] = moment
        square[index] = spread
        const deviation = Math.sqrt(spread / (1 - squareLeft)) + LEAST_DEVIATION
        const moved = (learningRate * (moment / (1 - meanLeft))) / deviation
        parameters[index] = at(parameters, index) * (1 - at(decay, index)) - moved
      }
    },
  }
}

/** A weight's share that is taken off a step: 0 for biases. */
function decayOf(sizes: readonly number[], share: number): Float64Array {
  return Float64Array.from(
    placesOf(sizes).flatMap(({ inputs, outputs }) => [
      ...new Array<number>(inputs * outputs).fill(share),
      ...new Array<number>(outputs).fill(0),
    ]),
  )
}

/** Its own, since an imported one is not inlined where modules are wrapped, as the tests’ are. */
function at(values: Float64Array, index: number): number {
  return values[index] ?? Number.NaN
}
