import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LEAF, predictTrees, predictTreesBatch, treeValue } from '../../models/training/trees/ensemble.ts'
import { type FitTrees, fitTrees, type RoundReport } from '../../models/training/trees/fit.ts'
import type { TreeLoss } from '../../models/training/trees/losses.ts'
import { uniforms } from '../../models/training/trees/random.ts'
import { fitOf, sampleRows, spreadRows } from './trees-samples.ts'

const LOSSES: readonly TreeLoss[] = [{ kind: 'quantile', level: 0.9 }, { kind: 'qlike' }, { kind: 'squared' }]
const stepOf = (first: number): number => (first < 0.3 ? 1 : 5)

describe('trees learn', () => {
  test('a step: one split stands at the step, and both sides are exact', () => {
    const rows = sampleRows({ count: 250, width: 2, seed: 3, target: ([first = 0]) => stepOf(first) })
    const ensemble = fitTrees(fitOf(rows))
    expect(ensemble.trees.map(({ feature }) => feature)).toEqual([[0, LEAF, LEAF]])
    expect(ensemble.trees[0]?.threshold[0]).toBeCloseTo(0.3, 1)
    expect([...predictTreesBatch(ensemble, rows.x)]).toEqual([...rows.y])
  })

  test('a step from half of the rows a round, those that were not drawn being kept up to date', () => {
    const rows = sampleRows({ count: 250, width: 2, seed: 3, target: ([first = 0]) => stepOf(first) })
    const ensemble = fitTrees(fitOf(rows, { rounds: 60, learningRate: 0.5, rowShare: 0.5, leaves: 2 }))
    expect(predictTrees(ensemble, [0.1, 0.5])).toBeCloseTo(1, 1)
    expect(predictTrees(ensemble, [0.9, 0.5])).toBeCloseTo(5, 1)
  })

  test.each([0.05, 0.5, 0.95])('the %f-quantile of a spread that a feature governs, on rows not seen', (level) => {
    const rest = { rounds: 60, learningRate: 0.1, leaves: 8, leafWeightMin: 0.02, l2: 1 }
    const ensemble = fitTrees(fitOf(spreadRows(12_000, 5), { ...rest, loss: { kind: 'quantile', level } }))
    const { x, y } = spreadRows(8_000, 6)
    const fitted = predictTreesBatch(ensemble, x)
    for (const [low, high] of [
      [0, 1 / 3],
      [1 / 3, 2 / 3],
      [2 / 3, 1],
    ] as const) {
      const inside = [...y.keys()].filter((row) => (x[row * 3] ?? 0) >= low && (x[row * 3] ?? 0) < high)
      const covered = inside.filter((row) => (y[row] ?? 0) <= (fitted[row] ?? 0)).length / inside.length
      // Four deviations of a binomial count, the quantile itself being known.
      const band = 4 * Math.sqrt((level * (1 - level)) / inside.length)
      expect(Math.abs(covered - level), `x from ${low}: ${covered}`).toBeLessThan(band)
    }
  })

  test('a step of variance in one tree, however high it is', () => {
    const target = ([first = 0]: readonly number[]): number => (first < 0.3 ? 1e-6 : 4)
    const rows = sampleRows({ count: 250, width: 2, seed: 3, target })
    const ensemble = fitTrees(fitOf(rows, { loss: { kind: 'qlike' }, l2: 1e-9 }))
    expect(predictTrees(ensemble, [0.1, 0.5])).toBeCloseTo(Math.log(1e-6), 2)
    expect(predictTrees(ensemble, [0.9, 0.5])).toBeCloseTo(Math.log(4), 2)
  })

  test('a variance that is the exponential of a line, better than a constant by most of what there is to gain', () => {
    const logVariance = (first: number): number => -9 + 3 * first
    const target = ([first = 0]: readonly number[], chance: number): number =>
      Math.exp(logVariance(first)) * -Math.log(1 - chance)
    const rest = { loss: { kind: 'qlike' }, rounds: 80, learningRate: 0.1, leafWeightMin: 0.02, l2: 1 } as const
    const ensemble = fitTrees(fitOf(sampleRows({ count: 8_000, width: 2, seed: 7, target }), rest))
    const { x, y } = sampleRows({ count: 8_000, width: 2, seed: 8, target })
    const lossOf = (fitted: (row: number) => number): number =>
      y.reduce((sum, each, row) => sum + each * Math.exp(-fitted(row)) + fitted(row), 0) / y.length
    const predicted = predictTreesBatch(ensemble, x)
    const truth = lossOf((row) => logVariance(x[row * 2] ?? 0))
    const constant = lossOf(() => ensemble.base)
    expect((constant - lossOf((row) => predicted[row] ?? 0)) / (constant - truth)).toBeGreaterThan(0.95)
  })
})

