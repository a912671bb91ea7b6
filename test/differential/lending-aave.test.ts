import { describe, expect, onTestFinished, test } from 'vitest'
import { type MarketEvent, POINT_SECONDS } from '../../backtests/lending/market.ts'
import { simulateMarket } from '../../backtests/lending/simulate.ts'
import { BPS, SECONDS_PER_HOUR } from '../../oracle-node/core/units.ts'
import { hasSharedData } from '../data/shared-data.ts'
import { crashSample, SETUP } from './crash-sample.ts'
import { type LendingChain, startLendingChain } from './lending-chain.ts'
import { compareLiquidation, compareReserve, comparison, judge } from './lending-compare.ts'
import { HEALTH_FACTOR_NOT_BELOW_THRESHOLD, type Replay, replay } from './lending-replay.ts'
import '../contracts/timeouts.ts'

const DAY = 86_400
/** Some ten thousand calls to the chain a test: seconds when it runs alone, far more beside others. */
const PATIENCE = 180_000

async function started(options: Parameters<typeof startLendingChain>[0]): Promise<LendingChain> {
  const chain = await startLendingChain(options)
  onTestFinished(() => chain.close())
  return chain
}

/**
 * Seen: 8e-10. Aave cuts rate² / year² and rate³ / year³ at 27 digits, which for rates above 10 % leaves the last of its four terms
 * three digits, and counts a position's USD to 8 decimals.
 */
const FORMULAS = 2e-9

test('Aave gives the formulae’s interest, health and liquidations: of half, of all, and for want of collateral', async () => {
  const from = Date.parse('2020-03-12T00:00:00Z') / 1_000
  const chain = await started({ setup: SETUP, from, borrowers: 4, liquidity: 5_000, oraclePriceUsd: 200 })
  await chain.begin(from, 200)
  for (const [borrower, debt] of [1_500, 1_200, 1_590, 10].entries()) {
    await chain.apply({ kind: 'supply', time: from, borrower, collateral: 10 })
    await chain.apply({ kind: 'borrow', time: from, borrower, debt })
  }
  const to = comparison(FORMULAS)
  const covered: string[] = []
  let reserve = await chain.reserve()
  for (const [day, priceUsd] of [
    [1 / 24, 200],
    [30, 200],
    [31, 178],
    [40, 110],
  ] as const) {
    await chain.begin(from + day * DAY, priceUsd)
    compareReserve(to, reserve, await chain.reserve(), `day ${day}`)
    for (const borrower of [0, 1, 2, 3]) {
      const where = `borrower ${borrower} on day ${day}`
      const at = await chain.position(borrower)
      const { health, wanted } = judge(at, SETUP, priceUsd)
      to.near('health', at.healthFactor, health, where)
      const refusal = await chain.refusalToLiquidate(borrower)
      expect(refusal, where).toBe(wanted === undefined ? HEALTH_FACTOR_NOT_BELOW_THRESHOLD : undefined)
      if (wanted === undefined) continue
      const seen = await chain.liquidate(borrower)
      compareLiquidation(to, seen, wanted, where)
      covered.push(`${where}: ${(seen.debtCovered / at.debt).toFixed(3)}`)
    }
    reserve = await chain.reserve()
  }
  expect(covered).toEqual([
    'borrower 0 on day 31: 0.500',
    'borrower 2 on day 31: 1.000',
    'borrower 0 on day 40: 0.746',
    'borrower 1 on day 40: 0.852',
  ])
  const { collateral, debt } = await chain.position(3)
  await chain.apply({ kind: 'repay', time: from, borrower: 3, debt })
  await chain.apply({ kind: 'withdraw', time: from, borrower: 3, collateral })
  expect(await chain.position(3)).toEqual({ collateral: 0, debt: 0, healthFactor: Number.POSITIVE_INFINITY })
})

describe.skipIf(!hasSharedData())('the crash of 2020-03-12, simulated and then sent to Aave, gives the same', () => {
  async function sendCrash(parts: Pick<Replay, 'formulas' | 'simulation' | 'clockSeconds'>): Promise<void> {
    const input = crashSample()
    const events: MarketEvent[] = []
    const outcome = simulateMarket({ ...input, onEvent: (event) => events.push(event) })
    const { path, borrowers, setup } = input
    const oraclePriceUsd = path.oraclePriceUsd[0] ?? Number.NaN
    const brought = borrowers.collateral.reduce((sum, tokens) => sum + tokens, 0)
    const liquidity = (input.liquidityOverDebt * brought * oraclePriceUsd * setup.ltvBps) / BPS
    const count = borrowers.use.length
    const chain = await started({ setup, from: path.from, borrowers: count, liquidity, oraclePriceUsd })
    const { events: sent, halves, short, refused } = await replay({ ...parts, chain, input, outcome, events })

    // The sample meets every branch, else the comparison would say little.
    const { supply = 0, borrow = 0, repay = 0, parameters = 0, liquidate = 0 } = sent
    expect(Math.min(supply, borrow, repay, parameters, liquidate, refused)).toBeGreaterThan(20)
    expect(Math.min(halves, short, liquidate - halves - short)).toBeGreaterThan(4)
    expect(outcome.liquidatedByPolicyUsd).toBeGreaterThan(0)
  }

  // Seen: 2e-14 for each liquidation and the totals, 2e-11 for the protocol's earnings, which are sums of small differences, and
  // 9e-11 for health, whose USD have 8 decimals.
  test(
    'to ten digits where interest comes by the hour, as it does in the simulation',
    async () => {
      const to = comparison(1e-10)
      await sendCrash({ formulas: to, simulation: to, clockSeconds: SECONDS_PER_HOUR })
    },
    PATIENCE,
  )

  // Seen: 3e-5, and for bad debt, a small difference of large amounts, 2e-4. Earnings are 2e-3 apart in the first hours counted, where
  // the newest one's interest weighs most.
  test(
    'but for an hour’s interest, 1e-4 at the highest rate, where it comes by the second',
    async () => {
      const simulation = comparison(1e-4, { 'bad debt': 1e-3, earnings: 5e-3 })
      await sendCrash({ formulas: comparison(1e-10), simulation, clockSeconds: POINT_SECONDS })
    },
    PATIENCE,
  )
})
