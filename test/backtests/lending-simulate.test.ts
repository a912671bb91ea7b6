import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compoundedInterest } from '../../backtests/lending/aave.ts'
import type { MarketEvent, MarketHours, MarketInput, MarketOutcome } from '../../backtests/lending/market.ts'
import { simulateMarket } from '../../backtests/lending/simulate.ts'
import { alike, FROM, flatPath, inputOf, policyOf, randomMarket, SETUP } from './lending-inputs.ts'
import { ReferenceMarket } from './lending-reference.ts'
import { replay } from './lending-replay.ts'

const seeds = fc.integer({ min: 1, max: 1_000_000_000 })
const last = (column: Float64Array): number => column.at(-1) ?? Number.NaN
const sum = (column: Float64Array): number => column.reduce((a, b) => a + b, 0)
/** Up for a day, then down by a share over some hours, then flat for a day. */
const crash = (fall: number, hours: number): number[] => [
  ...new Array<number>(24).fill(1_000),
  ...Array.from({ length: hours }, (_, hour) => 1_000 * (1 - (fall * (hour + 1)) / hours)),
  ...new Array<number>(24).fill(1_000 * (1 - fall)),
]
/** Borrowers of all sizes and appetites. */
const crowd = (count: number) => ({
  ...alike(count, 1, 0.8),
  collateral: Float64Array.from({ length: count }, (_, each) => 1 + ((each * 7) % 50)),
  use: Float64Array.from({ length: count }, (_, each) => 0.5 + (0.5 * (each % 20)) / 20),
})

function runWithEvents(input: MarketInput): { outcome: MarketOutcome; events: MarketEvent[] } {
  const events: MarketEvent[] = []
  return { outcome: simulateMarket({ ...input, onEvent: (event) => events.push(event) }), events }
}

describe('against a plain reference that looks at every position in every point', () => {
  test('all columns and counts are the same on random markets', () => {
    let liquidations = 0
    let badDebt = 0
    const check = (seed: number): void => {
      const expected = new ReferenceMarket(randomMarket(seed))
      const outcome = simulateMarket(randomMarket(seed))
      liquidations += outcome.liquidations
      badDebt += last(outcome.hours.badDebtUsd) > 0 ? 1 : 0
      expect(outcome.liquidations).toBe(expected.liquidations)
      close(outcome.liquidatorProfitUsd, expected.profitUsd, 'profit')
      close(outcome.liquidatedByPolicyUsd, expected.byPolicyUsd, 'by policy')
      expect(outcome.hours.ltvBps.length).toBe(expected.hours.length)
      expected.hours.forEach((hour, index) => {
        for (const [name, value] of Object.entries(hour)) {
          const scale = name === 'equityUsd' || name === 'badDebtUsd' ? 1e-9 * hour.debtUsd : 0
          close(columnOf(outcome.hours, name)[index] ?? Number.NaN, value, `${name} of hour ${index}`, scale)
        }
      })
    }
    fc.assert(fc.property(seeds, check), { numRuns: 150, seed: 1 })
    // It would prove little if nothing had happened.
    expect(liquidations).toBeGreaterThan(2_000)
    expect(badDebt).toBeGreaterThan(20)
  }, 30_000)

  test('a market that is all under water is counted as a position at a time would be', () => {
    const prices = [...crash(0.9, 6), ...Array.from({ length: 24 }, (_, hour) => 100 * 1.1 ** hour)]
    const habits = { actEveryDays: 0.5, defendChance: 0.3, defendBelowHealth: 1.1 }
    for (const depthUsd of [0, 3e3]) {
      const input = inputOf({ path: flatPath(prices, { depthUsd }), borrowers: crowd(300), habits })
      const expected = new ReferenceMarket(input).hours
      const { hours } = simulateMarket(input)
      expect(Math.max(...hours.badDebtUsd)).toBeGreaterThan(1e6)
      expected.forEach((hour, index) => {
        close(hours.badDebtUsd[index] ?? 0, hour.badDebtUsd, `hour ${index}`, 1e-3)
      })
    }
  })
})

