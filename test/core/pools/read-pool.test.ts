import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { PoolSource, Rejection } from '../../../oracle-node/core/market.ts'
import { checkConcentrated, checkConstantProduct, fieldsOf } from '../../../oracle-node/core/pools/check-uniswap.ts'
import { stableSwapLadder, stableSwapMid } from '../../../oracle-node/core/pools/curve-depth.ts'
import type { ConcentratedState, ConstantProductState } from '../../../oracle-node/core/pools/pool-state.ts'
import { type ParsedPool, parsePool } from '../../../oracle-node/core/pools/read-pool.ts'
import { sqrtPriceAtTick } from '../../../oracle-node/core/pools/tick-math.ts'
import { type UnixSeconds, unixSeconds } from '../../../oracle-node/core/units.ts'
import { anyConcentrated, anyPair } from '../../support/arbitrary-pools.ts'
import { anyStableSwap } from '../../support/arbitrary-stable-swap.ts'

const NOW = unixSeconds(1_700_000_010)
const SOURCE: PoolSource = {
  ...{ venue: 'uniswap-v3', symbol: 'WETH/USDC', quote: 'USDC', maxAgeSeconds: 60 },
  ...{ baseToken: `0x${'0a'.repeat(20)}`, quoteToken: `0x${'0b'.repeat(20)}`, address: `0x${'0c'.repeat(20)}` },
}

const PAIR: ConstantProductState = {
  kind: 'constant-product',
  ...{ reserves: [10n ** 21n, 2n * 10n ** 12n], decimals: [18, 6], base: 0, blockTime: 1_700_000_000 },
}

const POOL: ConcentratedState = {
  kind: 'concentrated',
  ...{ sqrtPrice: sqrtPriceAtTick(100) + 5n, tick: 100, liquidity: 70n * 10n ** 18n },
  ...{ fees: [500, 500], tickSpacing: 10, range: [-887_272, 887_272] },
  ticks: [
    { index: -500, liquidityNet: 50n * 10n ** 18n },
    { index: 90, liquidityNet: 20n * 10n ** 18n },
    { index: 110, liquidityNet: -20n * 10n ** 18n },
    { index: 700, liquidityNet: -50n * 10n ** 18n },
  ],
  ...{ decimals: [12, 12], base: 0, blockTime: 1_700_000_000 },
}

const parse = (pool: unknown, now: UnixSeconds = NOW): ParsedPool => parsePool({ source: SOURCE, raw: { pool }, now })

function reasonOf(pool: unknown, now?: UnixSeconds): Rejection | 'ok' {
  const parsed = parse(pool, now)
  return parsed.ok ? 'ok' : parsed.reason
}

