import { type Hex, toHex } from '../../../oracle-node/core/bytes.ts'
import { feedOf } from '../../../oracle-node/core/feed.ts'
import type { Observation } from '../../../oracle-node/core/observation.ts'
import { bps, type NodeIndex, type UnixSeconds, unixSeconds } from '../../../oracle-node/core/units.ts'
import type { SeededRandom } from '../../support/seeded-random.ts'
import type { Behaviour } from './behaviours.ts'

/** Of 3 % that others allow between their price and the report's. */
const JUST_INSIDE_PERCENT = 102n

type Observed = {
  readonly node: NodeIndex
  readonly round: number
  readonly behaviour: Behaviour | undefined
  readonly now: UnixSeconds
  readonly modelSet: Hex
}

/** What a member sees of the market, or says that it does. */
export function drawObservation(
  { node, round, behaviour, now, modelSet }: Observed,
  random: SeededRandom,
): Observation {
  const extreme = behaviour === 'extreme-values' || behaviour === 'colludes'
  const percent = behaviour === 'values-just-inside-tolerance' ? JUST_INSIDE_PERCENT : 100n
  const observedAt = extreme ? unixSeconds(4_000_000_000) : now
  const record = {
    priceE8: extreme ? 2n ** 63n : ((150_000_000_000n + BigInt(random.below(100_000_000))) * percent) / 100n,
    volatilityBps: bps(extreme ? 0 : 7_000 + random.below(50)),
    valueAtRisk99Bps: bps(extreme ? 65_535 : 900 + random.below(20)),
    expectedShortfall99Bps: bps(extreme ? 65_535 : 1_200 + random.below(20)),
    depthUsd: extreme ? 2 ** 40 - 1 : 5_000_000 + random.below(10_000),
    liquidityScoreBps: bps(extreme ? 0 : 6_600),
    riskScoreBps: bps(extreme ? 0 : 7_000),
    confidenceBps: bps(extreme ? 65_535 : random.below(5)),
    observedAt,
    validForSeconds: extreme ? 65_535 : 1_860,
  }
  const featuresHash = toHex(random.bytes(32))
  const values = [{ feed: feedOf('WETH'), record }]
  return { epoch: 1, round, node, observedAt, modelSet, featuresHash, fallbacks: 0n, values }
}
