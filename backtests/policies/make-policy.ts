import type { MarketSetup } from '../lending/market.ts'
import type { Policy } from './policy.ts'
import { type BuiltInChoice, type PolicyChoice, policyFacts } from './policy-choice.ts'
import { smartShortfall } from './smart-ltv.ts'
import { staticPolicy } from './static.ts'
import { scaledShortfall, settingsOf, stewardPolicy } from './steward.ts'
import { loadUserPolicy, type UserPolicy, userPolicy } from './user-policy.ts'

/** A round every 15 minutes, as the demonstration network's. */
const ROUNDS_PER_HOUR = 4

/** A policy for one run of one market. */
export type PolicyMaker = (setup: MarketSetup, knob: number) => Policy

/**
 * What makes the chosen policy, the user's file loaded where it is one.
 * @throws {Error} that names the file when it is missing or holds no policy.
 */
export async function policyMaker(choice: PolicyChoice): Promise<PolicyMaker> {
  if (choice.kind !== 'function') return (setup, knob) => makePolicy(choice, setup, knob)
  const own: UserPolicy = await loadUserPolicy(choice.path)
  const { id } = policyFacts(choice)
  return (setup, knob) => userPolicy({ id, path: choice.path, own }, setup, knob)
}

/**
 * One of ours. A policy keeps state, so each run of each market needs its own.
 * @throws {RangeError} when the knob is outside of what the policy takes, or the market lacks what it needs.
 */
export function makePolicy(choice: BuiltInChoice, setup: MarketSetup, knob: number): Policy {
  const { id } = policyFacts(choice)
  if (choice.kind === 'static') return staticPolicy(id, setup, knob, choice.gapBps)
  if (!Number.isFinite(knob) || knob < 0) {
    throw new RangeError(`the knob of the policy ${id} is a factor of 0 or more, got ${knob}`)
  }
  const { config, bounds } = settingsOf(choice, setup)
  if (choice.kind !== 'smart-ltv') {
    return stewardPolicy({
      id,
      setup,
      config,
      bounds,
      moveCaps: choice.moveCaps ?? true,
      roundsPerHour: choice.roundsPerHour ?? ROUNDS_PER_HOUR,
      shortfallName: knob === 1 ? 'expected shortfall' : `expected shortfall times ${knob}`,
      shortfall: (record) => scaledShortfall(record.expectedShortfall99Bps, knob),
    })
  }
  return stewardPolicy({
    id,
    setup,
    // The form has its own allowance for liquidity; the steward's slippage would count it twice.
    config: { ...config, liquidatedShareBps: 0 },
    bounds,
    // Published for a cap that is given.
    moveCaps: choice.moveCaps ?? false,
    roundsPerHour: choice.roundsPerHour ?? ROUNDS_PER_HOUR,
    shortfallName: 'shortfall by SmartLTV',
    shortfall: (record, { supplyCap }) =>
      smartShortfall(record, { ...config, confidence: knob, supplyCap, bonusBps: setup.liquidationBonusBps }),
  })
}
