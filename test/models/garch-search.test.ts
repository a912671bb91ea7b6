import { describe, expect, test } from 'vitest'
import { type BoxProblem, minimumInBox } from '../../models/training/box-newton.ts'
import { GARCH_WIDTH } from '../../models/training/garch-likelihood.ts'
import { type GarchCost, garchCost, parametersAt, searchCoordinates } from '../../models/training/garch-search.ts'
import vector from '../vectors/garch-dem-gbp.json' with { type: 'json' }

const returns = Float64Array.from(vector.returns)

describe('the likelihood', () => {
  test.each([
    ['sample', false],
    ['sample', true],
    ['presample', false],
    ['presample', true],
  ] as const)('has the slope that differences show: %s, targeting %s', (start, targeting) => {
    const cost: GarchCost = { series: [{ returns, weight: 0.7, start }], targeting }
    for (const place of [
      [0.03, 0.02, 0.9, 0.2, 0.7],
      [-0.1, 0.3, 0.3, 0.9, 0.1],
    ]) {
      const { gradient } = garchCost(cost, Float64Array.from(place))
      for (const [index, each] of place.entries()) {
        const step = 1e-5
        const at = (x: number): number => garchCost(cost, Float64Array.from(place.with(index, x))).value
        const shown = (at(each + step) - at(each - step)) / (2 * step)
        expect(Math.abs((gradient[index] ?? Number.NaN) - shown), `${index}`).toBeLessThan(1e-5 * (1 + Math.abs(shown)))
      }
    }
  })

  test('has an information that is near the curvature which its slopes show at the optimum', () => {
    const cost: GarchCost = { series: [{ returns, weight: 1, start: 'presample' }], targeting: false }
    const x = Float64Array.from([-0.0062, 0.01076, 0.9591, 0.1597, 0.5])
    const { curvature } = garchCost(cost, x)
    const step = 1e-6
    const slope = (change: number): Float64Array => garchCost(cost, x.with(2, 0.9591 + change)).gradient
    const shown = ((slope(step)[2] ?? Number.NaN) - (slope(-step)[2] ?? Number.NaN)) / (2 * step)
    const ratio = (curvature[2 * GARCH_WIDTH + 2] ?? Number.NaN) / shown
    expect(ratio).toBeGreaterThan(0.5)
    expect(ratio).toBeLessThan(2)
  })

  test('is the sum of its series’, each times its weight', () => {
    const x = Float64Array.from([0, 0.02, 0.9, 0.2, 0.7])
    const other = returns.slice(300, 900)
    const value = (series: GarchCost['series']): number => garchCost({ series, targeting: false }, x).value
    const [a, b] = [
      { returns, weight: 1, start: 'sample' } as const,
      { returns: other, weight: 1, start: 'sample' } as const,
    ]
    expect(
      value([
        { ...a, weight: 2 },
        { ...b, weight: 0.5 },
      ]),
    ).toBeCloseTo(2 * value([a]) + 0.5 * value([b]), 8)
  })
})

test('a shape and its place in the search are one', () => {
  const cost: GarchCost = { series: [{ returns, weight: 1, start: 'sample' }], targeting: false }
  for (const shape of [
    { alpha: 0.05, gamma: 0.1, beta: 0.85 },
    { alpha: 0.2, gamma: -0.15, beta: 0.3 },
    { alpha: 0, gamma: 0, beta: 0.9 },
    { alpha: 0, gamma: 0, beta: 0 },
  ]) {
    const { up, down, beta } = parametersAt(cost, Float64Array.from(searchCoordinates(0, shape)))
    expect(up).toBeCloseTo(shape.alpha, 14)
    expect(down - up).toBeCloseTo(shape.gamma, 14)
    expect(beta).toBeCloseTo(shape.beta, 14)
  }
})

describe('a minimum in a box', () => {
  /** ½(x − m)ᵀA(x − m) for A = [[2, 1.8], [1.8, 2]], so that one coordinate's bound moves the other. */
  const bowl = (m: readonly [number, number]): BoxProblem['cost'] => {
    return ([x = Number.NaN, y = Number.NaN]) => {
      const [u, v] = [x - m[0], y - m[1]]
      return {
        value: u * u + v * v + 1.8 * u * v,
        gradient: Float64Array.of(2 * u + 1.8 * v, 2 * v + 1.8 * u),
        curvature: Float64Array.of(2, 1.8, 1.8, 2),
      }
    }
  }
  const box = { start: [0.5, 0.5], lower: [0, 0], upper: [1, 1], tolerance: 1e-14, near: 0.1, iterationsMax: 50 }

  test.each([
    ['inside', [0.2, 0.7], [0.2, 0.7]],
    ['on a side, where the other coordinate gives way', [1.5, 0.2], [1, 0.65]],
    ['in a corner', [3, 3], [1, 1]],
    ['at the lower side', [-0.5, 0.5], [0, 0.05]],
  ] as const)('is found %s', (_, middle, [x, y]) => {
    const minimum = minimumInBox({ ...box, cost: bowl(middle) })
    expect(minimum.converged).toBe(true)
    expect(minimum.x[0]).toBeCloseTo(x, 6)
    expect(minimum.x[1]).toBeCloseTo(y, 6)
  })

  test('is found from a corner which Newton’s step leaves by both sides, though one leads down inwards', () => {
    const cost: BoxProblem['cost'] = ([x = Number.NaN, y = Number.NaN]) => ({
      value: (x * x + y * y) / 2 - 0.9 * x * y - 0.5 * x + y,
      gradient: Float64Array.of(x - 0.9 * y - 0.5, y - 0.9 * x + 1),
      curvature: Float64Array.of(1, -0.9, -0.9, 1),
    })
    const minimum = minimumInBox({ ...box, start: [0, 0], cost })
    expect(minimum.converged).toBe(true)
    expect(minimum.x[0]).toBeCloseTo(0.5, 6)
    expect(minimum.x[1]).toBe(0)
  })

  test('leaves what is held where it is', () => {
    const minimum = minimumInBox({ ...box, lower: [0, 0.5], upper: [1, 0.5], cost: bowl([0.2, 0.7]) })
    expect(minimum.x[0]).toBeCloseTo(0.38, 6)
    expect(minimum.x[1]).toBe(0.5)
  })

  test('is found along Rosenbrock’s valley with Gauss and Newton’s curvature, and not claimed when the steps run out', () => {
    const cost: BoxProblem['cost'] = ([x = Number.NaN, y = Number.NaN]) => {
      const [a, b] = [1 - x, y - x * x]
      return {
        value: a * a + 100 * b * b,
        gradient: Float64Array.of(-2 * a - 400 * x * b, 200 * b),
        curvature: Float64Array.of(2 + 800 * x * x, -400 * x, -400 * x, 200),
      }
    }
    const valley = { ...box, cost, start: [-1.2, 1], lower: [-5, -5], upper: [5, 5], iterationsMax: 200 }
    const minimum = minimumInBox(valley)
    expect(minimum.converged).toBe(true)
    expect(minimum.x[0]).toBeCloseTo(1, 5)
    expect(minimum.x[1]).toBeCloseTo(1, 5)
    expect(minimumInBox({ ...valley, iterationsMax: 2 }).converged).toBe(false)
  })

  test('stops at a cost that is no number', () => {
    const cost = (): ReturnType<BoxProblem['cost']> => ({
      value: Number.NaN,
      gradient: Float64Array.of(Number.NaN, 0),
      curvature: Float64Array.of(1, 0, 0, 1),
    })
    expect(() => minimumInBox({ ...box, cost })).toThrow(/needs numbers, got NaN/)
  })
})
