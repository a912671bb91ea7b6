import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { MarketOutcome } from '../../backtests/lending/market.ts'
import type { LendingTotals, Period } from '../../backtests/result.ts'
import { collectLending, type MarketPart } from '../../backtests/run/collect-lending.ts'
import { courseOf, demandTokens, type SeedResult, seedResult, stepsOf } from '../../backtests/run/market-result.ts'
import { quantile } from '../../oracle-node/core/stats.ts'

const DAY = 86_400
const PERIODS: readonly Period[] = ['one', 'two'].map((id) => ({
  id,
  title: id,
  from: 0,
  to: 2 * DAY,
  crisis: { from: 0, to: DAY },
  assets: ['ETH', 'LINK'],
}))
const POLICIES = ['static', 'plimsoll'].map((id) => ({
  id,
  title: id,
  knob: 'a knob',
  defaultKnob: 1,
  reads: 'none' as const,
  knobs: [1, 0, 0.5],
}))
const VERDICT = { policy: 'plimsoll', against: { static: 0.5 }, capacityOf: 'static' }

/** A seed's result in which every figure is told from every other. */
function seedOf(figure: number, days: readonly number[] = [0, figure]): SeedResult {
  return {
    totals: {
      badDebtUsd: figure,
      liquidatedUsd: 2 * figure,
      liquidatedByPolicyUsd: 3 * figure,
      liquidations: 4 * figure,
      capacityUsd: 5 * figure,
      debtUsd: 6 * figure,
      demandUsd: 10 * figure,
      efficiency: 0.5,
      changes: 7 * figure,
      equityUsd: -figure,
    },
    dailyLiquidatedUsd: days,
    dailyBadDebtUsd: days.map((usd) => usd / 10),
  }
}

function course(figure: number) {
  return {
    badDebtUsd: [figure, 2 * figure],
    equityUsd: [-figure, -2 * figure],
    capacityUsd: [10 * figure, 20 * figure],
    debtUsd: [5 * figure, 6 * figure],
    liquidatedUsd: [0, figure],
    ltvBps: [7_000, 7_000 - figure],
    liquidationThresholdBps: [8_000, 8_000],
  }
}

/** Two seeds a knob: figures `size` times the knob plus one, and twice that. */
function part(period: string, asset: string, policy: string, size: number): MarketPart {
  const change = { time: size, parameter: 'ltv' as const, from: 1, to: 2, reason: 'it rained' }
  return {
    period,
    asset,
    policy,
    result: {
      time: [DAY, 2 * DAY],
      priceUsd: [1, 2],
      loss24h: [0, 0.1],
      knobs: [1, 0, 0.5].map((knob) => ({
        knob,
        seeds: [seedOf(size * (knob + 1)), seedOf(2 * size * (knob + 1))],
        course: course(size * (knob + 1)),
        changes: [change],
      })),
    },
  }
}

const MARKETS = ['one', 'two'].flatMap((period) =>
  ['static', 'plimsoll'].flatMap((policy) => [part(period, 'ETH', policy, 100), part(period, 'LINK', policy, 8)]),
)
const collect = (markets: readonly MarketPart[] = MARKETS) =>
  collectLending({ periods: PERIODS, policies: POLICIES, markets, verdict: VERDICT })

