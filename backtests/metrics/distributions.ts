import exp from '@stdlib/math-base-special-exp'
import ln from '@stdlib/math-base-special-ln'
import { invariant } from '../../oracle-node/core/errors.ts'

/*
 * Tail probabilities that the tests need, in + − × ÷ √, exp and ln of @stdlib alone, so that a p-value has the same bits everywhere.
 * Compared with R's pnorm, pchisq, pt and pbinom in test/vectors/metrics.json.
 */

const SQRT_PI = Math.sqrt(Math.PI)

/** P(|Z| ≥ |z|) of a standard normal. */
export function normalTwoSided(z: number): number {
  return erfc(Math.abs(z) / Math.SQRT2)
}

/** P(X ≥ x) of χ² with one or two degrees of freedom; rounding can make a likelihood ratio slightly negative, which counts as zero. */
export function chiSquareTail(x: number, degrees: 1 | 2): number {
  const clean = Math.max(0, x)
  return degrees === 1 ? erfc(Math.sqrt(clean / 2)) : exp(-clean / 2)
}

/** Terms of the continued fraction from its end; at the least x, 2, more change no bit. */
const FRACTION_TERMS = 80

/**
 * The complementary error function, to 2e-13 of its value up to 26 (measured): below 2 as 1 − erf by the series without cancellation (Abramowitz and Stegun 7.1.6),
 * above by the continued fraction (7.1.14).
 */
export function erfc(x: number): number {
  if (x < 0) return 2 - erfc(-x)
  const bell = exp(-x * x) / SQRT_PI
  if (x < 2) {
    let term = 2 * x
    let sum = term
    for (let n = 1; term > sum * 1e-17; n++) {
      term *= (2 * x * x) / (2 * n + 1)
      sum += term
    }
    return 1 - bell * sum
  }
  let fraction = x
  for (let n = FRACTION_TERMS; n >= 1; n--) fraction = x + n / 2 / fraction
  return bell / fraction
}

/**
 * P(|T| ≥ |t|) of Student's t with whole degrees of freedom ν: the regularised incomplete beta function I(ν/2, 1/2) at ν/(ν + t²)
 * (Abramowitz and Stegun 26.7.1).
 */
export function studentTwoSided(t: number, degrees: number): number {
  invariant(Number.isInteger(degrees) && degrees > 0, `degrees of freedom are whole and positive, got ${degrees}`)
  if (t === 0) return 1
  const square = t * t
  if (square === Number.POSITIVE_INFINITY) return 0
  const [a, b, x, y] = [degrees / 2, 0.5, degrees / (degrees + square), square / (degrees + square)]
  // x^a · y^b / B(a, b), where x^a is taken from t itself since x is next to one.
  const front = (exp(-a * lnOnePlus(square / degrees)) * Math.sqrt(y) * gammaRatio(degrees)) / SQRT_PI
  return x * (a + b + 2) < a + 1 ? (front * betaFraction(a, b, x)) / a : 1 - (front * betaFraction(b, a, y)) / b
}

/** Γ((ν+1)/2) / Γ(ν/2), up from ν = 1 or 2. */
function gammaRatio(degrees: number): number {
  let ratio = degrees % 2 === 1 ? 1 / SQRT_PI : SQRT_PI / 2
  for (let k = degrees % 2 === 1 ? 1 : 2; k < degrees; k += 2) ratio *= (k + 1) / k
  return ratio
}

/** ln(1 + u) without losing the digits of a small u: ln is scaled by what rounding made of u (Kahan's correction). */
function lnOnePlus(u: number): number {
  const rounded = 1 + u
  return rounded === 1 ? u : (ln(rounded) * u) / (rounded - 1)
}

const BETA_STEPS_MAX = 10_000

/** The continued fraction of the incomplete beta function (NIST DLMF 8.17.22), by Lentz's method (1976); fast where x < (a+1)/(a+b+2). */
function betaFraction(a: number, b: number, x: number): number {
  let c = 1
  let d = 1 / (1 - ((a + b) * x) / (a + 1))
  let value = d
  for (let m = 1; m <= BETA_STEPS_MAX; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m))
    d = 1 / (1 + even * d)
    c = 1 + even / c
    value *= d * c
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1))
    d = 1 / (1 + odd * d)
    c = 1 + odd / c
    value *= d * c
    if (Math.abs(d * c - 1) < 1e-16) return value
  }
  invariant(false, `the incomplete beta function did not converge at ${a}, ${b}, ${x}`)
}

/**
 * P(X ≤ k) of a binomial of n trials for k = 0, 1, … as long as asked for. Each term from the one before, in logarithms, so that
 * (1−p)ⁿ does not vanish for a large n.
 */
export function* binomialCumulative(trials: number, probability: number): Generator<number, void> {
  let lnTerm = trials * ln(1 - probability)
  const lnOdds = ln(probability / (1 - probability))
  let cumulative = 0
  for (let k = 0; k <= trials; k++) {
    cumulative += exp(lnTerm)
    yield Math.min(1, cumulative)
    lnTerm += lnOdds + ln((trials - k) / (k + 1))
  }
}
