import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type MarketPath, POINT_SECONDS } from '../../backtests/lending/market.ts'
import { pushCost } from '../../backtests/scenarios/push-cost.ts'
import { type Stress, stressPath, stressSeries } from '../../backtests/scenarios/stress.ts'
import type { Series } from '../../backtests/series.ts'

const START = 1_600_000_000 - (1_600_000_000 % 3_600)
const POINTS = 40

const path = (points = POINTS): MarketPath => ({
  asset: 'ETH',
  from: START,
  priceUsd: Float64Array.from({ length: points }, (_, point) => 100 + point),
  oraclePriceUsd: Float64Array.from({ length: points }, (_, point) => 99 + point),
  depthUsd: Float64Array.from({ length: points }, () => 1e6),
})
const at = (point: number): number => START + point * POINT_SECONDS
const ratio = (a: Float64Array, b: Float64Array): number[] =>
  Array.from(a, (value, index) => value / (b[index] ?? Number.NaN))

describe('a gap', () => {
  const gap = { kind: 'gap', at: at(8), fall: 0.4, recover: 0, recoverHours: 0 } as const

  test('lowers the price from its point on, and the oracle one point later; depth stays', () => {
    const before = path()
    const { path: after, silent, pushes } = stressPath(before, [gap])
    const price = ratio(after.priceUsd, before.priceUsd)
    const oracle = ratio(after.oraclePriceUsd, before.oraclePriceUsd)
    expect(price.map((each) => each.toFixed(9))).toEqual(
      price.map((_, point) => (point < 8 ? '1.000000000' : '0.600000000')),
    )
    expect(oracle.map((each) => each.toFixed(9))).toEqual(
      oracle.map((_, point) => (point < 9 ? '1.000000000' : '0.600000000')),
    )
    expect(after.depthUsd).toEqual(before.depthUsd)
    expect(silent.every((each) => each === 0)).toBe(true)
    expect(pushes).toEqual([])
  })

  test('comes back evenly by the share that it should', () => {
    const before = path()
    const half = ratio(stressPath(before, [{ ...gap, recover: 0.5, recoverHours: 4 }]).path.priceUsd, before.priceUsd)
    expect(half[8]).toBeCloseTo(0.6, 12)
    expect(half[16]).toBeCloseTo(0.7, 12)
    for (const each of half.slice(24)) expect(each).toBeCloseTo(0.8, 12)
    const whole = stressPath(before, [{ ...gap, recover: 1, recoverHours: 4 }]).path
    expect(whole.priceUsd.slice(24)).toEqual(before.priceUsd.slice(24))
    expect(whole.oraclePriceUsd.slice(25)).toEqual(before.oraclePriceUsd.slice(25))
  })

  test('can have the oracle that a caller makes of the fallen price', () => {
    const { path: after } = stressPath(path(), [gap], ({ priceUsd }) => priceUsd.map((price) => price - 1))
    expect(after.oraclePriceUsd).toEqual(after.priceUsd.map((price) => price - 1))
  })

  test('moves the hours that nodes see by the same factors, and they stay sound', () => {
    const hours = POINTS / 4
    const series: Series = {
      asset: 'ETH',
      kind: 'volatile',
      from: START,
      open: new Float64Array(hours).fill(100),
      high: new Float64Array(hours).fill(101),
      low: new Float64Array(hours).fill(99),
      close: new Float64Array(hours).fill(100),
      volumeUsd: new Float64Array(hours).fill(5),
      missing: new Uint8Array(hours),
    }
    const before = path()
    const stress = { ...gap, recover: 0.5, recoverHours: 4 }
    const factors = ratio(stressPath(before, [stress]).path.priceUsd, before.priceUsd)
    const after = stressSeries(series, [stress, { kind: 'venue-outage', at: START, hours: 1 }])
    for (let hour = 0; hour < hours; hour++) {
      expect(after.open[hour]).toBeCloseTo(100 * (factors[hour * 4] ?? 0), 9)
      expect(after.close[hour]).toBeCloseTo(100 * (factors[hour * 4 + 3] ?? 0), 9)
      expect(after.high[hour]).toBeGreaterThanOrEqual(Math.max(after.open[hour] ?? 0, after.close[hour] ?? 0))
      expect(after.low[hour]).toBeLessThanOrEqual(Math.min(after.open[hour] ?? 0, after.close[hour] ?? 0))
    }
    expect(after.volumeUsd).toEqual(series.volumeUsd)
    expect(series.close.every((close) => close === 100)).toBe(true)
    expect(() => stressSeries(series, [{ ...gap, at: START + 900 }])).toThrow(
      /stress 1 \(gap\): at is .*; a full hour was needed/,
    )
  })
})

