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

describe('a verdict', () => {
  test('compares at the knob that gives the measure’s capacity in this period, between two that were run', () => {
    // Half-way from .75 to .5 lies .625; static is at its own first knob; a quarter from .6875 to .4375 lies .625.
    expect(verdict(RUNS, 'one', 'same-capacity', 'static')).toMatchObject({
      knob: 0.5,
      badDebtUsd: 5_000,
      capacityUsd: 625_000,
      otherKnob: 0,
      otherBadDebtUsd: 10_000,
      otherCapacityUsd: 625_000,
      shareMax: 0.5,
      kept: true,
      why: 'plimsoll lost 5,000 USD and static 10,000 USD: 50 % of it, with 100 % of its capacity in this period.',
    })
    const ewma = verdict(RUNS, 'one', 'same-capacity', 'ewma')
    expect(ewma).toMatchObject({ knob: 0.5, otherKnob: 0.25, otherBadDebtUsd: 16_000, shareMax: 1, kept: true })
  })

  test('takes the knob of the other crises, and what it then gave in this one', () => {
    // In `two` .625 lies three quarters from .8125 to .5625; in `one` that knob gives .5625 and 3,000.
    expect(verdict(RUNS, 'one', 'without-it', 'static')).toMatchObject({
      knob: 0.75,
      badDebtUsd: 3_000,
      capacityUsd: 562_500,
      otherKnob: 0,
      kept: true,
      why: expect.stringContaining('30 % of it, with 90 % of its capacity'),
    })
    // ewma reaches .625 in `two` at its knob 0.
    expect(verdict(RUNS, 'one', 'without-it', 'ewma')).toMatchObject({ otherKnob: 0, otherBadDebtUsd: 21_000 })
    expect(verdict(RUNS, 'two', 'without-it', 'static')?.knob).toBe(0.5)
  })

  test('is missed by a cent more than the share', () => {
    const just = replaced(run('one', 'plimsoll', 0, 0.75, 9_000.5))
    expect(verdict(just, 'one', 'same-capacity', 'static')).toMatchObject({ kept: false, badDebtUsd: 5_000.25 })
    const asked = { ...ASKED, against: { static: 0.6 } }
    expect(verdict(just, 'one', 'same-capacity', 'static', asked)).toMatchObject({ kept: true, shareMax: 0.6 })
  })

  test('that was missed at unequal capacity says what came of it at equal', () => {
    const worse = replaced(run('one', 'plimsoll', 1, 0.5, 8_000))
    expect(verdict(worse, 'one', 'without-it', 'static')).toMatchObject({
      kept: false,
      why: expect.stringMatching(
        /in this period; at the same capacity plimsoll lost 8,500 USD and static 10,000 USD\.$/,
      ),
    })
  })

  test('of a policy that cannot give so much takes the knob that comes nearest, and is not kept', () => {
    const shy = replaced(run('one', 'plimsoll', 0, 0.45, 1), run('one', 'plimsoll', 1, 0.3, 0))
    expect(verdict(shy, 'one', 'same-capacity', 'static')).toMatchObject({
      knob: 0,
      capacityUsd: 450_000,
      kept: false,
      why: expect.stringContaining('72 % of its capacity in this period: no knob that was run reaches it'),
    })
    const bold = replaced(run('one', 'plimsoll', 0, 0.9, 30_000), run('one', 'plimsoll', 1, 0.7, 1_000))
    expect(verdict(bold, 'one', 'same-capacity', 'static')).toMatchObject({ knob: 1, badDebtUsd: 1_000, kept: true })
  })

  test('does not weigh dust', () => {
    // A millionth of 625,000 is .625.
    const none = replaced(
      run('one', 'static', 0, 0.625, 0.1),
      run('one', 'plimsoll', 0, 0.75, 1),
      run('one', 'plimsoll', 1, 0.5, 0.25),
    )
    expect(verdict(none, 'one', 'same-capacity', 'static')).toMatchObject({
      kept: true,
      badDebtUsd: 0.625,
      why: expect.stringContaining('which is next to nothing'),
    })
    const some = replaced(
      run('one', 'static', 0, 0.625, 0.1),
      run('one', 'plimsoll', 0, 0.75, 1.25),
      run('one', 'plimsoll', 1, 0.5, 0.25),
    )
    expect(verdict(some, 'one', 'same-capacity', 'static')).toMatchObject({ kept: false })
  })

  test('where nobody could borrow has no figure that is none', () => {
    const closed = RUNS.map((each) => ({ ...each, efficiency: 0, capacityUsd: 0, badDebtUsd: 0 }))
    for (const { why, kept } of verdictsOf(closed, TWO, ASKED)) {
      expect(why).not.toMatch(/NaN|Infinity/)
      expect(kept).toBe(true)
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
  test('the knobs that the other crises chose do not move with the crisis that is tested', () => {
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
          expect([after?.knob, after?.otherKnob]).toEqual([before?.knob, before?.otherKnob])
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
