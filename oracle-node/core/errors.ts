/** A bug of ours, never an expected failure: nothing catches it but the process's last handler. */
export class InvariantError extends Error {
  override name = 'InvariantError'
}

/**
 * Stops when a condition that the code relies on does not hold.
 * @throws {InvariantError} with the message given.
 */
export function invariant(condition: boolean, message: string): asserts condition {
  if (!condition) throw new InvariantError(message)
}
