import ln from '@stdlib/math-base-special-ln'
import { describe, expect, test } from 'vitest'
import { type GarchCoefficients, garchPersistence } from '../../models/baselines/garch.ts'
import {
  fitGarch,
  fitPooledGarch,
  GARCH_PERSISTENCE_MAX,
  GARCH_RETURNS_MIN,
  type GarchOptions,
} from '../../models/training/fit-garch.ts'
import vector from '../vectors/garch-dem-gbp.json' with { type: 'json' }

const marks = Float64Array.from(vector.returns)
const plain: GarchOptions = { asymmetric: false, mean: 'zero', start: 'presample', targeting: false }
const gjr: GarchOptions = { ...plain, asymmetric: true }

/** Uniforms on (0, 1) by a 64-bit congruence (Knuth's MMIX), whose high bits are taken. */
function uniforms(seed: number): () => number {
  let state = BigInt(seed)
  return () => {
    state = BigInt.asUintN(64, state * 6_364_136_223_846_793_005n + 1_442_695_040_888_963_407n)
    return (Number(state >> 32n) + 0.5) / 2 ** 32
  }
}

/** Standard normals by Marsaglia's polar method: only what is the same on every machine. */
function normals(seed: number): () => number {
  const next = uniforms(seed)
  return () => {
    for (;;) {
      const [x, y] = [2 * next() - 1, 2 * next() - 1]
      const square = x * x + y * y
      if (square > 0 && square < 1) return x * Math.sqrt((-2 * ln(square)) / square)
    }
  }
}

function simulated({ omega, alpha, gamma, beta }: GarchCoefficients, count: number, seed: number): Float64Array {
  const next = normals(seed)
  let variance = omega / (1 - garchPersistence({ alpha, gamma, beta }))
  return Float64Array.from({ length: count }, () => {
    const r = Math.sqrt(variance) * next()
    variance = omega + (r < 0 ? alpha + gamma : alpha) * r * r + beta * variance
    return r
  })
}

/** The log-likelihood as its formula reads, from the variance given on. */
function plainLogLikelihood(returns: Float64Array, coefficients: GarchCoefficients, first: number): number {
  const { omega, alpha, gamma, beta } = coefficients
  let [variance, sum] = [first, 0]
  for (const r of returns) {
    sum -= (Math.log(2 * Math.PI) + Math.log(variance) + (r * r) / variance) / 2
    variance = omega + (r < 0 ? alpha + gamma : alpha) * r * r + beta * variance
  }
  return sum
}

const square = (returns: Float64Array): number => returns.reduce((sum, r) => sum + r * r, 0) / returns.length

