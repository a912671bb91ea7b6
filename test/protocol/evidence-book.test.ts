import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Hex } from '../../oracle-node/core/bytes.ts'
import type { SignedObservation } from '../../oracle-node/core/observation.ts'
import { DEVIATION_TOLERANCE } from '../../oracle-node/core/out-of-range.ts'
import { type NodeIndex, nodeIndex } from '../../oracle-node/core/units.ts'
import { leaderOf } from '../../oracle-node/protocol/committee.ts'
import type { Evidence } from '../../oracle-node/protocol/evidence.ts'
import {
  EMPTY_BOOK,
  type EvidenceBook,
  type EvidenceSettings,
  note,
  type Sighting,
} from '../../oracle-node/protocol/evidence-book.ts'
import { makeWorld } from '../simulation/simulate.ts'
import { nodesOf, observationOf, settingsOf, signedBy } from '../support/committee.ts'
import { signersOf } from '../support/committee-messages.ts'
import { certifiedReport, signedProposal, signedShare } from '../support/evidence.ts'

const ROUND = 31
const world = makeWorld(4)
const nodes = nodesOf(world)
const { committee, keys, domain } = settingsOf(world, nodeIndex(1))
const settings: EvidenceSettings = { committee, keys, domain, deviation: DEVIATION_TOLERANCE }
const leader = leaderOf(committee, ROUND, 0)
const honest = nodes.map((node) => signedBy(world, observationOf(node, ROUND)))
const liar = nodeIndex(3)
const moved = (priceE8: bigint, round = ROUND) => signedBy(world, observationOf(liar, round, { priceE8 }))
const signers = signersOf(world, 'book').slice(0, 3)
const seen = (...observations: readonly SignedObservation[]): Sighting => ({ kind: 'observations', observations })
const proposed = (observations: readonly SignedObservation[], session = 0, attempt = 0, node = leader): Sighting => ({
  kind: 'proposal',
  proposal: signedProposal(world, node, { observations, signers }, { round: ROUND, attempt, session }),
})

function read(sightings: readonly Sighting[], book: EvidenceBook = EMPTY_BOOK, round = ROUND) {
  const found: Evidence[] = []
  let current = book
  for (const sighting of sightings) {
    const noted = note(settings, current, round, sighting)
    current = noted.book
    found.push(...noted.found)
  }
  return { book: current, found, kinds: found.map(({ subject, claim }) => `${claim.kind} ${subject.node}`) }
}