function columnOf(hours: MarketHours, name: string): Float64Array {
  const column: unknown = Object.entries(hours).find(([each]) => each === name)?.[1]
  if (!(column instanceof Float64Array)) throw new Error(`no column ${name}`)
  return column
}

function close(actual: number, expected: number, what: string, absolute = 0): void {
  const allowed = 1e-6 + absolute + 1e-7 * Math.abs(expected)
  expect(Math.abs(actual - expected), `${what}: ${actual} for ${expected}`).toBeLessThanOrEqual(allowed)
}

describe('what holds in every run', () => {
  test('tokens and debt add up from the events; only the unsound are liquidated, and nobody borrows into danger', () => {
    let liquidations = 0
    const check = (seed: number): void => {
      // Without interest the events hold all that happens to a debt.
      const rates = { optimalUtilisation: 0.8, base: 0, slope1: 0, slope2: 0 }
      const input = { ...randomMarket(seed), rates, warmUpHours: 0 }
      const { outcome, events } = runWithEvents(input)
      const { tokens, debt } = replay(input, events)
      liquidations += outcome.liquidations
      close(last(outcome.hours.collateralUsd), tokens * last(input.path.priceUsd), 'collateral')
      close(last(outcome.hours.debtUsd), debt * (input.path.debtPriceUsd?.at(-1) ?? 1), 'debt')
    }
    fc.assert(fc.property(seeds, check), { numRuns: 150, seed: 2 })
    expect(liquidations).toBeGreaterThan(2_000)
  }, 20_000)

  test('the same input gives the same bytes', () => {
    const [once, again] = [simulateMarket(randomMarket(77)), simulateMarket(randomMarket(77))]
    expect(again).toEqual(once)
    const bytes = ({ hours }: MarketOutcome): Buffer => Buffer.from(hours.equityUsd.buffer)
    expect(bytes(again).equals(bytes(once))).toBe(true)
    expect(simulateMarket({ ...randomMarket(77), seed: 78 })).not.toEqual(once)
  })

  test('events do not change what happens, and come in the order of time', () => {
    const { outcome, events } = runWithEvents(randomMarket(5))
    expect(outcome).toEqual(simulateMarket(randomMarket(5)))
    expect(events.map(({ time }) => time)).toEqual(events.map(({ time }) => time).toSorted((a, b) => a - b))
    expect(new Set(events.map(({ kind }) => kind))).toEqual(
      new Set(['supply', 'borrow', 'repay', 'liquidate', 'parameters']),
    )
  })
})

