import type { NodeIndex } from '../core/units.ts'

/** Where one member of the committee is reached, and the identity that it must prove there. */
export type MemberPeer = {
  readonly node: NodeIndex
  /** The peer id's text: the name of a public key, which the member must hold the secret half of. */
  readonly peerId: string
  /** Multiaddrs without the peer id; empty for a member that can only be heard, since it dials the others itself. */
  readonly addresses: readonly string[]
}

/** Who the members are at the moment. Whoever is not in it is a stranger. */
export type PeerDirectory = {
  peers(): readonly MemberPeer[]
  /** Called after each change of {@link peers}. */
  onChange(handler: () => void): void
  close(): void
}
