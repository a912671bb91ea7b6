import exp from '@stdlib/math-base-special-exp'
import ln from '@stdlib/math-base-special-ln'
import { invariant } from '../../../oracle-node/core/errors.ts'

/** `weight` has a row an input and a column an output, row by row. */
export type Layer = {
  readonly inputs: number
  readonly outputs: number
  readonly weight: readonly number[]
  readonly bias: readonly number[]
}

/** A multilayer perceptron: every layer but the last ends in max(0, ·), the last has {@link HEAD} columns a horizon. */
export type MlpWeights = {
  readonly width: number
  readonly horizons: number
  readonly layers: readonly Layer[]
}

/** Of one horizon's loss in units of its base deviation: they never fall from one to the next. */
export type StandardTail = readonly [z50: number, z90: number, z95: number, z99: number, shortfall99: number]

/** What the net says of one horizon, before the base deviation: σ = base·exp(lnCorrection), a quantile = σ·z. */
export type MlpOutput = { readonly lnCorrection: number; readonly tail: StandardTail }

/** What it says in the base's unit. */
export type MlpForecast = {
  readonly volatility: number
  readonly quantile50: number
  readonly quantile90: number
  readonly quantile95: number
  readonly valueAtRisk99: number
  readonly expectedShortfall99: number
}

/** The quantiles of the tail; its last member is the mean loss beyond the last of them. */
export const LEVELS = [0.5, 0.9, 0.95, 0.99] as const
/** A horizon's columns: ln σ's correction, the first quantile, and what each further member of the tail adds. */
export const HEAD = 6
/** The tail's members. */
export const TAIL = 5
/** Of the four steps a row each: which members of the tail it lifts. */
export const TAIL_SUMS: readonly number[] = [0, 1, 2, 3].flatMap((step) =>
  [0, 1, 2, 3, 4].map((to) => (to > step ? 1 : 0)),
)
/** ln 3: a net that wants to change its base by more than three times has seen nothing like it. */
export const LN_CORRECTION_MAX = 1.0986122886681098

/** The values of one head, and the slope of each of the tail's steps and of the correction by its column. */
export type Head = { readonly values: Float64Array; readonly slopes: Float64Array }

/** The net's parameters one after another: of each layer the weight, then the bias. */
export type Place = {
  readonly inputs: number
  readonly outputs: number
  readonly weight: number
  readonly bias: number
}

/**
 * The net as a function of a row, in doubles by + − × ÷ and exp and ln of fixed code: the same bits on every machine.
 * @throws {InvariantError} when the weights do not fit together, and of the function when the row does not fit the weights.
 */
export function mlpFunction(weights: MlpWeights): (row: ArrayLike<number>) => MlpOutput[] {
  const parameters = parametersOf(weights)
  const places = placesOf(sizesOf(weights))
  const activations = activationsOf(places)
  const head = emptyHead()
  return (row) => {
    invariant(row.length === weights.width, `a row of ${row.length} inputs was given, this net needs ${weights.width}`)
    const x = Float64Array.from(row)
    invariant(x.every(Number.isFinite), `a net needs finite inputs, got ${x.join(', ')}`)
    const raw = forward({ places, parameters, x, from: 0, activations })
    return Array.from({ length: weights.horizons }, (_, horizon) => {
      readHead(raw, horizon * HEAD, head)
      const [lnCorrection = Number.NaN, ...tail] = head.values
      return { lnCorrection, tail: tailOf(tail) }
    })
  }
}

/** One row through {@link mlpFunction}: for more of them make the function once. */
export function mlpForward(weights: MlpWeights, row: ArrayLike<number>): MlpOutput[] {
  return mlpFunction(weights)(row)
}

/** @param base the deviation that the net corrects, of the horizon and in the unit wanted. */
export function mlpForecast({ lnCorrection, tail }: MlpOutput, base: number): MlpForecast {
  invariant(base > 0 && Number.isFinite(base), `a base deviation is positive and finite, got ${base}`)
  const volatility = base * exp(lnCorrection)
  const [z50, z90, z95, z99, shortfall99] = tail
  return {
    volatility,
    quantile50: volatility * z50,
    quantile90: volatility * z90,
    quantile95: volatility * z95,
    valueAtRisk99: volatility * z99,
    expectedShortfall99: volatility * shortfall99,
  }
}

/** How wide the net is after each layer, its input first. */
export function sizesOf({ width, layers }: Pick<MlpWeights, 'width' | 'layers'>): number[] {
  return [width, ...layers.map(({ outputs }) => outputs)]
}