describe('falls', () => {
  const fallen = (parts: Partial<MarketInput>): MarketOutcome =>
    simulateMarket(inputOf({ path: flatPath(crash(0.5, 12), { depthUsd: 1e6 }), borrowers: crowd(200), ...parts }))

  test('a price that only rises liquidates nobody and leaves no bad debt', () => {
    const rising = Array.from({ length: 72 }, (_, hour) => 1_000 * 1.01 ** hour)
    const { hours, liquidations } = simulateMarket(inputOf({ path: flatPath(rising), borrowers: crowd(200) }))
    expect(liquidations).toBe(0)
    expect(sum(hours.badDebtUsd)).toBe(0)
    // What the protocol then owns is its share of interest alone.
    expect(last(hours.equityUsd)).toBeGreaterThan(0)
  })

  test('a slow fall in a deep market liquidates and leaves no bad debt; a thin market leaves some', () => {
    const deep = fallen({ path: flatPath(crash(0.4, 24), { depthUsd: 1e9 }) })
    expect(deep.liquidations).toBeGreaterThan(50)
    expect(last(deep.hours.badDebtUsd)).toBe(0)
    expect(deep.liquidatorProfitUsd).toBeGreaterThan(0)
    expect(last(fallen({ path: flatPath(crash(0.4, 24), { depthUsd: 2e4 }) }).hours.badDebtUsd)).toBeGreaterThan(0)
  })

  test('in a fall, more depth never leaves more bad debt', () => {
    const left = [0, 1e4, 1e5, 1e6, 1e7, 1e8].map((depthUsd) =>
      last(fallen({ path: flatPath(crash(0.5, 12), { depthUsd }) }).hours.badDebtUsd),
    )
    expect(left).toEqual(left.toSorted((a, b) => b - a))
    expect(left[0]).toBeGreaterThan(2 * (left.at(-1) ?? Infinity))
  })

  test('without depth nobody is liquidated, and the shortfall is what positions owe beyond their collateral', () => {
    const path = flatPath(crash(0.5, 12), { depthUsd: 0 })
    const borrowers = alike(1, 10, 0.8)
    const { hours, liquidations } = fallen({
      path,
      borrowers,
      habits: { actEveryDays: 1e6, defendChance: 0, defendBelowHealth: 1 },
    })
    expect(liquidations).toBe(0)
    // 6 000 borrowed on 10 tokens, which are now worth 5 000, and some hours' interest.
    expect(last(hours.badDebtUsd)).toBeGreaterThan(1_000)
    expect(last(hours.badDebtUsd)).toBeLessThan(1_005)
    expect(last(hours.badDebtUsd)).toBeCloseTo(last(hours.debtUsd) - 5_000, 6)
  })

  test('a late oracle leaves more bad debt than a prompt one', () => {
    const prices = crash(0.45, 6)
    const oracle = prices.map((_, hour) => prices[Math.max(0, hour - 8)] ?? 0)
    const habits = { actEveryDays: 1e6, defendChance: 0, defendBelowHealth: 1 }
    const prompt = fallen({ path: flatPath(prices, { depthUsd: 1e7 }), habits })
    const late = fallen({ path: flatPath(prices, { depthUsd: 1e7, oracle }), habits })
    expect(last(late.hours.badDebtUsd)).toBeGreaterThan(1.2 * last(prompt.hours.badDebtUsd))
  })

  test('borrowers who defend are liquidated less', () => {
    const habits = { actEveryDays: 1e6, defendChance: 0, defendBelowHealth: 1.1 }
    const idle = fallen({ habits })
    const alert = fallen({ habits: { ...habits, defendChance: 0.5 } })
    expect(sum(alert.hours.liquidatedUsd)).toBeLessThan(0.5 * sum(idle.hours.liquidatedUsd))
    // Who always watches is never liquidated, unless the fall within a quarter of an hour takes it under water.
    expect(fallen({ habits: { ...habits, defendChance: 1 } }).liquidations).toBe(0)
  })
})

