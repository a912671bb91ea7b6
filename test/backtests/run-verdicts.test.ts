import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { LendingConfig } from '../../backtests/config/lending-schema.ts'
import type { LendingRun, Period } from '../../backtests/result.ts'
import { verdictsOf } from '../../backtests/run/verdicts.ts'

const DAY = 86_400
const DEMAND = 1_000_000
const ASKED: LendingConfig['verdict'] = { policy: 'plimsoll', against: { static: 0.5, ewma: 1 }, capacityOf: 'static' }

function period(id: string, isCrisis = true): Period {
  return {
    id,
    title: id,
    from: 0,
    to: 9 * DAY,
    assets: ['ETH'],
    ...(isCrisis && { crisis: { from: DAY, to: 2 * DAY } }),
  }
}

/** Capacity as a share of demand, bad debt in USD. */
function run(id: string, policy: string, knob: number, efficiency: number, badDebtUsd: number): LendingRun {
  return {
    period: id,
    policy,
    knob,
    badDebtUsd,
    liquidationsAtRisk99Usd: 0,
    badDebtAtRisk99Usd: 0,
    liquidatedUsd: 0,
    liquidatedByPolicyUsd: 0,
    liquidations: 0,
    capacityUsd: efficiency * DEMAND,
    debtUsd: 0,
    demandUsd: DEMAND,
    efficiency,
    changes: 0,
    equityUsd: 0,
  }
}

const TWO = [period('one'), period('two')]
/** In `one` the policies give other capacities than in `two`. */
const RUNS = [
  run('one', 'static', 0, 0.625, 10_000),
  run('one', 'static', 500, 0.5, 6_000),
  run('one', 'plimsoll', 1, 0.5, 1_000),
  run('one', 'plimsoll', 0, 0.75, 9_000),
  run('one', 'ewma', 1, 0.4375, 1_000),
  run('one', 'ewma', 0, 0.6875, 21_000),
  run('two', 'static', 0, 0.625, 2_000),
  run('two', 'static', 500, 0.4, 1_000),
  run('two', 'plimsoll', 1, 0.5625, 800),
  run('two', 'plimsoll', 0, 0.8125, 4_800),
  run('two', 'ewma', 1, 0.5, 1_000),
  run('two', 'ewma', 0, 0.625, 1_500),
]

const replaced = (...by: readonly LendingRun[]): LendingRun[] =>
  RUNS.map((own) => by.find((each) => keyOf(each) === keyOf(own)) ?? own)
const keyOf = (each: LendingRun): string => `${each.period} ${each.policy} ${each.knob}`
const verdict = (runs: readonly LendingRun[], id: string, chosen: string, against: string, asked = ASKED) =>
  verdictsOf(runs, TWO, asked).find((each) => each.period === id && each.chosen === chosen && each.against === against)

/** To five dollars: the dust that keeps logarithms finite moves a figure by as much. */
const about = (usd: number): number => expect.closeTo(usd, -1)