describe('a fit to the marks in pounds', () => {
  test('is the published benchmark, to five digits', () => {
    const { published } = vector
    const fit = fitGarch(marks, { ...plain, mean: 'constant' })
    expect(fit.converged).toBe(true)
    expect(Math.abs(fit.mean / published.mean - 1)).toBeLessThan(1e-5)
    expect(Math.abs(fit.coefficients.omega / published.omega - 1)).toBeLessThan(1e-5)
    expect(Math.abs(fit.coefficients.alpha / published.alpha - 1)).toBeLessThan(1e-5)
    expect(Math.abs(fit.coefficients.beta / published.beta - 1)).toBeLessThan(1e-5)
    expect(fit.coefficients.gamma).toBe(0)
    expect(fit.logLikelihood).toBeCloseTo(published.logLikelihood, 3)
  })

  test.each([
    ['garch', plain],
    ['gjr', gjr],
  ] as const)('is as likely as another implementation’s, or likelier, with its coefficients: %s', (kind, options) => {
    const other = vector.independent[kind]
    const fit = fitGarch(marks, options)
    expect(fit.converged).toBe(true)
    expect(fit.logLikelihood - other.logLikelihood).toBeGreaterThan(-1e-9)
    expect(fit.logLikelihood - other.logLikelihood).toBeLessThan(1e-6)
    for (const name of ['omega', 'alpha', 'gamma', 'beta'] as const) {
      expect(Math.abs(fit.coefficients[name] - other[name]), name).toBeLessThan(5e-6)
    }
  })

  test.each(['sample', 'presample'] as const)('has the log-likelihood that the formula gives: %s', (start) => {
    const { coefficients, logLikelihood } = fitGarch(marks, { ...gjr, start })
    const presample = coefficients.omega + garchPersistence(coefficients) * square(marks)
    const first = start === 'sample' ? square(marks) : presample
    expect(logLikelihood).toBeCloseTo(plainLogLikelihood(marks, coefficients, first), 8)
  })

  test('with variance targeting has the mean squared return as its long-run variance, and is less likely than without', () => {
    const fit = fitGarch(marks, { ...gjr, targeting: true })
    expect(fit.coefficients.omega / (1 - garchPersistence(fit.coefficients)) / square(marks)).toBeCloseTo(1, 12)
    expect(fit.logLikelihood).toBeLessThan(fitGarch(marks, gjr).logLikelihood)
    expect(fit.logLikelihood).toBeGreaterThan(fitGarch(marks, { ...plain, targeting: true }).logLikelihood)
  })

  test('of returns a thousand times as large has the same shape', () => {
    const [small, large] = [
      fitGarch(marks, gjr),
      fitGarch(
        marks.map((r) => 1000 * r),
        gjr,
      ),
    ]
    expect(large.coefficients.omega / small.coefficients.omega / 1e6).toBeCloseTo(1, 5)
    expect(large.coefficients.alpha).toBeCloseTo(small.coefficients.alpha, 6)
    expect(large.coefficients.gamma).toBeCloseTo(small.coefficients.gamma, 6)
    expect(large.coefficients.beta).toBeCloseTo(small.coefficients.beta, 6)
    expect(large.logLikelihood).toBeCloseTo(small.logLikelihood - marks.length * Math.log(1000), 6)
  })

  test('from any guess ends at the same place', () => {
    const cold = fitGarch(marks, gjr)
    for (const guess of [cold.coefficients, { alpha: 0.3, gamma: -0.2, beta: 0.1 }, { alpha: 0, gamma: 0, beta: 0 }]) {
      const warm = fitGarch(marks, { ...gjr, guess })
      expect(warm.converged).toBe(true)
      for (const name of ['alpha', 'gamma', 'beta'] as const) {
        expect(Math.abs(warm.coefficients[name] - cold.coefficients[name]), name).toBeLessThan(1e-6)
      }
    }
  })

  test('turned upside down has the weights of rises and falls changed about', () => {
    const [up, down] = [
      fitGarch(marks, gjr).coefficients,
      fitGarch(
        marks.map((r) => -r),
        gjr,
      ).coefficients,
    ]
    expect(down.alpha).toBeCloseTo(up.alpha + up.gamma, 5)
    expect(down.alpha + down.gamma).toBeCloseTo(up.alpha, 5)
  })
})

/** Twelve series of 4,000: whether the mean of the estimates is within three of its own standard errors of the truth. */
describe.each([
  { omega: 0.05, alpha: 0.1, gamma: 0, beta: 0.85 },
  { omega: 1e-6, alpha: 0.2, gamma: 0, beta: 0.6 },
  { omega: 0.02, alpha: 0.03, gamma: 0.12, beta: 0.88 },
  { omega: 2e-5, alpha: 0.1, gamma: 0.3, beta: 0.5 },
])('from returns simulated with $alpha, $gamma, $beta', (truth) => {
  const series = Array.from({ length: 12 }, (_, seed) => simulated(truth, 4_000, 100 + seed))
  const within = (estimates: readonly number[], expected: number): void => {
    const mean = estimates.reduce((sum, each) => sum + each, 0) / estimates.length
    const variance = estimates.reduce((sum, each) => sum + (each - mean) ** 2, 0) / (estimates.length - 1)
    expect(Math.abs(mean - expected)).toBeLessThan(3 * Math.sqrt(variance / estimates.length))
    expect(Math.sqrt(variance)).toBeLessThan(0.35 * expected)
  }
  const options = truth.gamma === 0 ? plain : gjr

  test('the fit finds the coefficients again', () => {
    const fits = series.map((returns) => fitGarch(returns, options))
    expect(fits.every(({ converged }) => converged)).toBe(true)
    for (const name of ['omega', 'alpha', 'beta', ...(truth.gamma > 0 ? (['gamma'] as const) : [])] as const) {
      within(
        fits.map(({ coefficients }) => coefficients[name]),
        truth[name],
      )
    }
  })

  test('one shape for all of them is found too, whatever their scales', () => {
    const scaled = series.map((returns, index) => returns.map((r) => r * (index + 1)))
    const { shape, converged } = fitPooledGarch(scaled, { asymmetric: truth.gamma > 0, start: 'sample' })
    expect(converged).toBe(true)
    expect(shape.alpha).toBeCloseTo(truth.alpha, 1)
    expect(Math.abs(shape.alpha + shape.gamma / 2 - truth.alpha - truth.gamma / 2)).toBeLessThan(0.02)
    expect(Math.abs(shape.beta - truth.beta)).toBeLessThan(0.03)
  })
})

