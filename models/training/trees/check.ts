import { BINS_MAX } from './bins.ts'
import type { FitTrees, TreeRows } from './fit.ts'
import type { TreeLoss } from './losses.ts'

/** More would train for days on one core; early stopping ends far below. */
const ROUNDS_MAX = 100_000
/** A histogram a leaf is kept: at 30 features this many take half a gigabyte. */
const LEAVES_MAX = 4_096
/** Places in the bins are 32-bit integers. */
const CELLS_MAX = 2 ** 31 - 1

/** @throws {Error} that says what was given and what trees need. */
export function checkFit(fit: FitTrees): void {
  checkNumbers(fit)
  checkRows('', fit, fit)
  const { validation, patience, monotone } = fit
  if (validation !== undefined) checkRows('validation ', validation, fit)
  if (patience !== undefined) {
    need(validation !== undefined, `patience of ${patience} rounds was given without validation rows, which it needs`)
    whole('patience', patience, [1, ROUNDS_MAX])
  }
  if (monotone !== undefined) {
    need(
      monotone.length === fit.width,
      `monotone has ${monotone.length} directions, ${fit.width} features need one each`,
    )
    const odd = monotone.find((each) => ![-1, 0, 1].includes(each))
    need(odd === undefined, `monotone holds ${odd}, a direction needs to be -1, 0 or 1`)
  }
}

function checkNumbers(fit: FitTrees): void {
  whole('width', fit.width, [1, CELLS_MAX])
  whole('rounds', fit.rounds, [1, ROUNDS_MAX])
  whole('leaves', fit.leaves, [2, LEAVES_MAX])
  whole('bins', fit.bins, [2, BINS_MAX])
  whole('seed', fit.seed, [0, 2 ** 32 - 1])
  if (fit.depth !== undefined) whole('depth', fit.depth, [1, LEAVES_MAX])
  for (const name of ['learningRate', 'featureShare', 'rowShare'] as const) {
    const value = fit[name]
    need(value > 0 && value <= 1, `${name} is ${value}, it needs to be over 0 and at most 1`)
  }
  const { leafWeightMin, l2, loss } = fit
  need(leafWeightMin >= 0 && leafWeightMin < 0.5, `leafWeightMin is ${leafWeightMin}, it needs to be in [0, 0.5)`)
  need(l2 >= 0 && Number.isFinite(l2), `l2 is ${l2}, it needs to be finite and at least 0`)
  if (loss.kind === 'quantile') {
    need(loss.level > 0 && loss.level < 1, `the quantile level is ${loss.level}, it needs to be between 0 and 1`)
  }
  if (loss.kind === 'qlike') {
    need(l2 > 0, `l2 is ${l2}, qlike needs it over 0: a leaf without variance would be at minus infinity`)
  }
}

function checkRows(name: string, { x, y, weight }: TreeRows, { width, loss }: FitTrees): void {
  need(y.length > 0, `no ${name}row was given, trees need at least one`)
  need(
    x.length === y.length * width,
    `${name}x holds ${x.length} numbers, ${y.length} rows of ${width} features need ${y.length * width}`,
  )
  need(x.length <= CELLS_MAX, `${name}x holds ${x.length} numbers, at most ${CELLS_MAX} can be trained on`)
  need(weight.length === y.length, `${weight.length} ${name}weights were given, ${y.length} rows need one each`)
  every(`${name}x`, x, 'a finite number', Number.isFinite)
  every(`${name}weight`, weight, 'finite and over 0', (each) => each > 0 && each < Number.POSITIVE_INFINITY)
  checkTargets(name, y, loss)
}

function checkTargets(name: string, y: Float64Array, loss: TreeLoss): void {
  every(`${name}y`, y, 'a finite number', Number.isFinite)
  if (loss.kind !== 'qlike') return
  every(`${name}y`, y, 'at least 0, a variance', (each) => each >= 0)
  need(
    y.some((each) => each > 0),
    `every ${name}y is 0, qlike needs a variance over 0`,
  )
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
  if (!holds) throw new Error(`trees cannot be fitted: ${message}`)
}
