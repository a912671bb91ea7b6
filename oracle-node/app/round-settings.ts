import type { Hex } from '../core/bytes.ts'
import type { PublicKeys } from '../core/threshold.ts'
import { nodeIndex } from '../core/units.ts'
import type { RoundSettings } from '../protocol/round-state.ts'
import type { NodeConfig, RunConfig } from './config.ts'

/** What the round's state machine needs, from the configuration, the keystore and the models. */
export function roundSettings(
  config: Pick<NodeConfig, 'epoch' | 'node'>,
  operators: readonly Hex[],
  run: RunConfig,
  keys: PublicKeys,
  modelSet: Hex,
): RoundSettings {
  const { collectMs, shareMs, attemptMs } = run.timing
  return {
    committee: { epoch: config.epoch, operators },
    self: nodeIndex(config.node),
    keys,
    domain: { chainId: BigInt(run.chain.chainId), oracle: run.chain.oracle },
    modelSet,
    tolerance: run.tolerance,
    collectMs,
    shareMs,
    attemptMs,
  }
}