export function placesOf(sizes: readonly number[]): Place[] {
  let next = 0
  return sizes.slice(1).map((outputs, layer) => {
    const inputs = sizes[layer] ?? Number.NaN
    const weight = next
    const bias = weight + inputs * outputs
    next = bias + outputs
    return { inputs, outputs, weight, bias }
  })
}

export function parametersOf({ width, horizons, layers }: MlpWeights): Float64Array {
  let inputs = width
  for (const [index, layer] of layers.entries()) {
    invariant(layer.inputs === inputs, `layer ${index} takes ${layer.inputs} numbers, ${inputs} reach it`)
    invariant(
      layer.weight.length === inputs * layer.outputs && layer.bias.length === layer.outputs,
      `layer ${index} holds ${layer.weight.length} weights and ${layer.bias.length} biases for ${inputs} × ${layer.outputs}`,
    )
    inputs = layer.outputs
  }
  invariant(
    horizons > 0 && inputs === horizons * HEAD,
    `${inputs} outputs are not ${HEAD} for each of ${horizons} horizons`,
  )
  const parameters = Float64Array.from(layers.flatMap(({ weight, bias }) => [...weight, ...bias]))
  invariant(parameters.every(Number.isFinite), 'a net holds weights that are no finite numbers')
  return parameters
}

export function weightsOf(sizes: readonly number[], parameters: Float64Array): MlpWeights {
  const layers = placesOf(sizes).map(({ inputs, outputs, weight, bias }) => ({
    inputs,
    outputs,
    weight: [...parameters.slice(weight, bias)],
    bias: [...parameters.slice(bias, bias + outputs)],
  }))
  const [width = Number.NaN] = sizes
  return { width, horizons: (sizes.at(-1) ?? Number.NaN) / HEAD, layers }
}

/** A buffer a layer. */
export function activationsOf(places: readonly Place[]): Float64Array[] {
  return places.map(({ outputs }) => new Float64Array(outputs))
}

/** The last layer's outputs for the row of `x` that begins at `from`; every layer's are left in `activations`. */
export function forward(parts: {
  readonly places: readonly Place[]
  readonly parameters: Float64Array
  readonly x: Float64Array
  readonly from: number
  readonly activations: readonly Float64Array[]
}): Float64Array {
  const { places, parameters, activations } = parts
  let input = parts.x
  let from = parts.from
  for (let layer = 0; layer < places.length; layer++) {
    const place = places[layer]
    const output = activations[layer]
    if (place === undefined || output === undefined) break
    through(place, parameters, { input, from, output })
    if (layer + 1 < places.length) {
      for (let index = 0; index < output.length; index++) if (!(at(output, index) > 0)) output[index] = 0
    }
    input = output
    from = 0
  }
  return input
}

function through(
  { inputs, outputs, weight, bias }: Place,
  parameters: Float64Array,
  { input, from, output }: { readonly input: Float64Array; readonly from: number; readonly output: Float64Array },
): void {
  for (let to = 0; to < outputs; to++) output[to] = at(parameters, bias + to)
  for (let each = 0; each < inputs; each++) {
    const value = at(input, from + each)
    const row = weight + each * outputs
    for (let to = 0; to < outputs; to++) output[to] = at(output, to) + value * at(parameters, row + to)
  }
}

export function emptyHead(): Head {
  return { values: new Float64Array(HEAD), slopes: new Float64Array(HEAD) }
}

/** The correction held within its bounds, and the tail: its first member as it is, each further one by a softplus above the last. */
export function readHead(raw: Float64Array, from: number, { values, slopes }: Head): void {
  const wanted = at(raw, from)
  values[0] = Math.min(LN_CORRECTION_MAX, Math.max(-LN_CORRECTION_MAX, wanted))
  slopes[0] = Math.abs(wanted) <= LN_CORRECTION_MAX ? 1 : 0
  values[1] = at(raw, from + 1)
  slopes[1] = 1
  for (let column = 2; column < HEAD; column++) {
    const step = at(raw, from + column)
    // ln(1 + e^x) without an overflow; its slope is the logistic function.
    const small = exp(-Math.abs(step))
    values[column] = at(values, column - 1) + Math.max(step, 0) + ln(1 + small)
    slopes[column] = (step < 0 ? small : 1) / (1 + small)
  }
}

function tailOf(values: readonly number[]): StandardTail {
  const [z50 = Number.NaN, z90 = Number.NaN, z95 = Number.NaN, z99 = Number.NaN, shortfall99 = Number.NaN] = values
  return [z50, z90, z95, z99, shortfall99]
}

/** Out of range reads NaN, which the checks of weights and training find; one an element would cost more than the arithmetic. */
export function at(values: Float64Array, index: number): number {
  return values[index] ?? Number.NaN
}
