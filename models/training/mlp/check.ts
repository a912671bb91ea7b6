import type { StandardTail } from './network.ts'

/** One horizon's rows; all three in one unit of return. */
export type HorizonRows = {
  /** The deviation over the horizon by the base model. */
  readonly base: Float64Array
  /** The deviation that came. */
  readonly realized: Float64Array
  /** What was lost; negative for a gain. */
  readonly loss: Float64Array
}

/** Rows of standardised inputs one after another, with a weight a row. */
export type MlpRows = {
  readonly x: Float64Array
  readonly weight: Float64Array
  readonly horizons: readonly HorizonRows[]
}

/** How much each part of the loss counts; 1 where left out. */
export type Emphasis = { readonly deviation?: number; readonly quantiles?: number; readonly shortfall?: number }

export type FitMlp = MlpRows & {
  readonly width: number
  /** A tail a horizon at which the net begins: the base model's own, in units of its deviation. */
  readonly starts: readonly StandardTail[]
  /** Units of each hidden layer. */
  readonly hidden: readonly number[]
  readonly seed: number
  /** Passes over the rows at most. */
  readonly epochs: number
  /** Rows a step. */
  readonly batch: number
  readonly learningRate: number
  /** How much of a weight is taken off, times the learning rate, at every step; biases keep all. */
  readonly weightDecay: number
  /** Rows later than all others, never trained on. */
  readonly validation?: MlpRows
  /** Epochs without a lower validation loss after which training stops; the lowest one's weights are kept. */
  readonly patience?: number
  readonly emphasis?: Emphasis
}

/** A shortfall lower than this, in base deviations, is scored as if it were this: its loss has a pole at 0. */
export const SHORTFALL_MIN = 0.05
/** Steps of the tail below this would start where the softplus has no slope left. */
const STEP_MIN = 1e-4
const EPOCHS_MAX = 100_000
const LAYERS_MAX = 8
/** Wider nets than this learn single assets by heart, and take days on one core. */
const UNITS_MAX = 1_024
const ROWS_MAX = 2 ** 24

/** @throws {Error} that says what was given and what a net needs. */
export function checkMlp(fit: FitMlp): void {
  checkNumbers(fit)
  checkStarts(fit)
  checkRows('', fit, fit)
  const { validation, patience } = fit
  if (validation !== undefined) checkRows('validation ', validation, fit)
  if (patience === undefined) return
  need(validation !== undefined, `patience of ${patience} epochs was given without validation rows, which it needs`)
  whole('patience', patience, [1, EPOCHS_MAX])
}

function checkNumbers(fit: FitMlp): void {
  whole('width', fit.width, [1, UNITS_MAX])
  whole('number of hidden layers', fit.hidden.length, [1, LAYERS_MAX])
  for (const [layer, units] of fit.hidden.entries()) whole(`hidden[${layer}]`, units, [1, UNITS_MAX])
  whole('seed', fit.seed, [0, 2 ** 32 - 1])
  whole('epochs', fit.epochs, [0, EPOCHS_MAX])
  whole('batch', fit.batch, [1, ROWS_MAX])
  const { learningRate, weightDecay } = fit
  need(learningRate > 0 && learningRate <= 1, `learningRate is ${learningRate}, it needs to be over 0 and at most 1`)
  need(weightDecay >= 0 && weightDecay <= 1, `weightDecay is ${weightDecay}, it needs to be from 0 to 1`)
  for (const [name, value] of Object.entries(fit.emphasis ?? {})) {
    need(value >= 0 && Number.isFinite(value), `emphasis on ${name} is ${value}, it needs to be finite and at least 0`)
  }
}

function checkStarts({ starts, horizons }: FitMlp): void {
  need(horizons.length > 0, 'no horizon was given, a net needs at least one')
  need(
    starts.length === horizons.length,
    `${starts.length} starting tails were given, ${horizons.length} horizons need one each`,
  )
  for (const [horizon, tail] of starts.entries()) {
    const rises = tail.every((each, index) => index === 0 || each - (tail[index - 1] ?? Number.NaN) >= STEP_MIN)
    need(
      tail.every(Number.isFinite) && rises && tail[4] > SHORTFALL_MIN,
      `starts[${horizon}] is ${tail.join(', ')}, it needs to rise by ${STEP_MIN} at least and to end over ${SHORTFALL_MIN}`,
    )
  }
}

function checkRows(name: string, { x, weight, horizons }: MlpRows, fit: FitMlp): void {
  const rows = weight.length
  need(rows > 0, `no ${name}row was given, a net needs at least one`)
  need(rows <= ROWS_MAX, `${rows} ${name}rows were given, at most ${ROWS_MAX} can be trained on`)
  need(
    x.length === rows * fit.width,
    `${name}x holds ${x.length} numbers, ${rows} rows of ${fit.width} inputs need ${rows * fit.width}`,
  )
  need(
    horizons.length === fit.horizons.length,
    `${name}rows have ${horizons.length} horizons, ${fit.horizons.length} are needed`,
  )
  every(`${name}x`, x, 'a finite number', Number.isFinite)
  every(`${name}weight`, weight, 'finite and over 0', isPositive)
  for (const [horizon, { base, realized, loss }] of horizons.entries()) {
    const place = `${name}horizons[${horizon}]`
    for (const [column, values] of Object.entries({ base, realized, loss })) {
      need(values.length === rows, `${place}.${column} holds ${values.length} numbers, ${rows} rows need one each`)
    }
    every(`${place}.base`, base, 'finite and over 0', isPositive)
    every(`${place}.realized`, realized, 'finite and over 0', isPositive)
    every(`${place}.loss`, loss, 'a finite number', Number.isFinite)
  }
}

function isPositive(value: number): boolean {
  return value > 0 && value < Number.POSITIVE_INFINITY
}

function every(name: string, values: Float64Array, needed: string, holds: (value: number) => boolean): void {
  const index = values.findIndex((each) => !holds(each))
  need(index < 0, `${name}[${index}] is ${values[index]}, it needs to be ${needed}`)
}

function whole(name: string, value: number, [low, high]: readonly [number, number]): void {
  need(
    Number.isInteger(value) && value >= low && value <= high,
    `${name} is ${value}, it needs to be whole, from ${low} to ${high}`,
  )
}

function need(holds: boolean, message: string): void {
  if (!holds) throw new Error(`a net cannot be trained: ${message}`)
}
