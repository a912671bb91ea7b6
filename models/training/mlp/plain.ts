import { emptySlopes, headLoss } from './loss.ts'
import { activationsOf, emptyHead, forward, HEAD, type Head, type Place, placesOf, readHead } from './network.ts'
import type { Gradients, Problem } from './problem.ts'

/** What one row's way through the net and back is written to. */
type Buffers = {
  readonly places: readonly Place[]
  readonly activations: readonly Float64Array[]
  /** The slope of the row's loss by what each layer gives. */
  readonly pulls: readonly Float64Array[]
  /** The part of the last layer's that belongs to each horizon. */
  readonly headPulls: readonly Float64Array[]
  readonly head: Head
  readonly tail: Float64Array
}

/**
 * The gradient by back-propagation (Rumelhart, Hinton and Williams 1986) in doubles, row by row in the order given: + − × ÷ and exp and ln
 * of fixed code, so the same bits on every machine.
 */
export function plainGradients(problem: Problem): Gradients {
  const buffers = buffersOf(problem)
  return (parameters, rows, gradient) => {
    gradient.fill(0)
    let sum = 0
    for (let index = 0; index < rows.length; index++) {
      const row = rows[index] ?? -1
      sum += rowLoss(problem, { parameters, buffers, row })
      scaleLast(buffers, at(problem.weight, row) / rows.length)
      backward(problem, { parameters, buffers, row }, gradient)
    }
    return sum / rows.length
  }
}

/** The weighted mean loss over all rows. */
export function meanLoss(problem: Problem): (parameters: Float64Array) => number {
  const buffers = buffersOf(problem)
  const count = problem.weight.length
  return (parameters) => {
    let sum = 0
    for (let row = 0; row < count; row++) sum += rowLoss(problem, { parameters, buffers, row })
    return sum / count
  }
}

function buffersOf({ sizes, targets }: Problem): Buffers {
  const places = placesOf(sizes)
  const pulls = activationsOf(places)
  const last = pulls.at(-1) ?? new Float64Array()
  return {
    places,
    activations: activationsOf(places),
    pulls,
    headPulls: targets.map((_, horizon) => last.subarray(horizon * HEAD, (horizon + 1) * HEAD)),
    head: emptyHead(),
    tail: emptySlopes(),
  }
}

type AtRow = { readonly parameters: Float64Array; readonly buffers: Buffers; readonly row: number }

/** The row's weighted loss over all horizons; its unweighted slopes by the outputs are left in the last layer's pulls. */
function rowLoss({ x, weight, sizes, targets, parts }: Problem, { parameters, buffers, row }: AtRow): number {
  const { places, activations, headPulls, head, tail } = buffers
  const raw = forward({ places, parameters, x, from: row * (sizes[0] ?? Number.NaN), activations })
  let sum = 0
  for (let horizon = 0; horizon < targets.length; horizon++) {
    const target = targets[horizon]
    const part = parts[horizon]
    const pull = headPulls[horizon]
    if (target === undefined || part === undefined || pull === undefined) return Number.NaN
    readHead(raw, horizon * HEAD, head)
    sum += headLoss(head, { loss: at(target.loss, row), variance: at(target.variance, row) }, part, { pull, tail })
  }
  return at(weight, row) * sum
}

function scaleLast({ pulls }: Buffers, factor: number): void {
  const last = pulls.at(-1) ?? new Float64Array()
  for (let index = 0; index < last.length; index++) last[index] = at(last, index) * factor
}

/** Adds the row's gradient, from the last layer to the first. */
function backward({ x, sizes }: Problem, { parameters, buffers, row }: AtRow, gradient: Float64Array): void {
  const { places, activations, pulls } = buffers
  for (let layer = places.length - 1; layer >= 0; layer--) {
    const place = places[layer]
    const pull = pulls[layer]
    if (place === undefined || pull === undefined) return
    for (let to = 0; to < place.outputs; to++) gradient[place.bias + to] = at(gradient, place.bias + to) + at(pull, to)
    const input = activations[layer - 1]
    const below = pulls[layer - 1]
    if (input === undefined || below === undefined) {
      addFirst(place, { x, from: row * (sizes[0] ?? Number.NaN), pull }, gradient)
    } else {
      addLayer(place, { parameters, input, pull, below }, gradient)
    }
  }
}

/** The first layer's weights; nothing is below it. */
function addFirst(
  { inputs, outputs, weight }: Place,
  { x, from, pull }: { readonly x: Float64Array; readonly from: number; readonly pull: Float64Array },
  gradient: Float64Array,
): void {
  for (let each = 0; each < inputs; each++) {
    const value = at(x, from + each)
    const place = weight + each * outputs
    for (let to = 0; to < outputs; to++) gradient[place + to] = at(gradient, place + to) + value * at(pull, to)
  }
}

/** A layer's weights, and the slopes by what it was given; a unit at 0 passes nothing on. */
function addLayer(
  { inputs, outputs, weight }: Place,
  {
    parameters,
    input,
    pull,
    below,
  }: {
    readonly parameters: Float64Array
    readonly input: Float64Array
    readonly pull: Float64Array
    readonly below: Float64Array
  },
  gradient: Float64Array,
): void {
  for (let each = 0; each < inputs; each++) {
    const value = at(input, each)
    below[each] = 0
    if (!(value > 0)) continue
    const place = weight + each * outputs
    let slope = 0
    for (let to = 0; to < outputs; to++) {
      gradient[place + to] = at(gradient, place + to) + value * at(pull, to)
      slope += at(parameters, place + to) * at(pull, to)
    }
    below[each] = slope
  }
}

/** Its own, since an imported one is not inlined where modules are wrapped, as the tests’ are. */
function at(values: Float64Array, index: number): number {
  return values[index] ?? Number.NaN
}
