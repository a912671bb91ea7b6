import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { addCentredLikelihood, centredSeries } from '../../models/training/garch-centred.ts'
import { addLikelihood, emptySums } from '../../models/training/garch-likelihood.ts'
import { solveNonNegative } from '../../models/training/non-negative.ts'
import { weightedQuantile, weightedQuantiles } from '../../models/training/weighted.ts'

/*
 * Committed models are checked byte by byte, so what is done faster must be done to the same bits: each against the plain way of it.
 */

const unit = fc.double({ min: 0, max: 1, noNaN: true })
const spread = fc.double({ min: -3, max: 3, noNaN: true })

describe('the likelihood about a mean of 0', () => {
  test('is that of any mean at 0, but for the slopes by the mean', () => {
    const options = fc.record({
      returns: fc.array(spread, { minLength: 1, maxLength: 40 }),
      weight: unit,
      start: fc.constantFrom('sample' as const, 'presample' as const),
      omega: fc.double({ min: 0.01, max: 1, noNaN: true }),
      up: unit,
      down: unit,
      beta: unit,
    })
    fc.assert(
      fc.property(options, ({ returns, weight, start, ...shape }) => {
        // A zero, and one of the other sign, are neither rise nor fall.
        const series = { returns: Float64Array.from([...returns, 0, -0, 1]), weight, start }
        const [plain, centred] = [emptySums(), emptySums()]
        addLikelihood(plain, series, { mean: 0, ...shape })
        addCentredLikelihood(centred, centredSeries(series), { mean: 0, ...shape })
        expect(centred.value).toBe(plain.value)
        expect([...centred.gradient].slice(1)).toEqual([...plain.gradient].slice(1))
        // The lower triangle's first column is the mean's.
        const others = [2, 4, 5, 7, 8, 9, 11, 12, 13, 14]
        expect(others.map((place) => centred.information[place])).toEqual(
          others.map((place) => plain.information[place]),
        )
      }),
    )
  })
})

describe('coordinate descent', () => {
  const dot = (a: readonly number[], b: readonly number[]): number =>
    a.reduce((sum, each, index) => sum + each * (b[index] ?? 0), 0)

  /** Every coordinate in every sweep. */
  function plainly(gram: readonly (readonly number[])[], right: readonly number[], start: readonly number[]): number[] {
    const beta = [...start]
    for (let sweep = 0; sweep < 20_000; sweep++) {
      const before = [...beta]
      for (const [j, row] of gram.entries()) {
        const slope = row.reduce((rest, each, k) => (k === j ? rest : rest - each * (beta[k] ?? 0)), right[j] ?? 0)
        const diagonal = row[j] ?? 0
        beta[j] = diagonal === 0 ? 0 : Math.max(0, slope / diagonal)
      }
      if (beta.every((each, j) => Math.abs(each - (before[j] ?? 0)) < 1e-12)) break
    }
    return beta
  }

  // Rows that share a part are nearly parallel columns: hundreds of sweeps, in which coordinates come and go.
  const problem = fc.integer({ min: 1, max: 7 }).chain((width) =>
    fc.record({
      rows: fc.array(fc.tuple(unit, fc.array(unit, { minLength: width, maxLength: width })), {
        minLength: 12,
        maxLength: 20,
      }),
      weights: fc.array(spread, { minLength: width, maxLength: width }),
      own: fc.double({ min: 0.02, max: 1, noNaN: true }),
    }),
  )

  test('without the coordinates that stay at 0 ends at the same bits', () => {
    let atZero = 0
    fc.assert(
      fc.property(problem, ({ rows, weights, own }) => {
        const x = rows.map(([shared, each]) => each.map((value) => 0.5 + shared + own * value))
        const columns = weights.map((_, column) => x.map((row) => row[column] ?? 0))
        const y = x.map((row) => dot(row, weights))
        const gram = columns.map((column) => columns.map((other) => dot(column, other)))
        const right = columns.map((column) => dot(column, y))
        const start = weights.map(() => 1 / weights.length)
        const found = solveNonNegative(Float64Array.from(gram.flat()), Float64Array.from(right), start)
        expect(found).toEqual(plainly(gram, right, start))
        atZero += found.filter((beta) => beta === 0).length
      }),
      { numRuns: 300 },
    )
    expect(atZero).toBeGreaterThan(100)
  })

  test('of what is not a number gives what is none', () => {
    expect(solveNonNegative(Float64Array.of(2, 1, 1, 3), Float64Array.of(Number.NaN, 1), [0, 0])).toEqual([
      Number.NaN,
      Number.NaN,
    ])
    expect(solveNonNegative(new Float64Array(4), Float64Array.of(1, 1), [1, 1])).toEqual([0, 0])
  })
})

test('quantiles of several levels are those of each level', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(spread, unit), { minLength: 1, maxLength: 50 }), fc.array(unit), (pairs, levels) => {
      const values = Float64Array.from(pairs, ([value]) => value)
      const weights = Float64Array.from(pairs, ([, weight]) => weight)
      expect(weightedQuantiles(values, weights, levels)).toEqual(
        levels.map((level) => weightedQuantile(values, weights, level)),
      )
    }),
  )
})
