import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Assessment, assessMarket, LONE_JUMP_MAX } from '../../oracle-node/core/assess-market.ts'
import type { Bar } from '../../oracle-node/core/bar.ts'
import type { QuoteRates } from '../../oracle-node/core/consolidate.ts'
import { DOMINANCE_MAX } from '../../oracle-node/core/consolidate.ts'
import { recordDepth } from '../../oracle-node/core/depth.ts'
import type { Level, MarketTick, VenueSource } from '../../oracle-node/core/market.ts'
import type { UnixSeconds } from '../../oracle-node/core/units.ts'
import { TURNOVER_MAX } from '../../oracle-node/core/venue-weights.ts'

const END = 1_700_000_000 - (1_700_000_000 % 3_600)
const NOW = (END + 900) as UnixSeconds

type Given = {
  venue: VenueSource['venue']
  price: number
  quote?: VenueSource['quote']
  past?: number
  depth?: number
  volume?: number
}

function tick({ venue, price, quote = 'USD', past = price, depth, volume = 5 }: Given): MarketTick {
  const bars = Array.from({ length: 30 }, (_, index): Bar => {
    const openTime = (END - (30 - index) * 3_600) as UnixSeconds
    return { openTime, open: past, high: past, low: past, close: past, volume }
  })
  const source: VenueSource = {
    venue,
    symbol: `X/${quote}`,
    quote,
    priceInterval: '1m',
    maxAgeSeconds: 600,
    book: depth !== undefined,
  }
  // One bid and one ask of the depth wanted, a tenth of a per cent off.
  const ladder = depth && { bids: [level(price * 0.999, depth)], asks: [level(price * 1.001, depth)] }
  return { source, price, time: (NOW - 30) as UnixSeconds, bars, ...(ladder && { ladder }) }
}

const level = (price: number, worth: number): Level => [price, worth / price]
const assess = (given: readonly Given[], venuesMin = 2, rates: QuoteRates = {}): Assessment =>
  assessMarket({ asset: 'X', ticks: given.map(tick), rates, venuesMin, now: NOW })
const depthOf = (seen: Assessment): number | undefined =>
  seen.ok && seen.market.depth !== undefined ? recordDepth(seen.market.depth) : undefined
const reasons = ({ rejections }: Assessment): string[] => rejections.map(({ source, reason }) => `${source} ${reason}`)

describe('a market that venues agree on', () => {
  test('has the median over venues, half their spread, and the depth of all books', () => {
    const seen = assess([
      { venue: 'binance', price: 100, depth: 1_000 },
      { venue: 'kraken', price: 100.2, depth: 500 },
      { venue: 'coinbaseexchange', price: 100.4 },
    ])
    expect(seen).toMatchObject({ ok: true, market: { priceUsd: 100.2 }, rejections: [] })
    expect(depthOf(seen)).toBeCloseTo(1_500, 9)
    expect(seen.ok && seen.market.dispersion).toBeCloseTo(0.2 / 100.2, 12)
    expect(seen.ok && seen.market.sources).toEqual(['binance:X/USD', 'coinbaseexchange:X/USD', 'kraken:X/USD'])
    expect(seen.ok && seen.market.bars).toHaveLength(30)
  })

  test('has no depth where no venue served a book', () => {
    const seen = assess([
      { venue: 'binance', price: 100 },
      { venue: 'kraken', price: 100 },
    ])
    expect(seen.ok && 'depth' in seen.market).toBe(false)
  })

  test('gives a venue one voice, however many markets it has', () => {
    const seen = assess(
      [
        { venue: 'kraken', price: 101 },
        { venue: 'kraken', price: 101, quote: 'USDT' },
        { venue: 'binance', price: 100 },
      ],
      2,
      { USDT: { now: 1 } },
    )
    expect(seen.ok && seen.market.priceUsd).toBe(100.5)
  })

  test('is converted by what the stablecoin is worth', () => {
    const seen = assess([{ venue: 'binance', price: 200, quote: 'USDT', depth: 10 }], 1, { USDT: { now: 0.5 } })
    expect(seen.ok && seen.market.priceUsd).toBe(100)
    expect(depthOf(seen)).toBeCloseTo(5, 9)
  })
})

describe('what is left out, by name', () => {
  test('a price off by ten, and it alone', () => {
    const seen = assess([
      { venue: 'binance', price: 100 },
      { venue: 'kraken', price: 1_000 },
      { venue: 'coinbaseexchange', price: 100.1 },
    ])
    expect(reasons(seen)).toEqual(['kraken:X/USD outlier'])
    expect(seen.ok && seen.market.priceUsd).toBe(100.1)
  })

  test('a source in a currency without a rate', () => {
    const seen = assess(
      [
        { venue: 'binance', price: 1, quote: 'USDT' },
        { venue: 'kraken', price: 1 },
      ],
      1,
    )
    expect(reasons(seen)).toEqual(['binance:X/USDT no-quote-rate'])
  })

  test('a lone venue that jumps away from its own last day', () => {
    expect(assess([{ venue: 'binance', price: 100 * (1 + LONE_JUMP_MAX) - 0.01, past: 100 }], 1).ok).toBe(true)
    const seen = assess([{ venue: 'binance', price: 1_000, past: 100 }], 1)
    expect(seen).toMatchObject({ ok: false, reason: 'too-few-venues' })
    expect(reasons(seen)).toEqual(['binance:X/USD jump'])
  })
})

