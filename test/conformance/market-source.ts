import { describe, expect, test } from 'vitest'
import { isPool } from '../../oracle-node/core/market.ts'
import { parseTick } from '../../oracle-node/core/tick.ts'
import type { UnixSeconds } from '../../oracle-node/core/units.ts'
import type { MarketSource } from '../../oracle-node/ports/market-source.ts'

/** What each situation of the suite must give: a source of the situation, and the time it is asked at. */
export type MarketSourceSituations = {
  /** A healthy market with a book and traded minutes. */
  healthy(): Promise<{ source: MarketSource; now: UnixSeconds }>
  /** The venue does not list the market. */
  unlisted(): Promise<{ source: MarketSource; now: UnixSeconds }>
  /** Nothing answers. */
  silent(): Promise<{ source: MarketSource; now: UnixSeconds; withinMs: number }>
}

/** What every MarketSource owes its callers, whatever is behind it. */
export function testMarketSource(name: string, situations: MarketSourceSituations): void {
  describe(`market source: ${name}`, () => {
    test('gives hours, minutes and a book that make a tick', async () => {
      const { source, now } = await situations.healthy()
      const fetched = await source.fetch(now)
      if (!fetched.ok) throw new Error(fetched.detail)
      if (isPool(source.source)) throw new Error('a venue was needed')
      const parsed = parseTick({ source: source.source, raw: fetched.raw, now })
      if (!parsed.ok) throw new Error(parsed.detail)
      expect(parsed.tick.bars.length).toBeGreaterThanOrEqual(200)
      expect(parsed.tick.ladder?.bids.length).toBeGreaterThan(0)
      expect(parsed.tick.source).toEqual(source.source)
    })

    test('gives the same when asked twice at one time, and side by side', async () => {
      const { source, now } = await situations.healthy()
      const [one, two] = await Promise.all([source.fetch(now), source.fetch(now)])
      expect(one).toEqual(two)
      expect(await source.fetch(now)).toEqual(one)
    })

    test('names a market that the venue does not list, and does not throw', async () => {
      const { source, now } = await situations.unlisted()
      expect(await source.fetch(now)).toMatchObject({ ok: false, reason: 'refused' })
    })

    test('ends within its limit when nothing answers', async () => {
      const { source, now, withinMs } = await situations.silent()
      const start = performance.now()
      expect(await source.fetch(now)).toMatchObject({ ok: false, reason: 'timeout' })
      expect(performance.now() - start).toBeLessThan(withinMs)
    })
  })
}
