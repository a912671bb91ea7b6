import { invariant } from './errors.ts'

/**
 * The Shapley values of a linear model f(x) = a + Σ wᵢ xᵢ against a reference, in closed form: wᵢ (xᵢ − rᵢ), since in a linear
 * model a feature changes the output by the same amount whoever came in before it (Štrumbelj and Kononenko 2014, section 3).
 * Sampling gives the same for such a model; this is what it is compared with.
 * @param parts.x One value a weight; so `reference`.
 * @throws {InvariantError} when lengths differ.
 */
export function linearContributions(parts: {
  readonly weights: readonly number[]
  readonly x: readonly number[]
  readonly reference: readonly number[]
}): number[] {
  const { weights, x, reference } = parts
  invariant(
    x.length === weights.length && reference.length === weights.length,
    `${weights.length} weights need as many values, got ${x.length} and a reference of ${reference.length}`,
  )
  return weights.map((weight, index) => weight * ((x[index] ?? Number.NaN) - (reference[index] ?? Number.NaN)))
}
