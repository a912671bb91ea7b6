import type { Hex } from '../../../oracle-node/core/bytes.ts'
import type { SignedObservation } from '../../../oracle-node/core/observation.ts'
import type { Nonces } from '../../../oracle-node/core/threshold.ts'
import type { NodeIndex } from '../../../oracle-node/core/units.ts'
import type { RoundMessage } from '../../../oracle-node/protocol/messages.ts'
import type { RoundState } from '../../../oracle-node/protocol/round-state.ts'
import type { Behaviour } from './behaviours.ts'

/** What a member writes down before it says it. */
export type Entry =
  | { readonly kind: 'observed'; readonly round: number; readonly signed: SignedObservation }
  | {
      readonly kind: 'signing'
      readonly round: number
      readonly digest: Hex
      readonly observations: readonly SignedObservation[]
    }

export type Member = {
  readonly node: NodeIndex
  /** Undefined for an honest one. */
  readonly behaviour: Behaviour | undefined
  /** Counts its restarts: what an earlier life waited for does not happen in this one. */
  life: number
  isUp: boolean
  state: RoundState | undefined
  nonces: Map<Hex, Nonces>
  early: Array<{ readonly from: NodeIndex; readonly message: RoundMessage }>
  /** What a crash leaves. */
  disk: Entry[]
  readonly sent: RoundMessage[]
}

export function newMember(node: NodeIndex, behaviour: Behaviour | undefined): Member {
  const empty = { nonces: new Map(), early: [], disk: [], sent: [] }
  return { node, behaviour, life: 0, isUp: true, state: undefined, ...empty }
}