describe('a pool’s state', () => {
  test('gives a price, the block’s time and a ladder around the price', () => {
    const parsed = parse(PAIR)
    expect(parsed).toMatchObject({ ok: true, tick: { source: SOURCE, price: 2_000, time: 1_700_000_000, bars: [] } })
    if (parsed.ok) expect(parsed.tick.ladder?.bids[0]?.[0]).toBeLessThan(2_000)
    expect(parse(POOL)).toMatchObject({ ok: true, tick: { time: 1_700_000_000 } })
    expect(parse({ ...POOL, base: 1 })).toMatchObject({ ok: true })
  })

  test('that anyone could move for small change is thin', () => {
    expect(reasonOf({ ...PAIR, reserves: [10n ** 15n, 2n * 10n ** 6n] })).toBe('thin-book')
    expect(reasonOf({ ...PAIR, reserves: [1n, 1n] })).not.toBe('ok')
    const fee = { ...POOL, fees: [10_000, 10_000] }
    expect(reasonOf(fee)).toBe('ok')
  })

  test('every pool that could be is accepted, or is named empty, thin, or not a market’s', () => {
    fc.assert(
      fc.property(fc.oneof(anyPair, anyConcentrated), (state) => {
        const parsed = parse(state)
        if (!parsed.ok) expect(parsed.detail).toMatch(/no market's|more than a market could|is needed/)
        // Whatever its price is worth to a market, the state itself is accepted and nothing of it lost.
        const checked =
          state.kind === 'concentrated' ? checkConcentrated({ ...state }) : checkConstantProduct({ ...state })
        expect(checked).toEqual({ ok: true, state })
      }),
    )
  })

  test('stable-swap pools come through the same door', () => {
    fc.assert(
      fc.property(anyStableSwap({ imbalance: 2, fee: true }), (drawn) => {
        const state = { ...drawn, blockTime: 1_700_000_000 }
        const parsed = parse(state)
        const tick = { price: stableSwapMid(state), ladder: stableSwapLadder(state) }
        expect(parsed).toMatchObject(parsed.ok ? { ok: true, tick } : { ok: false, reason: 'thin-book' })
      }),
      { numRuns: 30 },
    )
  })

  test('a block may be as old as the source allows, and may lead our clock by 30 s', () => {
    expect(reasonOf(PAIR, unixSeconds(1_700_000_060))).toBe('ok')
    expect(reasonOf(PAIR, unixSeconds(1_700_000_061))).toBe('stale')
    expect(reasonOf(PAIR, unixSeconds(1_699_999_970))).toBe('ok')
    expect(reasonOf(PAIR, unixSeconds(1_699_999_969))).toBe('from-the-future')
  })

  test.each<[Rejection | 'ok', string, Partial<Record<keyof ConcentratedState, unknown>>]>([
    ['empty', 'no price', { sqrtPrice: 0n }],
    ['malformed', 'below the least price', { sqrtPrice: 4_295_128_738n }],
    ['malformed', 'past the greatest price', { sqrtPrice: 2n ** 160n }],
    ['malformed', 'a price that is a double', { sqrtPrice: 1e29 }],
    ['malformed', 'the tick above', { tick: 101 }],
    ['malformed', 'the tick below, inside a tick', { tick: 99 }],
    ['malformed', 'two below a tick’s price', { sqrtPrice: sqrtPriceAtTick(100), tick: 98 }],
    ['ok', 'a swap that came down to the tick’s price', { sqrtPrice: sqrtPriceAtTick(100), tick: 99 }],
    ['malformed', 'liquidity that the ticks do not sum to', { liquidity: 70n * 10n ** 18n + 1n }],
    ['malformed', 'less liquidity than leaves at the next tick', { liquidity: 10n ** 18n, range: [80, 400] }],
    ['malformed', 'a tick off the spacing', { ticks: [{ index: -501, liquidityNet: 0n }] }],
    ['malformed', 'a tick out of order', { ticks: [...POOL.ticks].reverse() }],
    ['malformed', 'a tick outside the range', { range: [-510, 690] }],
    ['malformed', 'a tick left out', { ticks: POOL.ticks.slice(0, 3) }],
    ['malformed', 'a net of 2^127', { ticks: [{ index: -500, liquidityNet: 2n ** 127n }] }],
    ['malformed', 'a net that is a number', { ticks: [{ index: -500, liquidityNet: 5 }] }],
    ['malformed', 'too many ticks', { ticks: Array.from({ length: 16_385 }, () => POOL.ticks[0]) }],
    ['malformed', 'a range without the tick', { range: [-500, 100] }],
    ['malformed', 'no spacing', { tickSpacing: 0 }],
    ['malformed', 'three fees', { fees: [1, 2, 3] }],
    ['refused', 'a fee of all', { fees: [500, 1_000_000] }],
    ['malformed', 'a third token', { base: 2 }],
    ['malformed', 'decimals past any token’s', { decimals: [18, 37] }],
    ['malformed', 'a block time in parts of seconds', { blockTime: 1_700_000_000.5 }],
    ['malformed', 'decimals that make the price absurd', { decimals: [36, 0] }],
  ])('%s: %s', (reason, _, change) => {
    expect(reasonOf({ ...POOL, ...change })).toBe(reason)
  })

  test('no liquidity at the price, or an empty reserve, is named empty', () => {
    const ticks = [POOL.ticks[1], { index: 100, liquidityNet: -20n * 10n ** 18n }]
    expect(reasonOf({ ...POOL, liquidity: 0n, ticks })).toBe('empty')
    expect(reasonOf({ ...PAIR, reserves: [0n, 5n] })).toBe('empty')
    expect(reasonOf({ ...PAIR, reserves: [2n ** 112n, 5n] })).toBe('malformed')
  })

  test('never throws, whatever it is given', () => {
    const anyField = fc.oneof(fc.anything({ withBigInt: true }), fc.bigInt(), fc.array(fc.bigInt()), fc.integer())
    const fields = [...Object.keys(POOL), ...Object.keys(PAIR)]
    const broken = fc
      .tuple(fc.constantFrom<object>(POOL, PAIR), fc.constantFrom(...fields), anyField)
      .map(([state, field, value]) => ({ ...state, [field]: value }))
    fc.assert(
      fc.property(fc.oneof(fc.anything({ withBigInt: true }), broken), (pool) => {
        const parsed = parse(pool)
        if (!parsed.ok) expect(parsed.detail.length).toBeLessThan(300)
      }),
      { numRuns: 5_000 },
    )
    expect(fieldsOf(null)).toBeUndefined()
  })
})