describe('a pooled fit', () => {
  const long = simulated({ omega: 1, alpha: 0.05, gamma: 0.02, beta: 0.92 }, 3_000, 1)
  const short = simulated({ omega: 1, alpha: 0.2, gamma: 0.1, beta: 0.6 }, 500, 2)
  const options = { asymmetric: true, start: 'sample' } as const

  test('of one series is its own fit with variance targeting', () => {
    const alone = fitGarch(long, { ...options, mean: 'zero', targeting: true })
    const pooled = fitPooledGarch([long], options)
    const scale = Math.sqrt(square(long))
    expect(pooled.meanLogLikelihood).toBeCloseTo(alone.logLikelihood / long.length + Math.log(scale), 10)
    for (const name of ['alpha', 'gamma', 'beta'] as const) {
      expect(pooled.shape[name]).toBeCloseTo(alone.coefficients[name], 6)
    }
  })

  test('is the most likely shape when every asset counts the same, however long its history', () => {
    const { shape, meanLogLikelihood } = fitPooledGarch([long, short], options)
    const mean = (alpha: number, gamma: number, beta: number): number => {
      const omega = 1 - garchPersistence({ alpha, gamma, beta })
      const each = [long, short].map((returns) => {
        const scale = Math.sqrt(square(returns))
        return (
          plainLogLikelihood(
            returns.map((r) => r / scale),
            { omega, alpha, gamma, beta },
            1,
          ) / returns.length
        )
      })
      return each.reduce((sum, one) => sum + one, 0) / each.length
    }
    const { alpha, gamma, beta } = shape
    expect(meanLogLikelihood).toBeCloseTo(mean(alpha, gamma, beta), 10)
    for (const step of [1e-3, -1e-3]) {
      expect(mean(alpha + step, gamma, beta)).toBeLessThan(meanLogLikelihood)
      expect(mean(alpha, gamma + step, beta)).toBeLessThan(meanLogLikelihood)
      expect(mean(alpha, gamma, beta + step)).toBeLessThan(meanLogLikelihood)
    }
  })

  test('is the same when an asset is measured in other units', () => {
    const [once, again] = [
      fitPooledGarch([long, short], options),
      fitPooledGarch([long, short.map((r) => r / 64)], options),
    ]
    expect(again).toEqual(once)
  })

  test('needs a series', () => {
    expect(() => fitPooledGarch([], options)).toThrow(/at least one series, got none/)
    expect(() => fitPooledGarch([long, new Float64Array(9)], options)).toThrow(/at least 250 returns, got 9/)
  })
})

describe('returns that are hard to fit', () => {
  const next = normals(3)
  const noise = Float64Array.from({ length: 800 }, next)
  const hard: Readonly<Record<string, Float64Array>> = {
    'noise without memory': noise,
    'a variance that only grows': noise.map((z, index) => z * (1 + index / 50)),
    'one great move': noise.map((z, index) => (index === 400 ? 1e4 : z * 1e-4)),
    'nothing but one move': noise.map((_, index) => (index === 400 ? 1 : 0)),
    'mostly nothing': noise.map((z, index) => (index % 5 === 0 ? z : 0)),
    'falls alone': noise.map((z) => -Math.abs(z)),
    'returns about a mean that is not zero': noise.map((z) => 1 + z),
    'returns of the size of a rounding': noise.map((z) => z * 1e-16),
  }

  test.each(Object.entries(hard))('end within the bounds: %s', (_, returns) => {
    for (const asymmetric of [false, true]) {
      for (const targeting of [false, true]) {
        for (const mean of ['zero', 'constant'] as const) {
          const { coefficients, converged, logLikelihood } = fitGarch(returns, {
            ...plain,
            asymmetric,
            targeting,
            mean,
          })
          const { omega, alpha, gamma, beta } = coefficients
          expect(converged).toBe(true)
          expect(Number.isFinite(logLikelihood)).toBe(true)
          expect(omega).toBeGreaterThan(0)
          expect(Math.min(alpha, alpha + gamma, beta)).toBeGreaterThanOrEqual(0)
          expect(garchPersistence(coefficients)).toBeLessThanOrEqual(GARCH_PERSISTENCE_MAX + 1e-15)
        }
      }
    }
  })

  test('are refused with what is wrong when no fit means anything', () => {
    expect(() => fitGarch(noise.slice(0, GARCH_RETURNS_MIN - 1), plain)).toThrow(/at least 250 returns, got 249/)
    expect(() => fitGarch(new Float64Array(0), { ...plain, mean: 'constant' })).toThrow(/got 0/)
    expect(() => fitGarch(new Float64Array(500), plain)).toThrow(/returns that vary, got 500 that are all about 0/)
    expect(() => fitGarch(new Float64Array(500).fill(0.1), gjr)).toThrow(/returns that vary/)
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => fitGarch(noise.with(7, bad), plain)).toThrow(/finite returns, got (NaN|Infinity) at 7/)
    }
  })
})
