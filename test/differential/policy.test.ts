import type { Contract } from 'ethers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  type Bounds,
  type Move,
  nextParameters,
  PARAMETERS,
  type Parameter,
  type PolicyInput,
  REASONS,
} from '../../oracle-node/core/policy.ts'
import { bps } from '../../oracle-node/core/units.ts'
import { type Devnet, deployHarness, startDevnet, view } from '../contracts/chain.ts'
import { type SeededRandom, seededRandom } from '../support/seeded-random.ts'
import '../contracts/timeouts.ts'

const CASES = 1_500
const BATCH = 250

let devnet: Devnet
let harness: Contract
beforeAll(async () => {
  devnet = await startDevnet()
  harness = await deployHarness(devnet)
})
afterAll(() => devnet.close())

/** A whole number of any size up to `max`: extremes and middling ones as often as small ones. */
function upTo(random: SeededRandom, max: number): number {
  if (random.chance(0.05)) return 0
  if (random.chance(0.05)) return max
  const bits = 1 + random.below(Math.ceil(Math.log2(max + 1)))
  return Math.min(max, random.below(2 ** Math.min(bits, 32)) * (bits > 32 ? 2 ** (bits - 32) : 1))
}

function randomBounds(random: SeededRandom, highest: number): Bounds {
  return {
    floor: upTo(random, highest),
    ceiling: upTo(random, highest),
    tightenStep: upTo(random, 10_000),
    loosenStep: upTo(random, 10_000),
    tightenDelay: upTo(random, 2 ** 32 - 1),
    loosenDelay: upTo(random, 2 ** 32 - 1),
    deadband: upTo(random, random.chance(0.7) ? 50 : 65_535),
  }
}

function randomInput(random: SeededRandom): PolicyInput {
  const perParameter = <T>(make: (parameter: Parameter) => T): Record<Parameter, T> => ({
    ltv: make('ltv'),
    liquidationThreshold: make('liquidationThreshold'),
    supplyCap: make('supplyCap'),
    borrowCap: make('borrowCap'),
  })
  return {
    record: {
      expectedShortfall99Bps: bps(upTo(random, random.chance(0.8) ? 5_000 : 65_535)),
      depthUsd: upTo(random, 2 ** 40 - 1),
      priceE8: BigInt(upTo(random, 2 ** 53 - 1)) << BigInt(random.below(11)),
    },
    doubt: random.chance(0.2),
    bonusBps: upTo(random, random.chance(0.8) ? 1_500 : 55_535),
    current: {
      ltvBps: upTo(random, 10_000),
      liquidationThresholdBps: upTo(random, 10_000),
      supplyCap: upTo(random, 2 ** 36 - 1),
      borrowCap: upTo(random, 2 ** 36 - 1),
    },
    config: {
      bufferBps: upTo(random, 10_000),
      liquidatedShareBps: upTo(random, 10_000),
      optimalUtilisationBps: upTo(random, 10_000),
      depthReferenceBps: 1 + upTo(random, 65_534),
      doubtAboveBps: upTo(random, 65_535),
    },
    bounds: perParameter((parameter) => randomBounds(random, parameter.endsWith('Cap') ? 2 ** 40 - 1 : 10_000)),
    changedAt: perParameter(() => (random.chance(0.5) ? 0 : upTo(random, 2 ** 32 - 1))),
    now: upTo(random, 2 ** 33),
  }
}

/** As the ABI takes it. */
function abiInput(input: PolicyInput): unknown {
  const { record, current, config, bounds, changedAt } = input
  return {
    risk: {
      expectedShortfallBps: record.expectedShortfall99Bps,
      depthUsd: record.depthUsd,
      priceE8: record.priceE8,
      doubt: input.doubt,
    },
    market: { bonusBps: input.bonusBps, ...current },
    config,
    bounds: PARAMETERS.map((parameter) => bounds[parameter]),
    changedAt: PARAMETERS.map((parameter) => changedAt[parameter]),
    time: input.now,
  }
}

function words(move: Move): number[] {
  return [move.from, move.to, move.target, REASONS.indexOf(move.reason)]
}

test(`the policy gives the same moves and reasons in TypeScript and Solidity on ${CASES} random inputs`, async () => {
  const random = seededRandom('policy twins')
  const reasons = new Set<string>()
  let moved = 0
  for (let done = 0; done < CASES; done += BATCH) {
    const inputs = Array.from({ length: BATCH }, () => randomInput(random))
    const onChain = (await view(harness, 'nextParametersAll', inputs.map(abiInput))) as bigint[][][]
    inputs.forEach((input, index) => {
      const expected = nextParameters(input)
      const actual = (onChain[index] ?? []).map((move) => Array.from(move, Number))
      const wanted = PARAMETERS.map((parameter) => words(expected[parameter]))
      expect(actual, `case ${done + index}`).toEqual(wanted)
      for (const parameter of PARAMETERS) {
        reasons.add(expected[parameter].reason)
        if (expected[parameter].from !== expected[parameter].to) moved += 1
      }
    })
  }
  // The generator reaches every branch, else the comparison would say little.
  expect(reasons).toEqual(new Set(REASONS))
  expect(moved).toBeGreaterThan(CASES / 10)
})