describe('a verdict', () => {
  test('compares at the knobs that give the measure’s capacity in this period, between two that were run', () => {
    // Half-way from .75 to .5 lies .625, and half-way in the logarithm from 9,000 to 1,000 lies 3,000; static is at its own first knob.
    expect(verdict(RUNS, 'one', 'same-capacity', 'static')).toMatchObject({
      knob: 0.5,
      badDebtUsd: about(3_000),
      capacityUsd: 625_000,
      otherKnob: 0,
      otherBadDebtUsd: about(10_000),
      otherCapacityUsd: 625_000,
      shareMax: 0.5,
      compared: true,
      kept: true,
      why: 'At equal capacity plimsoll lost 3,000 USD and static 10,000 USD: 30 % of it; liquidated were 0 USD and 0 USD.',
    })
    // A quarter from .6875 to .4375 lies .625: 21,000^¾ · 1,000^¼.
    const ewma = verdict(RUNS, 'one', 'same-capacity', 'ewma')
    expect(ewma).toMatchObject({ knob: 0.5, otherKnob: 0.25, otherBadDebtUsd: about(9_810), shareMax: 1, kept: true })
  })

  test('takes the policy’s knob of the other crises, and the rival where it gives as much in this one', () => {
    // In `two` .625 lies three quarters from .8125 to .5625; in `one` that knob gives .5625, which static gives half-way.
    expect(verdict(RUNS, 'one', 'without-it', 'static')).toMatchObject({
      knob: 0.75,
      badDebtUsd: about(1_732),
      capacityUsd: 562_500,
      otherKnob: 250,
      otherCapacityUsd: 562_500,
      otherBadDebtUsd: about(7_746),
      kept: true,
    })
    expect(verdict(RUNS, 'two', 'without-it', 'static')?.knob).toBe(0.5)
  })

  test('is missed by more than the share', () => {
    const just = replaced(run('one', 'plimsoll', 0, 0.75, 26_000))
    expect(verdict(just, 'one', 'same-capacity', 'static')).toMatchObject({ kept: false, badDebtUsd: about(5_099) })
    const asked = { ...ASKED, against: { static: 0.6 } }
    expect(verdict(just, 'one', 'same-capacity', 'static', asked)).toMatchObject({ kept: true, shareMax: 0.6 })
  })

  test('is at the policy’s own capacity where it cannot give the measure’s, if the rival can go there', () => {
    const shy = replaced(run('one', 'plimsoll', 0, 0.53125, 1), run('one', 'plimsoll', 1, 0.3, 0))
    expect(verdict(shy, 'one', 'same-capacity', 'static')).toMatchObject({
      knob: 0,
      capacityUsd: 531_250,
      otherCapacityUsd: 531_250,
      otherKnob: 375,
      compared: true,
    })
  })

  test('says nothing where no knob of the rival gives that capacity', () => {
    const bold = replaced(run('one', 'plimsoll', 0, 0.9, 30_000), run('one', 'plimsoll', 1, 0.7, 1_000))
    expect(verdict(bold, 'one', 'same-capacity', 'static')).toMatchObject({
      knob: 1,
      compared: false,
      kept: false,
      why: 'No knob of static that was run gives the capacity that plimsoll gave: nothing to compare.',
    })
  })

  test('of two knobs that give the same takes the more cautious', () => {
    const bent = [...replaced(run('one', 'plimsoll', 0, 0.6, 9_000)), run('one', 'plimsoll', 0.5, 0.7, 50_000)]
    // .625 is crossed at .125 and at .6875.
    expect(verdict(bent, 'one', 'same-capacity', 'static')?.knob).toBeCloseTo(0.6875, 9)
  })

  test('does not weigh dust', () => {
    // A millionth of 625,000 is .625.
    const none = replaced(
      run('one', 'static', 0, 0.625, 0.1),
      run('one', 'plimsoll', 0, 0.75, 0.5),
      run('one', 'plimsoll', 1, 0.5, 0.25),
    )
    expect(verdict(none, 'one', 'same-capacity', 'static')).toMatchObject({
      kept: true,
      compared: false,
      why: 'Neither plimsoll nor static lost more than dust: nothing to compare.',
    })
    const some = replaced(
      run('one', 'static', 0, 0.625, 0.1),
      run('one', 'plimsoll', 0, 0.75, 5),
      run('one', 'plimsoll', 1, 0.5, 0.25),
    )
    expect(verdict(some, 'one', 'same-capacity', 'static')).toMatchObject({ kept: false, compared: true })
  })

  test('where nobody could borrow has no figure that is none', () => {
    const closed = RUNS.map((each) => ({ ...each, efficiency: 0, capacityUsd: 0, badDebtUsd: 0 }))
    for (const { why, compared } of verdictsOf(closed, TWO, ASKED)) {
      expect(why).not.toMatch(/NaN|Infinity/)
      expect(compared).toBe(false)
    }
  })
})

