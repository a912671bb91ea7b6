import type { LendingConfig } from '../config/lending-schema.ts'
import { aaveParameters } from '../lending/aave-parameters.ts'
import type { TaskInput } from './task-inputs.ts'

/** Lower than any market's ever was: what is below was counted in percent. */
const THRESHOLD_MIN_BPS = 500

/**
 * A market's parameters: those of the config, else what Aave was recorded with.
 * @throws {Error} that names the field, where neither says it or they contradict each other.
 */
export function setupOf(asset: string, market: LendingConfig['defaults']): TaskInput<'market'>['setup'] {
  const recorded = aaveParameters(asset)
  const of = (name: keyof TaskInput<'market'>['setup'], otherwise?: number): number => {
    const value = market[name] ?? recorded?.[name] ?? otherwise
    if (value !== undefined) return value
    throw new Error(
      `Aave's ${name} for ${asset} is not recorded; give lending.markets.${asset}.${name}, or leave the asset out`,
    )
  }
  const setup = {
    ltvBps: of('ltvBps'),
    liquidationThresholdBps: of('liquidationThresholdBps'),
    liquidationBonusBps: of('liquidationBonusBps'),
    liquidationProtocolFeeBps: of('liquidationProtocolFeeBps', 1_000),
    reserveFactorBps: of('reserveFactorBps', 1_000),
  }
  if (setup.liquidationThresholdBps < THRESHOLD_MIN_BPS) {
    throw new Error(
      `lending.markets.${asset}: a liquidation threshold of ${setup.liquidationThresholdBps} bps is ${setup.liquidationThresholdBps / 100} %; were percent meant? 7000 is 70 %`,
    )
  }
  if (setup.ltvBps > setup.liquidationThresholdBps) {
    throw new Error(
      `lending.markets.${asset}: an LTV of ${setup.ltvBps} is above its liquidation threshold, ${setup.liquidationThresholdBps}`,
    )
  }
  return setup
}
