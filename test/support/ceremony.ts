import type { PublicKeys, SecretShare } from '../../oracle-node/core/threshold.ts'
import { type NodeIndex, nodeIndex } from '../../oracle-node/core/units.ts'
import {
  type KeygenEffect,
  type KeygenMessage,
  type KeygenState,
  startKeygen,
  stepKeygen,
} from '../../oracle-node/protocol/keygen.ts'
import type { SeededRandom } from './seeded-random.ts'

export type CeremonyOutcome = {
  readonly done: ReadonlyMap<NodeIndex, { readonly keys: PublicKeys; readonly secret: SecretShare }>
  readonly failures: ReadonlyArray<{ readonly at: NodeIndex; readonly reason: string; readonly node?: NodeIndex }>
}

type Letter = { readonly from: NodeIndex; readonly to: NodeIndex; readonly message: KeygenMessage }

/** Runs a whole key generation in memory, letters in a random order, some of them twice; `tamper` plays a cheating dealer. */
export function runCeremony(
  members: number,
  random: SeededRandom,
  tamper: (letter: Letter) => KeygenMessage = (letter) => letter.message,
): CeremonyOutcome {
  const states = new Map<NodeIndex, KeygenState>()
  const done = new Map<NodeIndex, { keys: PublicKeys; secret: SecretShare }>()
  const failures: Array<{ at: NodeIndex; reason: string; node?: NodeIndex }> = []
  const post: Letter[] = []
  const carryOut = (at: NodeIndex, effects: readonly KeygenEffect[]): void => {
    for (const effect of effects) {
      if (effect.kind === 'send') post.push({ from: at, to: effect.to, message: effect.message })
      if (effect.kind === 'done') done.set(at, { keys: effect.keys, secret: effect.secret })
      if (effect.kind === 'failed') failures.push({ at, ...effect })
    }
  }
  for (let index = 1; index <= members; index += 1) {
    const at = nodeIndex(index)
    const started = startKeygen(at, members, random.bytes)
    states.set(at, started.state)
    carryOut(at, started.effects)
  }
  while (post.length > 0) {
    const at = random.below(post.length)
    const letter = post[at] as Letter
    if (!random.chance(0.1)) post.splice(at, 1)
    const state = states.get(letter.to) as KeygenState
    const stepped = stepKeygen(state, { from: letter.from, message: tamper(letter) })
    states.set(letter.to, stepped.state)
    carryOut(letter.to, stepped.effects)
  }
  return { done, failures }
}