describe('one position, by hand', () => {
  const idle = { actEveryDays: 1e6, defendChance: 0, defendBelowHealth: 1 }
  const alone = { borrowers: alike(1, 10, 0.8), habits: idle }

  test('debt grows hour by hour as Aave compounds it, and the protocol gets its share', () => {
    const rates = { optimalUtilisation: 0.8, base: 0.1, slope1: 0, slope2: 0 }
    const { hours } = simulateMarket(inputOf({ ...alone, rates }))
    const grown = 6_000 * compoundedInterest(0.1, 3_600) ** 47
    expect(last(hours.debtUsd)).toBeCloseTo(grown, 3)
    expect(last(hours.equityUsd)).toBeCloseTo((grown - 6_000) / 10, 3)
    expect(last(hours.capacityUsd)).toBe(7_500)
    expect(last(hours.demandUsd)).toBe(10_000)
  })

  test('the rate follows from what is lent out of what suppliers hold', () => {
    // 6 000 out of 7 500: at the optimum, 4 % a year.
    const { hours } = simulateMarket(inputOf({ ...alone, liquidityOverDebt: 1 }))
    expect(hours.debtUsd[1]).toBeCloseTo(6_000 * compoundedInterest(0.04, 3_600), 4)
    // Half as much is there, so that is all that can be borrowed.
    const scarce = simulateMarket(inputOf({ ...alone, liquidityOverDebt: 0.5 }))
    expect(scarce.hours.debtUsd[0]).toBeCloseTo(3_750, 6)
  })

  test('a liquidation takes the debt covered with its bonus, and sells it into the book', () => {
    const rates = { optimalUtilisation: 0.8, base: 0, slope1: 0, slope2: 0 }
    const path = flatPath([1_000, 745, 745], { depthUsd: 1e6 })
    const { outcome, events } = runWithEvents(inputOf({ ...alone, path, rates, borrowers: alike(1, 10, 0.8) }))
    const taken = events.find((event) => event.kind === 'liquidate')
    // Health .9933: half of 6 000, with 5 % on top at 745, a tenth of those 5 % for the protocol.
    expect(taken).toMatchObject({ time: FROM + 3_600, borrower: 0 })
    if (taken?.kind !== 'liquidate') throw new Error('nothing was liquidated')
    expect(taken.debtCovered).toBeCloseTo(3_000, 4)
    expect(taken.collateralSeized).toBeCloseTo((3_000 * 1.05) / 745, 6)
    expect(taken.protocolFee).toBeCloseTo(150 / 745 / 10, 6)
    const sold = 3_000 * 1.045
    expect(outcome.liquidatorProfitUsd).toBeCloseTo(sold * (1 - (0.01 * sold) / 1e6) - 3_000 - 10, 3)
    expect(outcome.liquidations).toBe(1)
    expect(outcome.hours.liquidatedUsd[1]).toBeCloseTo(3_150, 4)
    expect(last(outcome.hours.equityUsd)).toBeCloseTo(15, 4)
  })

  test('where all collateral is seized the rest of the debt is written off, and the borrower comes back', () => {
    const habits = { ...idle, actEveryDays: 0.1 }
    const path = flatPath([1_000, ...new Array<number>(20).fill(550)], { depthUsd: 1e9 })
    const { outcome, events } = runWithEvents(inputOf({ ...alone, habits, path }))
    // 5 500 / 1.05 of 6 000 is covered.
    expect(last(outcome.hours.badDebtUsd)).toBeCloseTo(6_000 - 5_500 / 1.05, 0)
    expect(outcome.hours.collateralUsd[1]).toBe(0)
    expect(events.filter(({ kind }) => kind === 'supply').length).toBe(2)
    expect(last(outcome.hours.collateralUsd)).toBe(5_500)
    expect(last(outcome.hours.debtUsd)).toBeCloseTo(0.8 * 0.75 * 5_500, 0)
  })

  test('who owes more than the collateral is worth walks away; who owes less repays', () => {
    const habits = { ...idle, actEveryDays: 0.1 }
    const at = (price: number): MarketOutcome =>
      simulateMarket(
        inputOf({ ...alone, habits, path: flatPath([1_000, ...new Array<number>(20).fill(price)], { depthUsd: 0 }) }),
      )
    expect(last(at(590).hours.debtUsd)).toBeGreaterThan(6_000)
    expect(last(at(610).hours.debtUsd)).toBeCloseTo(0.6 * 6_100, 0)
  })

  test('a position that begins with a debt has it, beyond LTV and cap', () => {
    const borrowers = { ...alike(2, 10, 0.5), debt: Float64Array.of(7_700, Number.NaN) }
    const setup = { ...SETUP, supplyCap: 12 }
    const { hours } = simulateMarket(inputOf({ borrowers, setup, habits: idle }))
    expect(hours.debtUsd[0]).toBeCloseTo(7_700 + 0.5 * 0.75 * 2_000, 6)
    expect(hours.collateralUsd[0]).toBe(12_000)
  })
})

