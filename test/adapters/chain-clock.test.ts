import { expect, onTestFinished, test } from 'vitest'
import { chainClock } from '../../oracle-node/adapters/chain-clock.ts'
import { type BlockServer, blockServer } from '../support/block-server.ts'

const START = 1_700_000_000

async function running(): Promise<BlockServer> {
  const server = await blockServer(START)
  onTestFinished(() => server.close())
  return server
}

/** Waits until the clock has read the chain after this call. */
async function readAgain(server: BlockServer): Promise<void> {
  const { requests } = server
  await expect.poll(() => server.requests, { timeout: 5_000 }).toBeGreaterThanOrEqual(requests + 2)
}

test.each([
  ['null', null],
  ['a block without a time', {}],
  ['a time that is no number', { timestamp: 'soon' }],
  ['a time below zero', { timestamp: '-0x1' }],
  ['a time past 32 bits', { timestamp: '0x1ffffffff' }],
  ['a time of nothing', { timestamp: '' }],
])('an RPC that answers %s stops nothing: the last time known stands until it mends', async (_, block) => {
  const server = await running()
  const clock = await chainClock(server.url)
  onTestFinished(() => clock.stop())
  server.block = block
  await readAgain(server)
  expect(clock.now()).toBe(START)
  server.block = START + 60
  await expect.poll(() => clock.now()).toBe(START + 60)
})

test('an RPC that is gone leaves the last time known', async () => {
  const server = await running()
  const clock = await chainClock(server.url)
  onTestFinished(() => clock.stop())
  await server.close()
  await new Promise((wake) => setTimeout(wake, 120))
  expect(clock.now()).toBe(START)
})

test('a stopped clock asks no more', async () => {
  const server = await running()
  const clock = await chainClock(server.url)
  await readAgain(server)
  clock.stop()
  await new Promise((wake) => setTimeout(wake, 80))
  const { requests } = server
  await new Promise((wake) => setTimeout(wake, 150))
  expect(server.requests).toBe(requests)
})

test('a chain whose first block has no time is an error', async () => {
  const server = await running()
  server.block = { timestamp: 'soon' }
  await expect(chainClock(server.url)).rejects.toThrow('gave no block with a time')
})