describe('when no two venues agree', () => {
  test('the one that just left its own past is dropped', () => {
    const seen = assess(
      [
        { venue: 'kraken', price: 100 },
        { venue: 'binance', price: 1_000, past: 100 },
      ],
      1,
    )
    expect(reasons(seen)).toEqual(['binance:X/USD jump'])
    expect(seen.ok && seen.market.priceUsd).toBe(100)
  })

  test('and all have left it, as in a crash, none is believed', () => {
    const seen = assess(
      [
        { venue: 'kraken', price: 40, past: 100 },
        { venue: 'binance', price: 45, past: 100 },
      ],
      1,
    )
    expect(seen).toMatchObject({ ok: false, reason: 'venues-disagree' })
    expect(reasons(seen)).toEqual(['binance:X/USD outlier', 'kraken:X/USD outlier'])
  })

  test('a crash that two venues confirm is no jump', () => {
    const seen = assess([
      { venue: 'kraken', price: 40, past: 100 },
      { venue: 'binance', price: 40.5, past: 100 },
    ])
    expect(seen.ok).toBe(true)
  })
})

describe('one hostile venue', () => {
  const honest = (['binance', 'bitstamp', 'kraken', 'okx'] as const).map((venue): Given => ({ venue, price: 100 }))
  const barsOf = (seen: Assessment): readonly Bar[] => (seen.ok ? seen.market.bars : [])

  test('multiplies no hour’s volume by more than five', () => {
    const seen = assess([...honest, { venue: 'gate', price: 100, volume: 1e9 }])
    expect(barsOf(seen)[0]?.volume).toBe(20 + DOMINANCE_MAX * 20)
  })

  test('whose book cannot carry its volume has it cut in the bars too', () => {
    const seen = assess([...honest, { venue: 'gate', price: 100, volume: 60, depth: 1 }])
    expect(reasons(seen)).toEqual(['gate:X/USD wash-volume'])
    expect(barsOf(seen)[0]?.volume).toBeCloseTo(20 + TURNOVER_MAX / 24, 6)
  })

  test('makes no hour with three markets against two venues', () => {
    const lying = (['USD', 'USDT', 'USDC'] as const).map(
      (quote): Given => ({ venue: 'kraken', price: 100, past: 50, quote }),
    )
    const seen = assess([...honest.slice(0, 2), ...lying], 2, { USDT: { now: 1 }, USDC: { now: 1 } })
    expect(new Set(barsOf(seen).map(({ close }) => close))).toEqual(new Set([100]))
  })

  test('gains no weight by having an honest venue rejected', () => {
    const given: Given[] = [
      { venue: 'binance', price: 100, volume: 1_000 },
      { venue: 'okx', price: 100, volume: 150 },
      { venue: 'kraken', price: 102.6, volume: 1_000 },
      { venue: 'gate', price: 98, volume: 1_000 },
      { venue: 'bybit', price: 98, volume: 1_000 },
    ]
    const seen = assess(given)
    expect(reasons(seen)).toEqual(['kraken:X/USD outlier'])
    expect(seen.ok && seen.market.priceUsd).toBe(100)
  })
})

test('venues converted by one wrong rate do not outvote three in dollars: the asset abstains', () => {
  const dollars = (['bitfinex', 'bitstamp', 'kraken'] as const).map((venue): Given => ({ venue, price: 100 }))
  const coins = (['binance', 'bybit', 'gate', 'okx'] as const).map(
    (venue): Given => ({ venue, price: 100, quote: 'USDT' }),
  )
  expect(assess([...dollars, ...coins], 3, { USDT: { now: 0.995 } }).ok).toBe(true)
  const wrong = { USDT: { now: 0.976 } }
  const priceless = (['okx', 'kraken'] as const).map((venue): Given => ({ venue, price: 100, quote: 'USDC' }))
  const seen = assess([...dollars, ...coins, ...priceless], 3, wrong)
  expect(seen).toMatchObject({ ok: false, reason: 'venues-disagree' })
  expect(assess([...priceless, ...coins, ...dollars].toReversed(), 3, wrong)).toEqual(seen)
  expect(assess([...priceless.toReversed(), ...coins, ...dollars], 3, wrong)).toEqual(seen)
})