describe('all markets together', () => {
  test('are sums over markets of means over seeds', () => {
    const { runs, byAsset } = collect()
    expect(runs).toHaveLength(12)
    expect(byAsset).toHaveLength(24)
    const own = byAsset.find(
      ({ period, policy, knob, asset }) => `${period} ${policy} ${knob} ${asset}` === 'two static 1 LINK',
    )
    // Seeds of 16 and 32.
    expect(own).toMatchObject({ badDebtUsd: 24, liquidatedUsd: 48, capacityUsd: 120, demandUsd: 240, efficiency: 0.5 })
    const all = runs.find(({ period, policy, knob }) => `${period} ${policy} ${knob}` === 'two static 1')
    // 24 and 300.
    expect(all).toEqual({
      period: 'two',
      policy: 'static',
      knob: 1,
      badDebtUsd: 324,
      liquidatedUsd: 648,
      liquidatedByPolicyUsd: 972,
      liquidations: 1_296,
      capacityUsd: 1_620,
      debtUsd: 1_944,
      demandUsd: 3_240,
      efficiency: 0.5,
      changes: 2_268,
      equityUsd: -324,
      liquidationsAtRisk99Usd: expect.any(Number),
      badDebtAtRisk99Usd: expect.any(Number),
    })
    for (const run of runs) {
      const parts = byAsset.filter(
        (each) => each.period === run.period && each.policy === run.policy && each.knob === run.knob,
      )
      for (const name of ['badDebtUsd', 'liquidations', 'capacityUsd', 'equityUsd'] satisfies (keyof LendingTotals)[]) {
        expect(run[name]).toBeCloseTo(
          parts.reduce((sum, each) => sum + each[name], 0),
          6,
        )
      }
    }
  })

  test('are at risk by the days of all seeds, each day summed over markets first', () => {
    const days = {
      ETH: [
        [1_000, 0, 0],
        [0, 500, 0],
      ],
      LINK: [
        [0, 0, 300],
        [0, 0, 700],
      ],
    }
    const markets = MARKETS.map(({ result, ...rest }): MarketPart => {
      const seeds = (rest.asset === 'ETH' ? days.ETH : days.LINK).map((daily) => seedOf(1, daily))
      return { ...rest, result: { ...result, knobs: result.knobs.map((each) => ({ ...each, seeds })) } }
    })
    const [run] = collect(markets).runs
    const summed = [1_000, 0, 300, 0, 500, 700]
    expect(run?.liquidationsAtRisk99Usd).toBeCloseTo(quantile(summed, 0.99), 2)
    expect(run?.badDebtAtRisk99Usd).toBeCloseTo(quantile(summed, 0.99) / 10, 2)
    // The worst day of one market is not that of the other: less than the sum of both alone.
    const alone = collect(markets).byAsset.filter(
      ({ period, policy, knob }) => `${period} ${policy} ${knob}` === 'one static 1',
    )
    expect(alone.reduce((sum, each) => sum + each.liquidationsAtRisk99Usd, 0)).toBeGreaterThan(
      run?.liquidationsAtRisk99Usd ?? 0,
    )
    expect(alone[0]?.liquidationsAtRisk99Usd).toBeCloseTo(quantile([1_000, 0, 0, 0, 500, 0], 0.99), 2)
  })

  test('have a frontier of ratios, the mean over periods', () => {
    const doubled = MARKETS.map((each) => (each.period === 'two' ? part('two', each.asset, each.policy, 500) : each))
    const { frontier } = collect(doubled)
    expect(frontier.map(({ policy, knob }) => `${policy} ${knob}`)).toEqual(
      ['static', 'plimsoll'].flatMap((id) => [1, 0, 0.5].map((knob) => `${id} ${knob}`)),
    )
    // Bad debt is a tenth of demand whatever the size, so that no period outweighs another.
    for (const { capacity, badDebt } of frontier) expect([capacity, badDebt]).toEqual([0.5, 0.1])
  })

  test('show the courses and changes of the knob nearest to those that the verdicts chose, else the first', () => {
    const { policies, courses, changes, verdicts, changesLeftOut } = collect()
    // Efficiency is the same at all knobs, so that the first of them in order serves: 0.
    expect(verdicts.map(({ knob }) => knob)).toEqual([0, 0, 0, 0])
    expect(policies.map(({ id, shown }) => [id, shown])).toEqual([
      ['static', 0],
      ['plimsoll', 0],
    ])
    expect(courses.every(({ knob }) => knob === 0)).toBe(true)
    expect([changes.length, changesLeftOut]).toEqual([8, 0])
    expect(changes[0]).toEqual({
      period: 'one',
      policy: 'static',
      asset: 'ETH',
      time: 100,
      parameter: 'ltv',
      from: 1,
      to: 2,
      reason: 'it rained',
    })
    const unjudged = collectLending({
      periods: PERIODS,
      policies: POLICIES,
      markets: MARKETS,
      verdict: { ...VERDICT, policy: 'other' },
    })
    expect(unjudged.policies.map(({ shown }) => shown)).toEqual([1, 1])
    const [one] = PERIODS
    const alone = collectLending({
      periods: one ? [one] : [],
      policies: POLICIES,
      markets: MARKETS.slice(0, 4),
      verdict: VERDICT,
    })
    expect(alone.verdicts.map(({ chosen }) => chosen)).toEqual(['same-capacity'])
    expect(alone.policies.map(({ shown }) => shown)).toEqual([1, 1])
  })

  test('have total courses first: sums step by step, without what is of one market alone', () => {
    const { courses } = collect()
    expect(courses.filter(({ asset }) => asset === undefined)).toHaveLength(4)
    expect(courses[0]).toEqual({
      period: 'one',
      policy: 'static',
      knob: 0,
      time: [DAY, 2 * DAY],
      badDebtUsd: [108, 216],
      equityUsd: [-108, -216],
      capacityUsd: [1_080, 2_160],
      debtUsd: [540, 648],
      liquidatedUsd: [0, 108],
    })
    expect(courses[4]).toMatchObject({ asset: 'ETH', ltvBps: [7_000, 6_900], priceUsd: [1, 2], loss24h: [0, 0.1] })
  })

  test('list so many changes and count the rest', () => {
    const many = MARKETS.map((each) => ({
      ...each,
      result: {
        ...each.result,
        knobs: each.result.knobs.map((knob) => ({
          ...knob,
          changes: Array.from({ length: 500 }, () => knob.changes[0]).flatMap((change) => change ?? []),
        })),
      },
    }))
    const { changes, changesLeftOut } = collect(many)
    expect([changes.length, changesLeftOut]).toEqual([3_000, 1_000])
  })
})

