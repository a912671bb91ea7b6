import type { Multiaddr } from '@multiformats/multiaddr'
import type { NodeIndex } from '../../core/units.ts'
import type { MemberPeer, PeerDirectory } from '../../ports/peer-directory.ts'
import type { Telemetry } from '../../ports/telemetry.ts'
import { readPeerAddress } from './peer-address.ts'

type Known = { readonly node: NodeIndex; readonly addresses: readonly Multiaddr[] }

/** The other members as the directory named them last, by peer id and by number. */
export class MemberBook {
  readonly #directory: PeerDirectory
  readonly #self: string
  readonly #telemetry: Telemetry
  #known: ReadonlyMap<string, Known>

  constructor(directory: PeerDirectory, self: string, telemetry: Telemetry) {
    this.#directory = directory
    this.#self = self
    this.#telemetry = telemetry
    this.#known = this.#read()
  }

  /** Reads the directory again. @returns The peer ids of those who are members no more. */
  refresh(): string[] {
    const before = [...this.#known.keys()]
    this.#known = this.#read()
    return before.filter((peerId) => !this.#known.has(peerId))
  }

  peerIds(): string[] {
    return [...this.#known.keys()]
  }

  nodeOf(peerId: string): NodeIndex | undefined {
    return this.#known.get(peerId)?.node
  }

  peerIdOf(node: NodeIndex): string | undefined {
    return [...this.#known].find(([, known]) => known.node === node)?.[0]
  }

  /** Where a member can be dialled, its peer id with each; none for one that dials itself. */
  addressesOf(peerId: string): Multiaddr[] {
    return [...(this.#known.get(peerId)?.addresses ?? [])]
  }

  #read(): Map<string, Known> {
    const others = this.#directory.peers().filter(({ peerId }) => peerId !== this.#self)
    return new Map(others.map((peer) => [peer.peerId, { node: peer.node, addresses: this.#dialable(peer) }]))
  }

  #dialable({ node, peerId, addresses }: MemberPeer): Multiaddr[] {
    return addresses.flatMap((text) => {
      const read = readPeerAddress(text, peerId)
      if (read.ok) return [read.address.encapsulate(`/p2p/${peerId}`)]
      this.#telemetry.log('warn', 'peer-address-skipped', { member: node, detail: read.detail })
      return []
    })
  }
}