describe('parameters', () => {
  const lowerAt = (hour: number, threshold: number, ltv: number) =>
    policyOf(({ current, now }) =>
      now < FROM + hour * 3_600
        ? current
        : { ...current, ltvBps: ltv, liquidationThresholdBps: threshold, reasons: { ltvBps: 'test says so' } },
    )

  test('changes are counted once each, with their reasons, and come into force at once', () => {
    const { changes, hours } = simulateMarket(inputOf({ policy: lowerAt(5, 7_000, 6_500) }))
    const time = FROM + 5 * 3_600
    expect(changes).toEqual([
      { time, parameter: 'ltv', from: 7_500, to: 6_500, reason: 'test says so' },
      { time, parameter: 'liquidationThreshold', from: 8_000, to: 7_000, reason: 'policy' },
    ])
    expect([...hours.ltvBps.subarray(4, 6)]).toEqual([7_500, 6_500])
    expect([...hours.liquidationThresholdBps.subarray(4, 6)]).toEqual([8_000, 7_000])
  })

  test('who is liquidated by the step and not by the price is counted apart', () => {
    const borrowers = alike(20, 10, 0.99)
    const habits = { actEveryDays: 1e6, defendChance: 0, defendBelowHealth: 1 }
    const byStep = simulateMarket(inputOf({ borrowers, habits, policy: lowerAt(5, 7_000, 6_500) }))
    expect(byStep.liquidatedByPolicyUsd).toBeGreaterThan(10_000)
    expect(byStep.liquidatedByPolicyUsd).toBeLessThanOrEqual(sum(byStep.hours.liquidatedUsd))
    const byPrice = simulateMarket(
      inputOf({ borrowers, habits, path: flatPath([...new Array<number>(5).fill(1_000), 850]) }),
    )
    expect(sum(byPrice.hours.liquidatedUsd)).toBeGreaterThan(10_000)
    expect(byPrice.liquidatedByPolicyUsd).toBe(0)
  })

  test('the supply cap admits what fits and no more, and when it is cut nobody is thrown out', () => {
    const setup = { ...SETUP, supplyCap: 65 }
    const { hours } = simulateMarket(inputOf({ setup }))
    expect(Math.max(...hours.collateralUsd)).toBe(65_000)
    expect(last(hours.demandUsd)).toBe(100_000)
    const policy = policyOf(({ current, now }) => ({ ...current, supplyCap: now < FROM + 36_000 ? 65 : 40 }))
    expect(last(simulateMarket(inputOf({ setup, policy })).hours.collateralUsd)).toBe(65_000)
    const raised = policyOf(({ current, now }) => ({ ...current, supplyCap: now < FROM + 36_000 ? 65 : 90 }))
    const habits = { actEveryDays: 0.2, defendChance: 0, defendBelowHealth: 1 }
    expect(last(simulateMarket(inputOf({ setup, policy: raised, habits })).hours.collateralUsd)).toBe(90_000)
  })

  test('a policy sees the hour, the oracle’s price and what is supplied and borrowed', () => {
    const seen: unknown[] = []
    const policy = policyOf((view) => {
      seen.push({ ...view })
      return view.current
    })
    simulateMarket(inputOf({ policy, path: flatPath([1_000, 1_100, 1_100]), borrowers: alike(1, 10, 0.8) }))
    expect(seen).toHaveLength(3)
    expect(seen[0]).toMatchObject({ asset: 'X', now: FROM, oraclePriceUsd: 1_000, collateralUsd: 0, debtUsd: 0 })
    expect(seen[1]).toMatchObject({ now: FROM + 3_600, oraclePriceUsd: 1_100, collateralUsd: 11_000 })
  })
})

describe('the warm-up', () => {
  test('fills the market and is not counted', () => {
    const path = flatPath([...crash(0.5, 12), ...crash(0.3, 12)])
    const whole = simulateMarket(inputOf({ path, borrowers: crowd(100) }))
    const late = simulateMarket(inputOf({ path, borrowers: crowd(100), warmUpHours: 50 }))
    expect(late.hours.from).toBe(FROM + 50 * 3_600)
    expect(late.hours.debtUsd).toEqual(whole.hours.debtUsd.subarray(50))
    expect(late.hours.liquidatedUsd).toEqual(whole.hours.liquidatedUsd.subarray(50))
    expect(late.hours.liquidatedUsd[0]).toBe(0)
    expect(sum(whole.hours.liquidatedUsd.subarray(0, 50))).toBeGreaterThan(0)
    expect(late.liquidations).toBeGreaterThan(0)
    expect(late.liquidations).toBeLessThan(whole.liquidations)
    expect(late.hours.equityUsd[0]).toBeLessThan(100)
  })
})