function outcome(hours: number, at: (hour: number) => number): MarketOutcome {
  const column = (times = 1): Float64Array => Float64Array.from({ length: hours }, (_, hour) => times * at(hour))
  return {
    asset: 'ETH',
    hours: {
      from: 0,
      ltvBps: column(),
      liquidationThresholdBps: column(),
      supplyCap: column(),
      collateralUsd: column(),
      debtUsd: column(2),
      capacityUsd: column(3),
      demandUsd: column(4),
      liquidatedUsd: column(5),
      badDebtUsd: column(6),
      equityUsd: column(-1),
    },
    changes: [],
    liquidations: 3,
    liquidatedByPolicyUsd: 9,
    liquidatorProfitUsd: 0,
  }
}

describe('hours in steps', () => {
  test('are all of them, each once, in steps of nearly one length', () => {
    fc.assert(
      fc.property(fc.nat(5_000), fc.integer({ min: 1, max: 300 }), (hours, points) => {
        const steps = stepsOf(hours, points)
        expect(steps).toHaveLength(Math.min(hours, points))
        let next = 0
        for (const [from, to] of steps) {
          expect(from).toBe(next)
          expect(to - from).toBeGreaterThanOrEqual(Math.floor(hours / points) || 1)
          expect(to - from).toBeLessThanOrEqual(Math.ceil(hours / points))
          next = to
        }
        expect(next).toBe(hours)
      }),
    )
  })

  test('keep the total of a flow, and of what stands its last', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(1_000), { minLength: 1, maxLength: 100 }),
        fc.integer({ min: 1, max: 30 }),
        (values, points) => {
          const outcomes = [1, 3].map((times) => outcome(values.length, (hour) => times * (values[hour] ?? 0)))
          const { liquidatedUsd, badDebtUsd, equityUsd } = courseOf(outcomes, points)
          const total = values.reduce((sum, each) => sum + each, 0)
          // Means over both.
          expect(liquidatedUsd.reduce((sum, each) => sum + each, 0)).toBeCloseTo(5 * 2 * total, 6)
          expect(badDebtUsd.at(-1)).toBe(6 * 2 * (values.at(-1) ?? 0))
          expect(equityUsd).toHaveLength(Math.min(points, values.length))
        },
      ),
    )
  })
})

describe('one run of a market', () => {
  test('leaves its totals, and what each whole day brought', () => {
    // 60 hours: two days and a half.
    const { totals, dailyLiquidatedUsd, dailyBadDebtUsd } = seedResult(outcome(60, (hour) => hour))
    expect(totals).toEqual({
      badDebtUsd: 6 * 59,
      liquidatedUsd: 5 * ((59 * 60) / 2),
      liquidatedByPolicyUsd: 9,
      liquidations: 3,
      capacityUsd: 3 * 29.5,
      debtUsd: 2 * 29.5,
      demandUsd: 4 * 29.5,
      efficiency: 0.75,
      changes: 0,
      equityUsd: -59,
    })
    expect(dailyLiquidatedUsd).toEqual([5 * ((23 * 24) / 2), 5 * ((23 * 24) / 2 + 24 * 24)])
    expect(dailyBadDebtUsd).toEqual([6 * 23, 6 * 24])
  })
})

describe('how large a market is', () => {
  const market = { priceUsd: 50, depthUsd: 1_000_000, bonusBps: 500 }

  test('is so many USD, or a multiple of what could be sold within the bonus', () => {
    expect(demandTokens({ usd: 5_000 }, market)).toBe(100)
    // 2 % takes a million, so 5 % two and a half.
    expect(demandTokens({ overLiquidity: 10 }, market)).toBe(25_000_000 / 50)
    expect(() => demandTokens({ overLiquidity: 10 }, { ...market, depthUsd: 0 })).toThrow(/needs depth/)
  })
})
