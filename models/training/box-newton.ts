import { invariant } from '../../oracle-node/core/errors.ts'

/** A cost with its slope and a positive semidefinite stand-in for its curvature (row by row, the lower triangle is read). */
export type Quadratic = {
  readonly value: number
  readonly gradient: Float64Array
  readonly curvature: Float64Array
}

export type BoxProblem = {
  readonly cost: (x: Float64Array) => Quadratic
  readonly start: readonly number[]
  /** The cost at a start that is in the box, where it is known already. */
  readonly startCost?: Quadratic
  /** Where lower and upper are equal, that coordinate is held. */
  readonly lower: readonly number[]
  readonly upper: readonly number[]
  /** Converged when the quadratic expects to gain less than this from another step, in the cost's units. */
  readonly tolerance: number
  /** From a step that gained less than this on, the curvature given is improved by BFGS. */
  readonly near: number
  readonly iterationsMax: number
}

export type BoxMinimum = {
  readonly x: Float64Array
  readonly value: number
  readonly cost: Quadratic
  readonly iterations: number
  readonly converged: boolean
}

/** `curvature` is the cost's or better. */
type Place = { readonly x: Float64Array; readonly cost: Quadratic; readonly curvature: Float64Array }

/**
 * A minimum over a box by Newton steps that end in it, each halved until the cost falls enough. Near the minimum the curvature given is
 * improved by what the slopes showed (BFGS), without which the last digits take twice as many steps.
 */
export function minimumInBox(problem: BoxProblem): BoxMinimum {
  const start = clipped(problem, Float64Array.from(problem.start))
  const cost = problem.startCost ?? problem.cost(start)
  let place: Place = { x: start, cost, curvature: cost.curvature }
  let iterations = 0
  let converged = false
  while (!converged && iterations < problem.iterationsMax) {
    const step = boxStep(problem, place)
    converged = -dot(place.cost.gradient, step) / 2 < problem.tolerance
    const next = converged ? undefined : nextPlace(problem, place, step)
    if (next === undefined) break
    place = next
    iterations++
  }
  return { x: place.x, value: place.cost.value, cost: place.cost, iterations, converged }
}

/** Where the step leads; where an improved curvature leads nowhere, the same place with the curvature given. */
function nextPlace(problem: BoxProblem, place: Place, step: Float64Array): Place | undefined {
  const next = lowerPlace(problem, place, step)
  if (next === undefined) {
    return place.curvature === place.cost.curvature ? undefined : { ...place, curvature: place.cost.curvature }
  }
  const { x, cost } = next
  if (place.cost.value - cost.value > problem.near) return next
  const moved = x.map((each, index) => each - value(place.x, index))
  const turned = cost.gradient.map((each, index) => each - value(place.cost.gradient, index))
  return { x, cost, curvature: improvedCurvature(place.curvature, moved, turned) }
}

/** Broyden, Fletcher, Goldfarb and Shanno (1970): the nearest curvature that explains how the slope turned over the move. */
function improvedCurvature(curvature: Float64Array, moved: Float64Array, turned: Float64Array): Float64Array {
  const width = moved.length
  const pull = moved.map((_, row) =>
    moved.reduce((sum, each, column) => sum + entry(curvature, width, row, column) * each, 0),
  )
  const seen = dot(moved, turned)
  const expected = dot(moved, pull)
  // A slope that hardly turned, or turned back, would leave a curvature that is not positive.
  if (!(seen > CURVED * expected)) return curvature
  return curvature.map((each, place) => {
    const [row, column] = [Math.floor(place / width), place % width]
    const gained = (value(turned, row) * value(turned, column)) / seen
    return each + gained - (value(pull, row) * value(pull, column)) / expected
  })
}

/** The least share of the expected turn of a slope that is believed. */
const CURVED = 1e-6

/**
 * The step to the quadratic's minimum in the box, by an active set (Nocedal and Wright 2006, algorithm 16.3): go to the minimum of
 * the free coordinates, or until one reaches its bound and is held there; at a minimum, free the held one that pulls inwards most.
 * The quadratic falls all the way, so the step leads down.
 */
function boxStep(problem: BoxProblem, place: Place): Float64Array {
  const room = {
    lower: place.x.map((each, index) => value(problem.lower, index) - each),
    upper: place.x.map((each, index) => value(problem.upper, index) - each),
  }
  const step = new Float64Array(place.x.length)
  let held = [...step.keys()].filter((index) => value(room.lower, index) === value(room.upper, index))
  for (let pass = 0; pass < PASSES_MAX; pass++) {
    const free = [...step.keys()].filter((index) => !held.includes(index))
    const blocked = moveWithin(room, step, freeMinimum(place, free, step))
    const released = blocked === undefined ? mostInward(place, room, step, held) : undefined
    if (blocked === undefined && released === undefined) break
    held = blocked === undefined ? held.filter((index) => index !== released) : [...held, blocked]
  }
  return step
}

/** Each pass holds or frees one of a few coordinates; more passes than this go in circles over a rounding. */
const PASSES_MAX = 50

/** How far each coordinate may go. */
type Room = { readonly lower: Float64Array; readonly upper: Float64Array }

