import { invariant } from '../../oracle-node/core/errors.ts'

/**
 * The one rule of all metrics for NaN and infinities: they are refused, never skipped, since a day left out in silence would be a day forgiven.
 * @throws {InvariantError} that names the first such value.
 */
export function requireFinite(name: string, values: ArrayLike<number>): void {
  for (let index = 0; index < values.length; index++) {
    const value = values[index] ?? Number.NaN
    invariant(Number.isFinite(value), `${name} needs finite values, got ${value} at ${index}`)
  }
}
