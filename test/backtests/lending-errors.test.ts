import { describe, expect, test } from 'vitest'
import { PolicyError } from '../../backtests/lending/ask-policy.ts'
import type { MarketInput } from '../../backtests/lending/market.ts'
import { simulateMarket } from '../../backtests/lending/simulate.ts'
import type { PolicyDecision } from '../../backtests/policies/policy.ts'
import { alike, FROM, flatPath, inputOf, policyOf, SETUP } from './lending-inputs.ts'

/** What a run says that fails. */
function failure(parts: Partial<MarketInput>): unknown {
  try {
    simulateMarket(inputOf(parts))
  } catch (error) {
    return error
  }
  return undefined
}

describe('a policy that fails', () => {
  const bad = (decision: Partial<Record<keyof PolicyDecision, unknown>>): Partial<MarketInput> => ({
    policy: policyOf(({ current, now }) =>
      now < FROM + 3 * 3_600 ? current : ({ ...current, ...decision } as PolicyDecision),
    ),
  })

  test.each([
    ['ltvBps', { ltvBps: Number.NaN }, /ltvBps must be a whole number of 0 or more, got NaN/],
    ['ltvBps', { ltvBps: 7_000.5 }, /whole number.*got 7000.5/],
    ['ltvBps', { ltvBps: -1 }, /got -1/],
    ['ltvBps', { ltvBps: 8_100 }, /must not be above the liquidation threshold, 8000, got 8100/],
    ['ltvBps', { ltvBps: '7000' }, /whole number/],
    ['liquidationThresholdBps', { liquidationThresholdBps: 10_001 }, /must be 10000 or less, got 10001/],
    ['liquidationThresholdBps', { liquidationThresholdBps: 9_600 }, /9523 or less.*bonus of 500.*got 9600/],
    ['liquidationThresholdBps', { liquidationThresholdBps: undefined }, /got undefined/],
    ['supplyCap', { supplyCap: -5 }, /got -5/],
    ['supplyCap', { supplyCap: Number.POSITIVE_INFINITY }, /got Infinity/],
    ['borrowCap', { borrowCap: 0.5 }, /got 0.5/],
  ])('%s of %j is refused, with policy, asset and time', (field, decision, message) => {
    const error = failure(bad(decision))
    expect(error).toBeInstanceOf(PolicyError)
    expect(error).toMatchObject({ policy: 'test', asset: 'X', time: FROM + 3 * 3_600, field })
    expect(String(error)).toMatch(message)
    const at = new Date((FROM + 3 * 3_600) * 1_000).toISOString()
    expect(String(error)).toContain(`policy test, X at ${at}: ${field}`)
  })

  test('the largest threshold with a bonus that can be paid is let through', () => {
    expect(failure(bad({ liquidationThresholdBps: 9_523 }))).toBeUndefined()
    expect(failure(bad({ ltvBps: 0, liquidationThresholdBps: 0 }))).toBeUndefined()
  })

  test('what it threw is kept as the cause', () => {
    const cause = new TypeError('no such model')
    const policy = policyOf(() => {
      throw cause
    })
    expect(failure({ policy })).toMatchObject({ name: 'PolicyError', field: 'next', cause })
    expect(String(failure({ policy }))).toMatch(/policy test, X at 2023-.*: next threw: no such model/)
  })

  test('nothing returned is said so', () => {
    const policy = policyOf(() => undefined as unknown as PolicyDecision)
    expect(String(failure({ policy }))).toMatch(/next must return parameters, got undefined/)
  })
})

describe('an input that cannot be run', () => {
  const path = flatPath(new Array<number>(10).fill(1_000))
  const broken = (field: 'priceUsd' | 'oraclePriceUsd' | 'depthUsd', value: number): Partial<MarketInput> => ({
    path: { ...path, [field]: path[field].with(7, value) },
  })
  const at = new Date((FROM + 7 * 900) * 1_000).toISOString()

  test.each<[Partial<MarketInput>, string | RegExp]>([
    [broken('priceUsd', 0), `X at ${at}: priceUsd must be a number above 0, got 0`],
    [broken('oraclePriceUsd', Number.NaN), `X at ${at}: oraclePriceUsd must be a number above 0, got NaN`],
    [broken('depthUsd', -1), `X at ${at}: depthUsd must be a number of 0 or more, got -1`],
    [{ path: { ...path, from: FROM + 1 } }, /full hour/],
    [{ path: { ...path, priceUsd: new Float64Array(0) } }, /one hour at least, got 0 points/],
    [{ path: { ...path, depthUsd: new Float64Array(8) } }, /depthUsd needs an entry for each of the 40 points, got 8/],
    [{ warmUpHours: 48 }, /warmUpHours must be a whole number below the path's 48 hours, got 48/],
    [{ seed: 0.5 }, /seed must be a whole number, got 0.5/],
    [{ setup: { ...SETUP, ltvBps: 9_000 } }, /X: ltvBps must not be above the liquidation threshold, 8000, got 9000/],
    [{ setup: { ...SETUP, reserveFactorBps: 10_001 } }, /reserveFactorBps must be from 0 to 10000/],
    [{ liquidityOverDebt: Number.NaN }, /liquidityOverDebt must be a number of 0 or more, got NaN/],
    [{ habits: { actEveryDays: 0, defendChance: 0, defendBelowHealth: 1 } }, /actEveryDays must be above 0, got 0/],
    [{ habits: { actEveryDays: 1, defendChance: 2, defendBelowHealth: 1 } }, /defendChance must be from 0 to 1/],
    [{ liquidators: { gasUsd: -1, refillHalfLifeHours: 1, profitMin: 0 } }, /gasUsd must be .* got -1/],
    [{ borrowers: alike(3, 0, 0.5) }, /X, borrower 0: collateral must be a number above 0, got 0/],
    [{ borrowers: alike(3, 1, 1.5) }, /borrower 0: use must be from 0 to 1, got 1.5/],
    [{ borrowers: { ...alike(3, 1, 0.5), debt: Float64Array.of(1, -2, 3) } }, /borrower 1: debt .* got -2/],
    [{ borrowers: { ...alike(3, 1, 0.5), use: new Float64Array(2) } }, /columns of one length, got 3, 2 and 3/],
    [
      { borrowers: { ...alike(1, 10, 0.5), debt: Float64Array.of(7_800) }, liquidityOverDebt: 1 },
      /liquidityOverDebt must be 1.04 or more.*got 1$/,
    ],
  ])('%#: says what was given and what is needed', (parts, message) => {
    const error = failure(parts)
    expect(error).toBeInstanceOf(RangeError)
    if (typeof message === 'string') expect(String(error)).toContain(message)
    else expect(String(error)).toMatch(message)
  })

  test('a market without borrowers runs, and nothing happens in it', () => {
    const { hours, liquidations } = simulateMarket(inputOf({ borrowers: alike(0, 1, 0.5) }))
    expect(liquidations).toBe(0)
    expect(hours.equityUsd.every((usd) => usd === 0)).toBe(true)
  })
})