test('a collapse of depth changes depth alone, for its hours, and comes back evenly where it should', () => {
  const before = path()
  const collapse = { kind: 'depth-collapse', at: at(4), hours: 2, factor: 0.1 } as const
  const once = stressPath(before, [collapse]).path
  expect([...once.depthUsd]).toEqual(
    Array.from(before.depthUsd, (depth, point) => (point >= 4 && point < 12 ? depth * 0.1 : depth)),
  )
  expect(once.priceUsd).toEqual(before.priceUsd)
  expect(once.oraclePriceUsd).toEqual(before.oraclePriceUsd)
  const slow = stressPath(before, [{ ...collapse, recoverHours: 2 }]).path.depthUsd
  expect([...slow.slice(11, 21)].map(Math.round)).toEqual([
    100_000, 100_000, 212_500, 325_000, 437_500, 550_000, 662_500, 775_000, 887_500, 1_000_000,
  ])
})

test('an outage keeps the oracle at its last price and the nodes silent, for its hours alone', () => {
  const before = path()
  const { path: after, silent } = stressPath(before, [{ kind: 'venue-outage', at: at(4), hours: 1.5 }])
  expect([...silent]).toEqual(Array.from({ length: POINTS }, (_, point) => (point >= 4 && point < 10 ? 1 : 0)))
  expect([...after.oraclePriceUsd]).toEqual(
    Array.from(before.oraclePriceUsd, (price, point) => (point >= 4 && point < 10 ? 102 : price)),
  )
  expect(after.priceUsd).toEqual(before.priceUsd)
  expect(stressPath(before, [{ kind: 'venue-outage', at: START, hours: 1 }]).path.oraclePriceUsd[3]).toBe(99)
})

describe('a manipulation', () => {
  test('moves the oracle alone, for its minutes, and says what it costs at the depth of then', () => {
    const before = path()
    const push = { kind: 'oracle-manipulation', at: at(4), minutes: 31, move: 0.5 } as const
    const { path: after, pushes } = stressPath(before, [
      { kind: 'depth-collapse', at: START, hours: 9, factor: 0.5 },
      push,
    ])
    expect([...after.oraclePriceUsd]).toEqual(
      Array.from(before.oraclePriceUsd, (price, point) => (point >= 4 && point < 7 ? price * 1.5 : price)),
    )
    expect(after.priceUsd).toEqual(before.priceUsd)
    expect(pushes).toEqual([{ at: at(4), move: 0.5, ...pushCost(500_000, 0.5) }])
  })

  test('costs what the pool or the book needs', () => {
    // Reserves of 1 000 tokens and 1 000 000 USD at 1 000 USD: a fall of 2 % takes out 1e6 · (1 − √.98) USD.
    const reserve = 1e6
    const depth = reserve * (1 - Math.sqrt(0.98))
    const up = pushCost(depth, 3)
    // Four times the price: twice the USD in the pool, half the tokens.
    expect(up.poolUsd).toBeCloseTo(1e6, 3)
    // Paid 1 000 000 for 500 tokens that are worth 500 000.
    expect(up.poolLossUsd).toBeCloseTo(5e5, 3)
    expect(up.bookUsd).toBeCloseTo((depth * 3) / 0.02, 3)
    const down = pushCost(depth, -0.75)
    // A quarter of the price: half the USD is taken out, for 1 000 tokens that are worth 1 000 000.
    expect(down.poolUsd).toBeCloseTo(5e5, 3)
    expect(down.poolLossUsd).toBeCloseTo(5e5, 3)
    expect(pushCost(depth, -0.02).poolUsd).toBeCloseTo(depth, 6)
    expect(pushCost(depth, -0.02).bookUsd).toBeCloseTo(depth, 6)
    expect(pushCost(1e6, 0)).toEqual({ bookUsd: 0, poolUsd: 0, poolLossUsd: 0 })
    expect(() => pushCost(1e6, -1)).toThrow(/move is -1/)
    expect(() => pushCost(Number.NaN, 0.1)).toThrow(/depth is NaN/)
  })

  test('costs more the further and the deeper', () => {
    const depth = fc.double({ min: 1, max: 1e9, noNaN: true })
    const move = fc.double({ min: 0.01, max: 0.9, noNaN: true })
    fc.assert(
      fc.property(depth, move, fc.constantFrom(1, -1), (usd, size, sign) => {
        const [near, far, deep] = [
          pushCost(usd, (sign * size) / 2),
          pushCost(usd, sign * size),
          pushCost(2 * usd, sign * size),
        ]
        for (const key of ['bookUsd', 'poolUsd', 'poolLossUsd'] as const) {
          expect(far[key]).toBeGreaterThan(near[key])
          expect(deep[key]).toBeCloseTo(2 * far[key], 0)
        }
      }),
    )
  })
})

