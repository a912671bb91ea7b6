import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { SYNTHETIC_START } from '../../data/synthetic/simulator.ts'
import { binanceFormat } from '../../data/venues/binance.ts'
import { venueView } from '../../data/venues/view.ts'
import { parseBook } from '../../oracle-node/core/market-book.ts'
import { simulated } from './running-venues.ts'
import { hasSharedData, SHARED_DATA } from './shared-data.ts'

type Depth = Record<string, unknown> & { bids: string[][]; asks: string[][] }

/** Answers of the venue itself, as a recorder wrote them: `URL -> time: body`. */
function recordedDepths(name: string): Depth[] {
  const log = gunzipSync(readFileSync(join(SHARED_DATA, 'wire/cryptofeed', name))).toString()
  return log
    .split('\n')
    .filter((line) => line.includes('/api/v3/depth?'))
    .map((line) => JSON.parse(line.slice(line.indexOf(': {') + 2)) as Depth)
}

describe.skipIf(!hasSharedData())('recorded answers of Binance and Binance.US', () => {
  const recorded = ['BINANCE.http.0.0.log.gz', 'BINANCE_US.http.0.0.log.gz'].flatMap(recordedDepths)

  test('have the very form in which our server sends a book', () => {
    const view = venueView({ history: simulated(), venue: 'binance', now: SYNTHETIC_START + 60, fillsEmpty: true })
    const query = new URLSearchParams({ symbol: 'ETHUSDT' })
    const ours = binanceFormat.reply({ path: '/api/v3/depth', query }, view).body as Depth
    const formOf = (depth: Depth): unknown => ({
      keys: Object.keys(depth),
      level: depth.bids[0]?.map((text) => text.replace(/\d+\./, 'N.').replace(/\d/g, '0')),
    })
    expect(recorded.length).toBeGreaterThan(3)
    for (const depth of recorded) expect(formOf(depth)).toEqual(formOf(ours))
  })

  test('are books to the core, all of them: sound, or too thin for a price where the market is small', () => {
    const numbers = (side: string[][]): number[][] => side.map((level) => level.map(Number))
    const judged = recorded.map(({ bids, asks }) => parseBook({ bids: numbers(bids), asks: numbers(asks) }))
    const refused = judged.filter((book) => !book.ok)
    expect(judged.length - refused.length).toBeGreaterThan(0)
    expect(refused.filter(({ reason }) => reason !== 'thin-book')).toEqual([])
  })
})
