import { describe, expect, onTestFinished, test } from 'vitest'
import { nodeIndex } from '../../oracle-node/core/units.ts'
import type { Transport } from '../../oracle-node/ports/transport.ts'

type Received = { readonly from: number; readonly message: unknown }

/** What every Transport owes its callers. `make` gives the first `count` members of one committee, each its transport. */
export function testTransport(name: string, make: (count: number) => Promise<Transport[]>): void {
  const joined = async (count: number): Promise<{ transport: Transport; inbox: Received[] }[]> => {
    const transports = await make(count)
    onTestFinished(async () => void (await Promise.all(transports.map((each) => each.close()))))
    return transports.map((transport) => {
      const inbox: Received[] = []
      transport.onMessage((from, message) => inbox.push({ from, message }))
      return { transport, inbox }
    })
  }

  describe(`transport: ${name}`, () => {
    test('brings a message to the member it is for and to no other, and says who sent it', async () => {
      const [one, two, three] = await joined(3)
      const message = { kind: 'greeting', nested: [1, 'ü', null], text: 'x'.repeat(10_000) }
      expect(await one?.transport.send(nodeIndex(2), message)).toBe(true)
      await expect.poll(() => two?.inbox).toEqual([{ from: 1, message }])
      expect(three?.inbox).toEqual([])
      expect(await three?.transport.send(nodeIndex(2), 'from three')).toBe(true)
      await expect.poll(() => two?.inbox.at(-1)).toEqual({ from: 3, message: 'from three' })
    })

    test('brings many messages at once, both ways, each once', async () => {
      const [one, two] = await joined(2)
      const numbers = Array.from({ length: 60 }, (_, index) => index)
      const taken = await Promise.all([
        ...numbers.map((each) => one?.transport.send(nodeIndex(2), { each })),
        ...numbers.map((each) => two?.transport.send(nodeIndex(1), { each })),
      ])
      expect(taken.every(Boolean)).toBe(true)
      for (const inbox of [one?.inbox, two?.inbox]) {
        const seen = (inbox ?? []).map(({ message }) => (message as { each: number }).each)
        expect(seen.toSorted((a, b) => a - b)).toEqual(numbers)
      }
    })

    test('brings a broadcast, where it has such a way, to all others and not to its author', async () => {
      const [one, two, three] = await joined(3)
      if (one?.transport.broadcast === undefined) return
      await one.transport.broadcast({ certificate: 'x'.repeat(100_000) })
      for (const other of [two, three])
        await expect.poll(() => other?.inbox[0]).toEqual({ from: 1, message: { certificate: 'x'.repeat(100_000) } })
      expect(one.inbox).toEqual([])
    })

    test('says that nobody took a message for a member that is gone, or that is no member', async () => {
      const [one, two] = await joined(2)
      expect(await one?.transport.send(nodeIndex(2), 'here')).toBe(true)
      await two?.transport.close()
      expect(await one?.transport.send(nodeIndex(2), 'gone')).toBe(false)
      expect(await one?.transport.send(nodeIndex(9), 'who')).toBe(false)
    })

    test('says that nobody took a message while the receiver does not listen yet', async () => {
      const transports = await make(2)
      onTestFinished(async () => void (await Promise.all(transports.map((each) => each.close()))))
      const [one, two] = transports
      expect(await one?.send(nodeIndex(2), 'early')).toBe(false)
      const inbox: unknown[] = []
      two?.onMessage((_from, message) => inbox.push(message))
      expect(await one?.send(nodeIndex(2), 'now')).toBe(true)
      await expect.poll(() => inbox).toEqual(['now'])
    })
  })
}
