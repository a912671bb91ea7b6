import { onTestFinished, vi } from 'vitest'
import { chainClock } from '../../oracle-node/adapters/chain-clock.ts'
import { systemClock } from '../../oracle-node/adapters/system-clock.ts'
import { blockServer } from '../support/block-server.ts'
import { manualClock } from '../support/manual-clock.ts'
import { testClock } from './clock.ts'

testClock('manual', async (start) => {
  const clock = manualClock(start)
  return { clock, setSource: async (time) => clock.set(time) }
})

testClock('system', async (start) => {
  vi.useFakeTimers({ toFake: ['Date'], now: start * 1_000 + 999 })
  onTestFinished(() => void vi.useRealTimers())
  return { clock: systemClock(), setSource: async (time) => void vi.setSystemTime(time * 1_000) }
})

testClock('chain', async (start) => {
  const server = await blockServer(start)
  onTestFinished(() => server.close())
  const setSource = async (time: number): Promise<void> => {
    server.block = time
    const { requests } = server
    // Two requests later at least one was answered with the new block.
    while (server.requests < requests + 2) await new Promise((wake) => setTimeout(wake, 10))
  }
  return { clock: await chainClock(server.url), setSource }
})