describe('trees keep', () => {
  /** The same noisy row but for its first feature, which goes from 0 to 1. */
  function path(fit: FitTrees): number[] {
    const ensemble = fitTrees(fit)
    return Array.from({ length: 101 }, (_, step) => predictTrees(ensemble, [step / 100, 0.4, 0.6]))
  }
  const noise = (seed: number, loss: TreeLoss, monotone: readonly (-1 | 0 | 1)[]): FitTrees => {
    const rows = sampleRows({ count: 150, width: 3, seed, target: (_, chance) => chance })
    return fitOf(rows, { loss, monotone, rounds: 10, learningRate: 0.5, leaves: 12, l2: 1 })
  }
  const rises = (values: readonly number[]): boolean =>
    values.every((each, index) => index === 0 || each >= (values[index - 1] ?? Number.NaN))

  test.each(LOSSES)('a monotone feature to its direction even where targets are noise: $kind', (loss) => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), (seed) => {
        expect(rises(path(noise(seed, loss, [1, 0, 0])))).toBe(true)
        expect(rises(path(noise(seed, loss, [-1, 0, 0])).toReversed())).toBe(true)
        expect(rises(path(noise(seed, loss, [0, 0, 0])))).toBe(false)
      }),
      { numRuns: 15, seed: 11 },
    )
  })

  test('leaves from holding less than their least weight, and trees from growing past their depth', () => {
    const rows = spreadRows(400, 9)
    const weighted = { ...rows, weight: rows.weight.map((_, row) => 1 + (row % 3)) }
    const ensemble = fitTrees(fitOf(weighted, { leaves: 64, depth: 4, leafWeightMin: 0.05 }))
    const [tree = fail()] = ensemble.trees
    const held = new Map<number, number>()
    for (let row = 0; row < 400; row++) {
      const value = treeValue(tree, rows.x, row * 3)
      held.set(value, (held.get(value) ?? 0) + (weighted.weight[row] ?? 0))
    }
    const total = weighted.weight.reduce((sum, each) => sum + each, 0)
    expect(Math.min(...held.values()) / total).toBeGreaterThanOrEqual(0.05)
    const depthOf = (node: number): number =>
      tree.feature[node] === LEAF
        ? 0
        : 1 + Math.max(...[tree.left, tree.right].map((side) => depthOf(side[node] ?? -1)))
    expect(depthOf(0)).toBe(4)
    expect(held.size).toBeLessThanOrEqual(16)
  })

  test('a tree to the features drawn for it', () => {
    const rows = sampleRows({ count: 300, width: 4, seed: 2, target: ([a = 0, b = 0]) => a + b })
    const { trees } = fitTrees(fitOf(rows, { rounds: 20, featureShare: 0.25, learningRate: 0.3 }))
    for (const { feature } of trees) expect(new Set(feature.filter((each) => each !== LEAF)).size).toBe(1)
    expect(new Set(trees.map(({ feature }) => feature[0])).size).toBe(4)
  })
})