const anyStress = fc.oneof(
  fc.record({
    kind: fc.constant('gap' as const),
    at: fc.nat({ max: POINTS - 1 }).map(at),
    fall: fc.double({ min: 0, max: 0.99, noNaN: true }),
    recover: fc.double({ min: 0, max: 1, noNaN: true }),
    recoverHours: fc.double({ min: 0.1, max: 5, noNaN: true }),
  }),
  fc.record({
    kind: fc.constant('depth-collapse' as const),
    at: fc.nat({ max: POINTS - 1 }).map(at),
    hours: fc.double({ min: 0.1, max: 5, noNaN: true }),
    factor: fc.double({ min: 0, max: 1, noNaN: true }),
  }),
  fc.record({
    kind: fc.constant('venue-outage' as const),
    at: fc.nat({ max: POINTS - 1 }).map(at),
    hours: fc.double({ min: 0.1, max: 5, noNaN: true }),
  }),
  fc.record({
    kind: fc.constant('oracle-manipulation' as const),
    at: fc.nat({ max: POINTS - 1 }).map(at),
    minutes: fc.double({ min: 1, max: 300, noNaN: true }),
    move: fc.double({ min: -0.95, max: 10, noNaN: true }),
  }),
)

describe('any stress', () => {
  test('leaves what it was given and everything before its start, keeps prices above 0, and is the same each time', () => {
    fc.assert(
      fc.property(fc.array(anyStress, { maxLength: 5 }), (stresses) => {
        const before = path()
        const stressed = stressPath(before, stresses)
        expect(before).toEqual(path())
        expect(stressPath(path(), stresses)).toEqual(stressed)
        const first = Math.min(POINTS, ...stresses.map((stress) => (stress.at - START) / POINT_SECONDS))
        for (const field of ['priceUsd', 'oraclePriceUsd', 'depthUsd'] as const) {
          expect(stressed.path[field].slice(0, first)).toEqual(before[field].slice(0, first))
        }
        expect(
          stressed.path.priceUsd.every((price, point) => price > 0 && price <= (before.priceUsd[point] ?? 0)),
        ).toBe(true)
        expect(stressed.path.oraclePriceUsd.every((price) => price > 0 && price < Number.POSITIVE_INFINITY)).toBe(true)
        expect(
          stressed.path.depthUsd.every((depth, point) => depth >= 0 && depth <= (before.depthUsd[point] ?? 0)),
        ).toBe(true)
      }),
    )
  })

  test('is applied in the order of the list', () => {
    fc.assert(
      fc.property(fc.array(anyStress, { maxLength: 4 }), (stresses) => {
        let step = path()
        for (const stress of stresses) step = stressPath(step, [stress]).path
        expect(step).toEqual(stressPath(path(), stresses).path)
      }),
    )
  })

  test.each<[string, Stress, string]>([
    [
      'off the path',
      { kind: 'venue-outage', at: START - 900, hours: 1 },
      'at is 2020-09-13T11:45:00Z; a quarter of an hour from 2020-09-13T12:00:00Z to before 2020-09-13T22:00:00Z, the path of ETH was needed',
    ],
    ['past the path', { kind: 'venue-outage', at: at(POINTS), hours: 1 }, 'a quarter of an hour from'],
    ['between points', { kind: 'venue-outage', at: START + 1, hours: 1 }, 'a quarter of an hour from'],
    ['at no time', { kind: 'venue-outage', at: Number.NaN, hours: 1 }, 'at is NaN'],
    [
      'for no hours',
      { kind: 'venue-outage', at: START, hours: 0 },
      'hours is 0; hours above 0, at most 720 was needed',
    ],
    [
      'for ever',
      { kind: 'depth-collapse', at: START, hours: Number.POSITIVE_INFINITY, factor: 0 },
      'hours is Infinity',
    ],
    [
      'with a factor above 1',
      { kind: 'depth-collapse', at: START, hours: 1, factor: 1.5 },
      'factor is 1.5; a ratio from 0 to 1 was needed',
    ],
    [
      'with a fall to nothing',
      { kind: 'gap', at: START, fall: 1, recover: 0, recoverHours: 0 },
      'fall is 1; a ratio from 0 to below 1 was needed',
    ],
    [
      'with a fall of no number',
      { kind: 'gap', at: START, fall: Number.NaN, recover: 0, recoverHours: 0 },
      'fall is NaN',
    ],
    [
      'that recovers in no time',
      { kind: 'gap', at: START, fall: 0.5, recover: 1, recoverHours: 0 },
      'recoverHours is 0; above 0 to recover was needed',
    ],
    [
      'that recovers more than it fell',
      { kind: 'gap', at: START, fall: 0.5, recover: 2, recoverHours: 1 },
      'recover is 2',
    ],
    [
      'that moves below 0',
      { kind: 'oracle-manipulation', at: START, minutes: 15, move: -1 },
      'move is -1; a ratio from -0.95 to 10 was needed',
    ],
    ['for no minutes', { kind: 'oracle-manipulation', at: START, minutes: Number.NaN, move: 0.1 }, 'minutes is NaN'],
  ])('%s is refused by its place in the list and its field', (_, stress, message) => {
    const sound: Stress = { kind: 'venue-outage', at: START, hours: 1 }
    const run = (): unknown => stressPath(path(), [sound, stress])
    expect(run).toThrow(RangeError)
    expect(run).toThrow(`stress 2 (${stress.kind}): `)
    expect(run).toThrow(message)
  })
})
