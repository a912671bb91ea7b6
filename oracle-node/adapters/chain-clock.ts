import { JsonRpcProvider } from 'ethers'
import { type UnixSeconds, unixSeconds } from '../core/units.ts'
import type { Clock } from '../ports/clock.ts'

/** Half the time that a person notices; a replay steps no faster than its rounds. */
const POLL_MS = 50

/**
 * The time of the chain's newest block, for a replay whose chain follows the recorded time.
 * It resolves once the first block was read, and keeps the last time known while the chain does not answer.
 */
export async function chainClock(rpcUrl: string): Promise<Clock> {
  const provider = new JsonRpcProvider(rpcUrl, undefined, { staticNetwork: true, cacheTimeout: -1 })
  const read = async (): Promise<number> => {
    const block: { timestamp: string } = await provider.send('eth_getBlockByNumber', ['latest', false])
    return Number(block.timestamp)
  }
  let latest: UnixSeconds = unixSeconds(await read())
  let stopped = false
  const poll = async (): Promise<void> => {
    while (!stopped) {
      await new Promise((wake) => setTimeout(wake, POLL_MS))
      const time = await read().catch(() => latest)
      latest = unixSeconds(Math.max(latest, time))
    }
  }
  void poll()
  return {
    now: () => latest,
    stop: () => {
      stopped = true
      provider.destroy()
    },
  }
}