describe('the book', () => {
  test('finds an observer that shows two faces, once, whichever comes first', () => {
    const [own] = [honest[liar - 1] as SignedObservation]
    const near = moved(200_000_000_001n)
    const forwards = read([seen(...honest), seen(near), seen(near, own), seen(moved(200_000_000_002n))])
    expect(forwards.kinds).toEqual([`observer-equivocation ${liar}`])
    expect(read([seen(near), seen(...honest)]).found).toEqual(forwards.found)
  })

  test('finds a leader that splits its committee', () => {
    expect(read([proposed(honest), proposed(honest, 1)]).kinds).toEqual([])
    const split = read([proposed(honest), proposed(honest.slice(1), 1), proposed(honest.slice(0, 3))])
    expect(split.kinds).toEqual([`leader-equivocation ${leader}`])
    expect(read([proposed(honest.slice(1), 1), proposed(honest)]).found).toEqual(split.found)
  })

  test('finds a wrong share, and no right one', () => {
    const options = { digest: `0x${'3c'.repeat(32)}` as Hex, round: ROUND, seed: 'book' }
    const right = signedShare(world, liar, options)
    const wrong = signedShare(world, liar, options, { share: `0x${'01'.repeat(32)}` })
    expect(read([{ kind: 'share', ...right }]).kinds).toEqual([])
    expect(
      read([
        { kind: 'share', ...wrong },
        { kind: 'share', ...wrong },
      ]).kinds,
    ).toEqual([`invalid-share ${liar}`])
  })

  test('finds what is impossible, and what is far from the median, before and after the report is there', () => {
    const certified: Sighting = { kind: 'certified', ...certifiedReport(world, honest) }
    const far = moved(1n)
    expect(read([seen(far), certified]).kinds).toEqual([`deviation ${liar}`])
    expect(read([certified, seen(far)]).kinds).toEqual([`deviation ${liar}`])
    expect(read([certified, seen(moved(0n))]).kinds).toEqual([`impossible-value ${liar}`, `deviation ${liar}`])
    expect(read([certified, seen(...honest)]).kinds).toEqual([])
  })

  test('lets nobody be accused of what it did not sign', () => {
    const own = honest[liar - 1] as SignedObservation
    const forged = { ...own, observation: observationOf(liar, ROUND, { priceE8: 7n }) }
    const { proposal } = proposed(honest) as Extract<Sighting, { kind: 'proposal' }>
    const statement = { ...proposal.statement, session: 0, observationsHash: `0x${'00'.repeat(32)}` as Hex }
    const { found, book } = read([
      seen(forged),
      seen(own),
      seen({ ...moved(5n), signature: `0x${'00'.repeat(65)}` }),
      proposed(honest),
      { kind: 'proposal', proposal: { ...proposal, statement } },
    ])
    expect(found).toEqual([])
    // What was forged took no place.
    expect(book.rounds.get(ROUND)?.observations.get(liar)).toEqual([own])
  })

  test('remembers three rounds, and of a leader the lowest proposals', () => {
    let { book } = read([])
    for (let round = ROUND; round < ROUND + 10; round += 1) {
      book = read([seen(moved(1_000n, round))], book, round).book
    }
    expect([...book.rounds.keys()]).toEqual([ROUND + 7, ROUND + 8, ROUND + 9])
    expect(read([seen(moved(1n))], book, ROUND)).toMatchObject({ book, found: [] })
    // The attempts that a leader has no turn in are not kept, and those that nobody reaches go first.
    const turns = Array.from({ length: 40 }, (_, turn) => proposed(honest, 0, (39 - turn) * 4))
    const flooded = read([...turns, proposed(honest, 0, 1)])
    const kept = flooded.book.rounds.get(ROUND)?.proposals.get(leader) ?? []
    expect(kept.map(({ statement }) => statement.attempt)).toEqual(Array.from({ length: 32 }, (_, turn) => turn * 4))
    expect(read([proposed(honest.slice(1))], flooded.book).kinds).toEqual([`leader-equivocation ${leader}`])
  })

  test('finds the same in any order of what it sees', () => {
    const sightings: readonly Sighting[] = [
      ...honest.map((each) => seen(each)),
      seen(moved(0n)),
      proposed(honest),
      proposed(honest.slice(1)),
      { kind: 'certified', ...certifiedReport(world, honest) },
    ]
    const all = read(sightings).kinds.toSorted()
    expect(all).toEqual([
      `deviation ${liar}`,
      `impossible-value ${liar}`,
      `leader-equivocation ${leader}`,
      `observer-equivocation ${liar}`,
    ])
    fc.assert(
      fc.property(fc.shuffledSubarray([...sightings], { minLength: sightings.length }), (shuffled) => {
        expect(read(shuffled).kinds.toSorted()).toEqual(all)
      }),
      { numRuns: 30 },
    )
  })

  test('accuses no honest member, whatever part of an honest round it sees', () => {
    const options = { digest: `0x${'3c'.repeat(32)}` as Hex, round: ROUND, seed: 'honest' }
    const sightings: Sighting[] = [
      ...honest.map((each) => seen(each)),
      seen(...honest),
      ...[0, 1, 2].map((session) => proposed(honest, session)),
      ...nodes.map((node): Sighting => ({ kind: 'share', ...signedShare(world, node, options) })),
      { kind: 'certified', ...certifiedReport(world, honest) },
    ]
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...sightings), { maxLength: 30 }), (some) => {
        expect(read(some).found).toEqual([])
      }),
      { numRuns: 50 },
    )
  })
})

test('an observation of a number beyond the committee is nobody’s', () => {
  const stranger = { ...(honest[0] as SignedObservation), observation: observationOf(nodeIndex(9) as NodeIndex, ROUND) }
  expect(read([seen(stranger)]).book.rounds.get(ROUND)?.observations.size).toBe(0)
})
