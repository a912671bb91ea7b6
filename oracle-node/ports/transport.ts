import type { NodeIndex } from '../core/units.ts'

/**
 * Messages between committee members. The receiver knows for certain which member sent a message, and nobody else can read it:
 * key generation sends secret shares this way. A message may be lost, late or twice; `send` says whether the peer took it.
 */
export type Transport = {
  send(to: NodeIndex, message: unknown): Promise<boolean>
  /**
   * Brings what is no secret to all other members, through each other where the direct way is cut; every member may read it, and
   * each still knows who wrote it. Left out by a transport that has no such way: then `send` to each.
   */
  broadcast?(message: unknown): Promise<void>
  /** One handler; what it is given is JSON from a peer and proves nothing. */
  onMessage(handler: (from: NodeIndex, message: unknown) => void): void
  close(): Promise<void>
}
