import { expect, test } from 'vitest'
import { taskQueue } from '../../../oracle-node/adapters/venues/task-queue.ts'
import { venueExchange } from '../../../oracle-node/adapters/venues/venue-exchange.ts'
import { marketHistory } from '../../../oracle-node/adapters/venues/venue-history.ts'
import type { UnixSeconds } from '../../../oracle-node/core/units.ts'

const HOUR = 3_600
const at = (seconds: number): UnixSeconds => seconds as UnixSeconds

/** A history whose venue answers or fails as told, and notes what it is asked for. */
function historyOf(tape: { wholeFrom: number | undefined } = { wholeFrom: undefined }) {
  const asked: string[] = []
  const venue = { fails: false }
  const exchange = Object.assign(venueExchange({ venue: 'kraken', timeoutMs: 100, responseBytesMax: 1_000 }), {
    fetchOHLCV: async (_: string, timeframe = '') => {
      asked.push(timeframe)
      if (venue.fails) throw new Error('no')
      return []
    },
  })
  const queue = taskQueue(4)
  const history = marketHistory({ exchange, symbol: 'BTC/USD', tape, later: (task) => queue(task) })
  const refresh = async (now: number, wantsMinutes = false): Promise<string[]> => {
    asked.length = 0
    history.refresh(at(now), wantsMinutes)
    await history.ready(wantsMinutes)
    await new Promise((done) => setTimeout(done))
    return [...asked]
  }
  return { history, refresh, venue, tape }
}

test('hours are asked for once, and again only when another has closed', async () => {
  const { refresh } = historyOf()
  expect(await refresh(10 * HOUR + 5)).toEqual(['1h'])
  expect(await refresh(10 * HOUR + 3_599)).toEqual([])
  expect(await refresh(11 * HOUR)).toEqual(['1h'])
  expect(await refresh(11 * HOUR + 1)).toEqual([])
})

test('minutes are asked for once more when the trades have a whole minute, and again after an interruption', async () => {
  const { refresh, tape } = historyOf()
  expect(await refresh(36_010, true)).toEqual(['1h', '1m'])
  tape.wholeFrom = 36_060_000
  expect(await refresh(36_050, true)).toEqual([])
  expect(await refresh(36_061, true)).toEqual(['1m'])
  expect(await refresh(37_000, true)).toEqual([])
  tape.wholeFrom = 37_080_000
  expect(await refresh(37_081, true)).toEqual(['1m'])
})

test('without trades, or with one from the future, minutes are asked for every five minutes', async () => {
  const { refresh, tape } = historyOf()
  await refresh(36_000, true)
  expect(await refresh(36_300, true)).toEqual([])
  expect(await refresh(36_301, true)).toEqual(['1m'])
  tape.wholeFrom = 9e15
  expect(await refresh(36_602, true)).toEqual(['1m'])
})

test('a failure is told, and not repeated at once', async () => {
  const { history, refresh, venue } = historyOf()
  venue.fails = true
  await expect(refresh(36_000)).rejects.toThrow('no')
  venue.fails = false
  await expect(refresh(36_010)).rejects.toThrow('no')
  expect(await refresh(36_015)).toEqual(['1h'])
  expect(history.hours).toEqual([])
})

test('a queue runs so many tasks at once, in their order, and survives those that fail', async () => {
  const queue = taskQueue(2)
  const events: string[] = []
  const { promise, resolve } = Promise.withResolvers<void>()
  for (const name of ['a', 'b', 'c', 'd']) {
    queue(async () => {
      events.push(name)
      await promise
      if (name === 'd') events.push('last')
      throw new Error(name)
    })
  }
  await new Promise((done) => setTimeout(done))
  expect(events).toEqual(['a', 'b'])
  resolve()
  await new Promise((done) => setTimeout(done, 10))
  expect(events).toEqual(['a', 'b', 'c', 'd', 'last'])
})
