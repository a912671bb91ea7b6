import { JsonRpcProvider } from 'ethers'
import { z } from 'zod'
import { type UnixSeconds, unixSeconds } from '../core/units.ts'
import type { Clock } from '../ports/clock.ts'

/** Half the time that a person notices; a replay steps no faster than its rounds. */
const POLL_MS = 50

/** What a node's answer must hold: a time that fits a record's 32 bits. */
const blockSchema = z.object({
  timestamp: z
    .string()
    .regex(/^0x[0-9a-f]{1,8}$/i, 'needs a time in hex that fits 32 bits')
    .transform((text) => unixSeconds(Number(text))),
})

/**
 * The time of the chain's newest block, for a replay whose chain follows the recorded time.
 * It resolves once the first block was read, and keeps the last time known while the chain does not answer, or answers with no time.
 * @throws {Error} when the first answer holds no block with a time.
 */
export async function chainClock(rpcUrl: string): Promise<Clock> {
  const provider = new JsonRpcProvider(rpcUrl, undefined, { staticNetwork: true, cacheTimeout: -1 })
  const read = async (): Promise<UnixSeconds> => {
    const block = blockSchema.safeParse(await provider.send('eth_getBlockByNumber', ['latest', false]))
    if (!block.success) throw new Error(`the RPC gave no block with a time: ${z.prettifyError(block.error)}`)
    return block.data.timestamp
  }
  let latest = await read().catch((error: unknown) => {
    provider.destroy()
    throw error
  })
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
