import fc from 'fast-check'
import { type Hex, toHex } from '../../oracle-node/core/bytes.ts'
import { baseMultiple } from '../../oracle-node/core/group.ts'
import { nodeIndex } from '../../oracle-node/core/units.ts'
import type { Body, CeremonyMessage, Letter } from '../../oracle-node/protocol/ceremony/letters.ts'

const bytes = (length: number): fc.Arbitrary<Hex> =>
  fc.uint8Array({ minLength: length, maxLength: length }).map((each) => toHex(each))
const party = fc.integer({ min: 1, max: 8 }).map(nodeIndex)
const view = fc.oneof(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 1_000 }))
/** Points, and what only looks like some. */
const point = fc.oneof(
  fc.bigInt({ min: 1n, max: 99n }).map((scalar) => baseMultiple(scalar) as Hex),
  bytes(33),
)
const share = fc.record({ to: party, key: point, text: bytes(32) })

/** Whatever a member can write and sign. */
export const anyBody: fc.Arbitrary<Body> = fc.oneof(
  fc.record({ kind: fc.constant('hello' as const), key: point }),
  fc.record({
    kind: fc.constant('deal' as const),
    key: point,
    keyProof: bytes(65),
    commitment: fc.array(point, { maxLength: 5 }),
    proof: bytes(65),
    shares: fc.array(share, { maxLength: 5 }),
  }),
  fc.record({ kind: fc.constant('more' as const), deal: bytes(32), share }),
  fc.record({ kind: fc.constant('complaint' as const), against: party, about: bytes(32), point, proof: bytes(64) }),
  fc.record(
    {
      kind: fc.constant('proposal' as const),
      view,
      lockView: view,
      dealers: fc.array(fc.record({ party, deal: bytes(32) }), { maxLength: 5 }),
    },
    { requiredKeys: ['kind', 'view', 'dealers'] },
  ),
  fc.record({ kind: fc.constantFrom('prevote' as const, 'precommit' as const), view, value: bytes(32) }),
)

const anyLetter: fc.Arbitrary<Letter> = fc.record({ from: party, body: anyBody, signature: bytes(65) })

export const anyCeremonyMessage: fc.Arbitrary<CeremonyMessage> = fc.oneof(
  fc.record({
    kind: fc.constant('ceremony-letters' as const),
    ceremony: bytes(32),
    letters: fc.array(anyLetter, { maxLength: 4 }),
  }),
  fc.record({
    kind: fc.constant('ceremony-status' as const),
    ceremony: bytes(32),
    view,
    done: fc.boolean(),
    has: fc.array(bytes(8), { maxLength: 9 }),
  }),
)
