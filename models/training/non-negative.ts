/** Nearly parallel columns converge slowly; past this many sweeps the rest is below what a basis point shows. */
const SWEEPS_MAX = 20_000
const TOLERANCE = 1e-12

/** Cyclic coordinate descent over `width` coordinates, with what the last sweep moved: the most, and all together. */
type Descent = {
  width: number
  readonly gram: Float64Array
  readonly right: Float64Array
  readonly beta: Float64Array
  /** Which of all coordinates each is. */
  readonly places: Uint32Array
  most: number
  total: number
}

/**
 * Cyclic coordinate descent for min ½βᵀAβ − bᵀβ, β ≥ 0; A is positive definite, so it converges to the one minimum. Coordinates that stay at 0 are
 * left out of sweeps until the others have moved so far that one could leave it, which changes no bit.
 */
export function solveNonNegative(gram: Float64Array, right: Float64Array, start: readonly number[]): number[] {
  const width = start.length
  const whole = { ...descentOf(width), gram, right }
  whole.beta.set(start)
  const part = descentOf(width)
  const before = new Float64Array(width)
  for (let sweeps = 0; sweeps < SWEEPS_MAX; ) {
    sweep(whole)
    sweeps++
    // Also when it is NaN, which the caller then reports.
    if (!(whole.most >= TOLERANCE)) break
    const { done, converged } = sweepPart(part, setPart(part, whole), SWEEPS_MAX - sweeps, before)
    sweeps += done
    for (let index = 0; index < part.width; index++) whole.beta[part.places[index] ?? 0] = value(part.beta, index)
    if (converged) break
  }
  return [...whole.beta]
}

function descentOf(width: number): Descent {
  const vector = (length: number): Float64Array => new Float64Array(length)
  return {
    width,
    gram: vector(width * width),
    right: vector(width),
    beta: vector(width),
    places: Uint32Array.from({ length: width }, (_, place) => place),
    most: 0,
    total: 0,
  }
}

/** Sweeps while no coordinate that was left out can leave 0. @param room how far all may move until one can; none where it is not a number. */
function sweepPart(
  part: Descent,
  room: number,
  sweepsMax: number,
  before: Float64Array,
): { readonly done: number; readonly converged: boolean } {
  let travelled = 0
  let done = 0
  for (; done < sweepsMax && travelled < room; done++) {
    before.set(part.beta)
    sweep(part)
    travelled += part.total
    if (!(travelled < room)) {
      // One may have left within this sweep: it is done again with all.
      part.beta.set(before)
      return { done, converged: false }
    }
    if (!(part.most >= TOLERANCE)) return { done: done + 1, converged: true }
  }
  return { done, converged: false }
}

/** Each coordinate to its minimum, the others held. */
function sweep(descent: Descent): void {
  const { width, gram, right, beta } = descent
  let most = 0
  let total = 0
  for (let j = 0; j < width; j++) {
    const row = j * width
    let slope = value(right, j)
    for (let k = 0; k < j; k++) slope -= value(gram, row + k) * value(beta, k)
    for (let k = j + 1; k < width; k++) slope -= value(gram, row + k) * value(beta, k)
    const diagonal = value(gram, row + j)
    // A division takes as long as all else.
    const isZero = diagonal === 0 || (slope <= 0 && diagonal > 0)
    const next = isZero ? 0 : Math.max(0, slope / diagonal)
    const moved = Math.abs(next - value(beta, j))
    most = Math.max(most, moved)
    total += moved
    beta[j] = next
  }
  descent.most = most
  descent.total = total
}

/** Makes the part that of the coordinates that are not at 0. @returns how far these may move in all before another can leave it. */
function setPart(part: Descent, { width, gram, right, beta }: Descent): number {
  let count = 0
  for (let j = 0; j < width; j++) if (value(beta, j) !== 0) part.places[count++] = j
  for (let row = 0; row < count; row++) {
    const from = part.places[row] ?? 0
    part.right[row] = value(right, from)
    part.beta[row] = value(beta, from)
    for (let column = 0; column < count; column++) {
      part.gram[row * count + column] = value(gram, from * width + (part.places[column] ?? 0))
    }
  }
  part.width = count
  let room = Number.POSITIVE_INFINITY
  for (let j = 0; j < width; j++) if (value(beta, j) === 0) room = Math.min(room, roomOf(gram, right, beta, j))
  return room
}

/** How far all others may move before a coordinate at 0 leaves it: its slope moves by no more than its largest entry times that. */
function roomOf(gram: Float64Array, right: Float64Array, beta: Float64Array, j: number): number {
  let [slope, reach, size] = [value(right, j), 0, 1]
  for (let k = 0; k < beta.length; k++) {
    const entry = value(gram, j * beta.length + k)
    slope -= entry * value(beta, k)
    size += value(beta, k)
    reach = Math.max(reach, Math.abs(entry))
  }
  // Far above what rounding adds to a slope.
  const rounding = 1e-9 * (Math.abs(value(right, j)) + reach * size)
  return Math.max(0, (-slope - rounding) / reach)
}

function value(values: Float64Array, index: number): number {
  return values[index] ?? Number.NaN
}