describe('early stopping', () => {
  const target = ([first = 0]: readonly number[], chance: number): number => chance + 0.5 * first
  const train = sampleRows({ count: 300, width: 3, seed: 1, target })
  const validation = sampleRows({ count: 300, width: 3, seed: 2, target })
  const rest = { validation, rounds: 500, learningRate: 0.1, patience: 15 }

  test('ends where no more is learned, and keeps the trees up to the lowest loss', () => {
    const reports: RoundReport[] = []
    const { trees } = fitTrees(fitOf(train, rest), (report) => reports.push(report))
    const losses = reports.map(({ validationLoss = Number.NaN }) => validationLoss)
    expect(trees.length).toBeGreaterThan(0)
    expect(reports.length).toBe(trees.length + 15)
    expect(Math.min(...losses.slice(trees.length))).toBeGreaterThanOrEqual(losses[trees.length - 1] ?? Number.NaN)
  })

  test.each(LOSSES)('judges by the loss that the kept trees then have: $kind', (loss) => {
    let last = Number.NaN
    const fit = fitOf(train, { validation, rounds: 5, loss, l2: 1 })
    const ensemble = fitTrees(fit, ({ validationLoss = Number.NaN }) => {
      last = validationLoss
    })
    const mean = [...predictTreesBatch(ensemble, validation.x)].reduce((sum, fitted, row) => {
      const y = validation.y[row] ?? Number.NaN
      if (loss.kind === 'qlike') return sum + y * Math.exp(-fitted) + fitted
      if (loss.kind === 'squared') return sum + (y - fitted) ** 2 / 2
      return sum + Math.max(loss.level * (y - fitted), (loss.level - 1) * (y - fitted))
    }, 0)
    expect(last).toBeCloseTo(mean / 300, 6)
  })
})

describe('the same input gives the same bits', () => {
  const drawn = (loss: TreeLoss): FitTrees =>
    fitOf(spreadRows(600, 21), {
      loss,
      rounds: 12,
      learningRate: 0.2,
      l2: 1,
      rowShare: 0.7,
      featureShare: 0.7,
      seed: 5,
    })

  test.each(LOSSES)('twice, and other bits from another seed: $kind', (loss) => {
    expect(fitTrees(drawn(loss))).toEqual(fitTrees(drawn(loss)))
    expect(fitTrees({ ...drawn(loss), seed: 6 })).not.toEqual(fitTrees(drawn(loss)))
  })

  test('as on the machine where the vectors were made', () => {
    const path = new URL('../vectors/trees-digests.json', import.meta.url)
    const vectors: { readonly sha256: Readonly<Record<string, string>> } = JSON.parse(readFileSync(path, 'utf8'))
    const digest = (loss: TreeLoss): string =>
      createHash('sha256')
        .update(JSON.stringify(fitTrees(drawn(loss))))
        .digest('hex')
    expect(Object.fromEntries(LOSSES.map((loss) => [loss.kind, digest(loss)]))).toEqual(vectors.sha256)
  })

  test('in whatever order the rows are, where none is drawn and the base is exact', () => {
    const sample = spreadRows(500, 22)
    // Of few binary digits, so that adding them up for the base rounds nothing.
    const rows = { ...sample, y: sample.y.map((each) => Math.round(each * 1024) / 1024) }
    const uniform = uniforms(1)
    const order = [...rows.y.keys()].map((row) => ({ row, key: uniform() })).sort((a, b) => a.key - b.key)
    const mixed = {
      x: Float64Array.from(order.flatMap(({ row }) => [...rows.x.subarray(row * 3, row * 3 + 3)])),
      y: Float64Array.from(order, ({ row }) => rows.y[row] ?? Number.NaN),
      weight: rows.weight,
    }
    for (const loss of LOSSES) {
      const rest = { loss, rounds: 20, learningRate: 0.1, l2: 1 }
      expect(fitTrees(fitOf(mixed, rest))).toEqual(fitTrees(fitOf(rows, rest)))
    }
  })
})

function fail(): never {
  throw new Error('no tree was grown')
}
