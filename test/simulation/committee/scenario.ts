import { faultyMax } from '../../../oracle-node/core/quorum.ts'
import { type SeededRandom, seededRandom } from '../../support/seeded-random.ts'
import { BEHAVIOURS, type Behaviour } from './behaviours.ts'

/** A round's length in virtual time: room for the attempts of a dozen leaders. */
export const ROUND_MS = 60_000
/**
 * The last rounds are without faults of the network and of honest members. A report must come in one of them, and the run ends with it: a
 * leader that splits its followers costs a round that it leads first, and may do so several times (THREATS).
 */
export const HEALED_ROUNDS = 8

export type Crash = { readonly node: number; readonly atMs: number; readonly downMs: number }
export type Partition = { readonly fromMs: number; readonly toMs: number; readonly apart: readonly number[] }

/** All that a run depends on, as data: what fails is printed, shrunk and kept in this form. */
export type Scenario = {
  readonly seed: string
  readonly size: number
  readonly rounds: number
  /** By member, how it breaks the protocol; the others are honest. */
  readonly faulty: ReadonlyArray<{ readonly node: number; readonly behaviour: Behaviour }>
  readonly loss: number
  readonly delayMsMax: number
  readonly duplicates: boolean
  readonly crashes: readonly Crash[]
  readonly partitions: readonly Partition[]
  /** How far each member's clock is ahead, and how many milliseconds it gains a second. */
  readonly clocks: ReadonlyArray<{ readonly aheadMs: number; readonly gainMs: number }>
}

const SIZES = [4, 4, 4, 4, 4, 4, 5, 6, 7, 7, 10, 13]
const LARGE = [16, 22, 31]

/** What goes wrong under a seed: at most f faulty members, and whatever else of the network, the disks and the clocks. */
export function drawScenario(seed: string): Scenario {
  const random = seededRandom(`scenario ${seed}`)
  const pick = <T>(values: readonly T[]): T => values[random.below(values.length)] as T
  const size = random.chance(0.02) ? pick(LARGE) : pick(SIZES)
  const rounds = HEALED_ROUNDS + 1 + random.below(size > 13 ? 1 : 3)
  const stormMs = (rounds - HEALED_ROUNDS) * ROUND_MS
  return {
    seed,
    size,
    rounds,
    faulty: drawFaulty(random, size),
    loss: pick([0, 0, 0.05, 0.2]),
    delayMsMax: pick([5, 100, 900]),
    duplicates: random.chance(0.4),
    crashes: Array.from({ length: random.below(4) }, () => ({
      node: 1 + random.below(size),
      atMs: random.below(stormMs),
      downMs: 100 + random.below(20_000),
    })),
    partitions: Array.from({ length: random.below(2) }, () => {
      const fromMs = random.below(stormMs)
      const apart = Array.from({ length: size }, (_, index) => index + 1).filter(() => random.chance(0.5))
      return { fromMs, toMs: Math.min(stormMs, fromMs + 1_000 + random.below(ROUND_MS)), apart }
    }),
    clocks: Array.from({ length: size }, () => ({
      aheadMs: random.below(4_000) - 2_000,
      gainMs: random.below(7) - 3,
    })),
  }
}

function drawFaulty(random: SeededRandom, size: number): Scenario['faulty'] {
  const count = random.below(faultyMax(size) + 1)
  const nodes = new Set<number>()
  while (nodes.size < count) nodes.add(1 + random.below(size))
  const kind = (): Behaviour => BEHAVIOURS[random.below(BEHAVIOURS.length)] as Behaviour
  const together = random.chance(0.25)
  return [...nodes].map((node) => ({ node, behaviour: together ? 'colludes' : kind() }))
}

/** Scenarios that are simpler by one thing each, the greatest simplification first. */
function simpler(scenario: Scenario): Scenario[] {
  const without = <T>(values: readonly T[]): T[][] => values.map((_, index) => values.toSpliced(index, 1))
  const still = scenario.clocks.map(() => ({ aheadMs: 0, gainMs: 0 }))
  const isStill = JSON.stringify(scenario.clocks) === JSON.stringify(still)
  return [
    ...(scenario.size > 4 ? [resized(scenario, 4)] : []),
    ...(scenario.rounds > HEALED_ROUNDS + 1 ? [{ ...scenario, rounds: scenario.rounds - 1 }] : []),
    ...without(scenario.partitions).map((partitions) => ({ ...scenario, partitions })),
    ...without(scenario.crashes).map((crashes) => ({ ...scenario, crashes })),
    ...without(scenario.faulty).map((faulty) => ({ ...scenario, faulty })),
    ...(scenario.loss > 0 ? [{ ...scenario, loss: 0 }] : []),
    ...(scenario.duplicates ? [{ ...scenario, duplicates: false }] : []),
    ...(scenario.delayMsMax > 5 ? [{ ...scenario, delayMsMax: 5 }] : []),
    ...(isStill ? [] : [{ ...scenario, clocks: still }]),
  ]
}

function resized(scenario: Scenario, size: number): Scenario {
  return {
    ...scenario,
    size,
    faulty: scenario.faulty.filter(({ node }) => node <= size).slice(0, faultyMax(size)),
    crashes: scenario.crashes.filter(({ node }) => node <= size),
    clocks: scenario.clocks.slice(0, size),
  }
}

/** The simplest scenario that still fails as this one does, by leaving out one thing after the other. */
export function shrink(scenario: Scenario, fails: (candidate: Scenario) => boolean): Scenario {
  const found = simpler(scenario).find(fails)
  return found === undefined ? scenario : shrink(found, fails)
}