/** Moves a step towards another until a coordinate is at its bound: that coordinate, or undefined when none is in the way. */
function moveWithin({ lower, upper }: Room, step: Float64Array, wanted: Float64Array): number | undefined {
  let share = 1
  let blocked: number | undefined
  for (const [index, each] of wanted.entries()) {
    const from = value(step, index)
    const bound = each < from ? value(lower, index) : value(upper, index)
    const reach = Math.abs(each - from) > Math.abs(bound - from) ? Math.abs((bound - from) / (each - from)) : 1
    if (reach < share) {
      share = reach
      blocked = index
    }
  }
  for (const [index, each] of wanted.entries()) {
    const from = value(step, index)
    const bound = each < from ? value(lower, index) : value(upper, index)
    step[index] = index === blocked ? bound : from + share * (each - from)
  }
  return blocked
}

/** The held coordinate along whose way into the box the quadratic falls most steeply. */
function mostInward(
  place: Place,
  { lower, upper }: Room,
  step: Float64Array,
  held: readonly number[],
): number | undefined {
  let steepest = 0
  let released: number | undefined
  for (const index of held) {
    const slope = modelSlope(place, step, index)
    const inward = value(step, index) <= value(lower, index) ? -slope : slope
    if (value(lower, index) < value(upper, index) && inward > steepest) {
      steepest = inward
      released = index
    }
  }
  return released
}

/** The quadratic's slope by one coordinate after a step. */
function modelSlope({ cost, curvature }: Place, step: Float64Array, row: number): number {
  return step.reduce(
    (sum, each, column) => sum + entry(curvature, step.length, row, column) * each,
    value(cost.gradient, row),
  )
}

/** The step with its free coordinates at the quadratic's minimum, the others as they are. */
function freeMinimum(place: Place, free: readonly number[], step: Float64Array): Float64Array {
  const size = free.length
  const block = new Float64Array(size * size)
  for (const [i, row] of free.entries()) {
    for (const [j, column] of free.entries()) block[i * size + j] = entry(place.curvature, step.length, row, column)
  }
  const change = solved(
    choleskyFactor(block, size),
    free.map((row) => -modelSlope(place, step, row)),
  )
  const out = step.slice()
  for (const [i, index] of free.entries()) out[index] = value(step, index) + value(change, i)
  return out
}

/** The lower L with LLᵀ = A; what is not positive definite by rounding is made so. */
function choleskyFactor(matrix: Float64Array, size: number): Float64Array {
  const factor = new Float64Array(size * size)
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = entry(matrix, size, i, j)
      for (let k = 0; k < j; k++) sum -= value(factor, i * size + k) * value(factor, j * size + k)
      factor[i * size + j] =
        i === j ? Math.sqrt(pivot(sum, entry(matrix, size, i, i))) : sum / value(factor, j * size + j)
    }
  }
  return factor
}

/** A pivot of the factor, for what is left of a diagonal entry. */
function pivot(left: number, diagonal: number): number {
  const ridge = RIDGE * Math.max(diagonal, 1)
  return Math.max(left + ridge, ridge)
}

/** The x with LLᵀx = right. */
function solved(factor: Float64Array, right: readonly number[]): Float64Array {
  const size = right.length
  const x = Float64Array.from(right)
  for (let i = 0; i < size; i++) {
    for (let k = 0; k < i; k++) x[i] = value(x, i) - value(factor, i * size + k) * value(x, k)
    x[i] = value(x, i) / value(factor, i * size + i)
  }
  for (let i = size - 1; i >= 0; i--) {
    for (let k = i + 1; k < size; k++) x[i] = value(x, i) - value(factor, k * size + i) * value(x, k)
    x[i] = value(x, i) / value(factor, i * size + i)
  }
  return x
}

/** What a coordinate without curvature gets, so that it can be divided by; far below what it slows the others. */
const RIDGE = 1e-10

/** The first place along the halved steps where the cost is lower by Armijo's measure; undefined when none is. */
function lowerPlace(problem: BoxProblem, { x, cost }: Place, step: Float64Array): Place | undefined {
  for (let halvings = 0, share = 1; halvings < HALVINGS_MAX; halvings++, share /= 2) {
    const next = clipped(
      problem,
      x.map((each, index) => each + share * value(step, index)),
    )
    const foreseen = dot(
      cost.gradient,
      next.map((each, index) => each - value(x, index)),
    )
    const there = problem.cost(next)
    if (foreseen < 0 && there.value <= cost.value + ARMIJO * foreseen + ROUNDING * Math.abs(cost.value))
      return { x: next, cost: there, curvature: there.curvature }
  }
  return undefined
}

/** Any share below a half keeps the full step near the minimum. */
const ARMIJO = 1e-4
/** A cost that is a sum of many terms does not show less than this share of itself. */
const ROUNDING = 1e-13
/** 2⁻⁴⁰ of a step is below what a double of the step's size shows. */
const HALVINGS_MAX = 40

function clipped({ lower, upper }: BoxProblem, x: Float64Array): Float64Array {
  return x.map((each, index) => Math.min(Math.max(each, value(lower, index)), value(upper, index)))
}

/** Of a symmetric matrix, whose lower triangle alone is read. */
function entry(matrix: Float64Array, width: number, row: number, column: number): number {
  return value(matrix, Math.max(row, column) * width + Math.min(row, column))
}

function dot(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, each, index) => sum + each * value(b, index), 0)
}

function value(values: ArrayLike<number>, index: number): number {
  const each = values[index]
  if (each !== undefined && !Number.isNaN(each)) return each
  invariant(false, `a minimum needs numbers, got ${each} at ${index}`)
}