describe('verdicts', () => {
  test('are of crises alone, by both ways to choose, against whoever was run', () => {
    const calm = period('calm', false)
    const all = [...RUNS, ...RUNS.filter((each) => each.period === 'two').map((each) => ({ ...each, period: 'calm' }))]
    const found = verdictsOf(all, [...TWO, calm], ASKED)
    expect(found.map((each) => `${each.period} ${each.chosen} ${each.against}`)).toEqual(
      ['one', 'two'].flatMap((id) =>
        ['without-it', 'same-capacity'].flatMap((chosen) =>
          ['static', 'ewma'].map((other) => `${id} ${chosen} ${other}`),
        ),
      ),
    )
    // What was calm sets the knob too: of `two` it is that of `one` and `calm` together, five eighths from .78125 to .53125.
    expect(found.find((each) => each.period === 'two' && each.chosen === 'without-it')?.knob).toBe(0.625)
    const two = RUNS.filter((each) => each.policy !== 'ewma')
    expect(new Set(verdictsOf(two, TWO, ASKED).map(({ against }) => against))).toEqual(new Set(['static']))
  })

  test('of one period alone are at its own capacity', () => {
    const one = RUNS.filter((each) => each.period === 'one')
    expect(new Set(verdictsOf(one, [period('one')], ASKED).map(({ chosen }) => chosen))).toEqual(
      new Set(['same-capacity']),
    )
    expect(verdictsOf(one, [period('one', false)], ASKED)).toEqual([])
  })

  test.each(['plimsoll', 'static'])('are none without the policy %s', (missing) => {
    expect(
      verdictsOf(
        RUNS.filter(({ policy }) => policy !== missing),
        TWO,
        ASKED,
      ),
    ).toEqual([])
  })
})

const outcome = fc.record({ efficiency: fc.double({ min: 0, max: 1, noNaN: true }), badDebtUsd: fc.nat(1_000_000) })

describe('whatever the outcomes', () => {
  test('the knob that the other crises chose does not move with the crisis that is tested', () => {
    fc.assert(
      fc.property(fc.array(outcome, { minLength: 6, maxLength: 6 }), (outcomes) => {
        let next = 0
        const moved = RUNS.map((own) => {
          if (own.period !== 'one') return own
          const { efficiency, badDebtUsd } = outcomes[next++] ?? { efficiency: 0, badDebtUsd: 0 }
          return run('one', own.policy, own.knob, efficiency, badDebtUsd)
        })
        for (const against of ['static', 'ewma']) {
          const [before, after] = [RUNS, moved].map((runs) => verdict(runs, 'one', 'without-it', against))
          expect(after?.knob).toEqual(before?.knob)
        }
      }),
    )
  })

  test('no bad debt moves any knob, and capacity is the measure’s wherever a knob can give it', () => {
    fc.assert(
      fc.property(fc.array(outcome, { minLength: 12, maxLength: 12 }), (outcomes) => {
        const drawn = RUNS.map((own, place) => {
          const { efficiency, badDebtUsd } = outcomes[place] ?? { efficiency: 0, badDebtUsd: 0 }
          return run(own.period, own.policy, own.knob, efficiency, badDebtUsd)
        })
        const found = verdictsOf(drawn, TWO, ASKED)
        const harmless = verdictsOf(
          drawn.map((each) => ({ ...each, badDebtUsd: 0 })),
          TWO,
          ASKED,
        )
        expect(harmless.map(({ knob, otherKnob }) => [knob, otherKnob])).toEqual(
          found.map(({ knob, otherKnob }) => [knob, otherKnob]),
        )
        for (const each of found.filter(({ chosen }) => chosen === 'same-capacity')) {
          const own = drawn.filter(({ period: id, policy }) => id === each.period && policy === 'plimsoll')
          const [least, most] = [Math.min, Math.max].map((of) => of(...own.map(({ efficiency }) => efficiency)))
          const aim = drawn.find((other) => keyOf(other) === `${each.period} static 0`)?.efficiency ?? Number.NaN
          const nearest = Math.min(most ?? 0, Math.max(least ?? 0, aim))
          expect(each.capacityUsd / DEMAND).toBeCloseTo(nearest, 9)
        }
      }),
    )
  })
})