describe('the asset abstains', () => {
  test('with fewer venues than it needs, even with many sources', () => {
    const seen = assess(
      [
        { venue: 'kraken', price: 1 },
        { venue: 'kraken', price: 1, quote: 'USDT' },
      ],
      2,
      { USDT: { now: 1 } },
    )
    expect(seen).toMatchObject({ ok: false, reason: 'too-few-venues' })
    expect(assess([], 1)).toMatchObject({ ok: false, reason: 'too-few-venues' })
  })

  test('when two venues differ by more than 5 %: neither can be trusted', () => {
    expect(
      assess([
        { venue: 'kraken', price: 100 },
        { venue: 'binance', price: 105 },
      ]).ok,
    ).toBe(true)
    const seen = assess(
      [
        { venue: 'kraken', price: 100 },
        { venue: 'binance', price: 105.3 },
      ],
      1,
    )
    expect(seen).toMatchObject({ ok: false, reason: 'venues-disagree' })
    expect(reasons(seen)).toEqual(['binance:X/USD outlier', 'kraken:X/USD outlier'])
  })

  test('when venues stand in two camps', () => {
    const seen = assess([
      { venue: 'binance', price: 100 },
      { venue: 'binanceus', price: 100 },
      { venue: 'kraken', price: 1_000 },
      { venue: 'coinbaseexchange', price: 1_000 },
    ])
    expect(seen).toMatchObject({ ok: false, reason: 'venues-disagree' })
  })

  test('when the last hours of history are missing', () => {
    const old = {
      ...tick({ venue: 'kraken', price: 100 }),
      bars: tick({ venue: 'kraken', price: 100 }).bars.slice(0, -2),
    }
    expect(assessMarket({ asset: 'X', ticks: [old], rates: {}, venuesMin: 1, now: NOW })).toMatchObject({
      ok: false,
      reason: 'too-few-bars',
    })
  })
})

const VENUES = ['binance', 'binanceus', 'coinbaseexchange', 'kraken'] as const

test('one lying venue of three or more moves neither the price out of the honest range nor an honest venue out of the market', () => {
  const honest = fc.array(fc.double({ min: 99.6, max: 100.4, noNaN: true }), { minLength: 2, maxLength: 3 })
  const lie = fc.oneof(fc.double({ min: 1e-6, max: 1e6, noNaN: true }), fc.double({ min: 90, max: 110, noNaN: true }))
  fc.assert(
    fc.property(honest, lie, (prices, lying) => {
      const given = [...prices, lying].map(
        (price, index): Given => ({ venue: VENUES[index] ?? 'kraken', price, past: 100 }),
      )
      const seen = assess(given, 2)
      const liar = given.at(-1)?.venue
      expect(seen.rejections.every(({ source }) => source === `${liar}:X/USD`)).toBe(true)
      expect(seen.ok && seen.market.priceUsd).toBeGreaterThanOrEqual(Math.min(...prices) - 1e-9)
      expect(seen.ok && seen.market.priceUsd).toBeLessThanOrEqual(Math.max(...prices) + 1e-9)
    }),
  )
})

test('two lying venues of five or more do not move the price out of the honest range', () => {
  const names = ['binance', 'binanceus', 'bitfinex', 'bitstamp', 'bybit', 'gate', 'kraken', 'okx'] as const
  const volume = fc.double({ min: 1, max: 1e9, noNaN: true })
  const honest = fc.array(fc.record({ price: fc.double({ min: 98, max: 102, noNaN: true }), volume }), {
    minLength: 3,
    maxLength: 6,
  })
  const lie = fc.record({ price: fc.double({ min: 50, max: 200, noNaN: true }), volume })
  fc.assert(
    fc.property(honest, lie, lie, (truth, ...lies) => {
      const given = [...lies, ...truth].map(
        (each, index): Given => ({ ...each, venue: names[index] ?? 'okx', past: 100 }),
      )
      const seen = assess(given, 1)
      if (!seen.ok) return
      const prices = truth.map(({ price }) => price)
      expect(seen.market.priceUsd).toBeGreaterThanOrEqual(Math.min(...prices))
      expect(seen.market.priceUsd).toBeLessThanOrEqual(Math.max(...prices))
    }),
  )
})

test('the order of ticks changes nothing, to the bit', () => {
  const given = fc.record({
    venue: fc.constantFrom(...VENUES),
    price: fc.double({ min: 95, max: 105, noNaN: true }),
    quote: fc.constantFrom('USD' as const, 'USDT' as const),
    depth: fc.double({ min: 0, max: 1e6, noNaN: true }),
  })
  const distinct = fc.uniqueArray(given, { selector: ({ venue, quote }) => `${venue}${quote}`, maxLength: 8 })
  fc.assert(
    fc.property(distinct, fc.infiniteStream(fc.nat()), (all, order) => {
      const rates = { USDT: { now: 0.997 } }
      const shuffled = all.map((each) => ({ each, key: order.next().value })).sort((a, b) => a.key - b.key)
      expect(
        assess(
          shuffled.map(({ each }) => each),
          2,
          rates,
        ),
      ).toEqual(assess(all, 2, rates))
    }),
  )
})
