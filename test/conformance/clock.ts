import { describe, expect, onTestFinished, test } from 'vitest'
import type { Clock } from '../../oracle-node/ports/clock.ts'

/** A clock under test, and a way to set what it is driven by: the wall, the chain or the test itself. */
export type DrivenClock = { readonly clock: Clock; setSource(time: number): Promise<void> }

/** What every Clock owes its callers. */
export function testClock(name: string, make: (start: number) => Promise<DrivenClock>): void {
  const started = async (start: number): Promise<DrivenClock> => {
    const driven = await make(start)
    onTestFinished(() => driven.clock.stop())
    return driven
  }

  describe(`clock: ${name}`, () => {
    test('tells whole unix seconds and follows its source', async () => {
      const { clock, setSource } = await started(1_700_000_000)
      expect(clock.now()).toBe(1_700_000_000)
      await setSource(1_700_000_900)
      await expect.poll(() => clock.now()).toBe(1_700_000_900)
    })

    test('never goes back, though its source does, and goes on when the source has caught up', async () => {
      const { clock, setSource } = await started(1_700_000_000)
      await setSource(1_700_000_500)
      await expect.poll(() => clock.now()).toBe(1_700_000_500)
      await setSource(1_700_000_400)
      await new Promise((wake) => setImmediate(wake))
      expect(clock.now()).toBe(1_700_000_500)
      await setSource(1_700_000_501)
      await expect.poll(() => clock.now()).toBe(1_700_000_501)
    })
  })
}
