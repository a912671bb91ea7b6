import type { NodeIndex } from '../core/units.ts'

/**
 * Messages between committee members. The receiver knows for certain which member sent a message, and nobody else can read it:
 * key generation sends secret shares this way. A message may be lost, late or twice; `send` says whether the peer took it.
 */
export type Transport = {
  send(to: NodeIndex, message: unknown): Promise<boolean>
  /** One handler; what it is given is JSON from a peer and proves nothing. */
  onMessage(handler: (from: NodeIndex, message: unknown) => void): void
  close(): Promise<void>
}
