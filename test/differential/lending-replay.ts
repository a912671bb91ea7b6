import {
  type MarketEvent,
  type MarketInput,
  type MarketOutcome,
  type MarketSetup,
  POINT_SECONDS,
  POINTS_PER_HOUR,
} from '../../backtests/lending/market.ts'
import { BPS, type SECONDS_PER_HOUR } from '../../oracle-node/core/units.ts'
import type { ChainReserve, LendingChain } from './lending-chain.ts'
import { type Comparison, compareLiquidation, compareReserve, judge } from './lending-compare.ts'

/** Aave's error that a position is sound. */
export const HEALTH_FACTOR_NOT_BELOW_THRESHOLD = '45'

export type Replay = {
  readonly chain: LendingChain
  readonly input: MarketInput
  readonly outcome: MarketOutcome
  readonly events: readonly MarketEvent[]
  /** Of the chain with the formulae, and with the simulation. */
  readonly formulas: Comparison
  readonly simulation: Comparison
  /** Seconds between two times on the chain: all that happens within has the first's, as interest in the simulation has. */
  readonly clockSeconds: typeof POINT_SECONDS | typeof SECONDS_PER_HOUR
}

/** How much a replay has compared. */
export type Replayed = {
  /** By kind. */
  readonly events: Readonly<Record<string, number>>
  /** Of the liquidations, those of half the debt, and those for which the collateral did not reach. */
  readonly halves: number
  readonly short: number
  /** Sound positions that Aave refused to liquidate: the weakest of each point. */
  readonly refused: number
  /** Units of debt that the borrowers were not made to pay, and what the protocol took, in USD. */
  readonly writtenOff: number
  readonly earnedUsd: number
}

/** Where a replay is. */
type State = {
  market: MarketSetup
  point: number
  where: string
  oraclePriceUsd: number
  priceUsd: number
  reserve: ChainReserve | undefined
  readonly seen: { -readonly [Key in keyof Replayed]: Key extends 'events' ? Record<string, number> : number }
}

/**
 * Sends all that happened in a simulated market to Aave, in its order, and compares at each step.
 * @throws {Error} at the first that differs, or that Aave refuses.
 */
export async function replay(parts: Replay): Promise<Replayed> {
  const { chain, input, events } = parts
  const { path } = input
  const seen: State['seen'] = { events: {}, halves: 0, short: 0, refused: 0, writtenOff: 0, earnedUsd: 0 }
  const prices = { oraclePriceUsd: 0, priceUsd: 0 }
  const state: State = { market: input.setup, point: 0, where: '', ...prices, reserve: undefined, seen }
  const byTime = Map.groupBy(events, ({ time }) => time)
  let sent = 0
  for (const [point, oraclePriceUsd] of path.oraclePriceUsd.entries()) {
    const fell = oraclePriceUsd < state.oraclePriceUsd
    const time = path.from + point * POINT_SECONDS
    Object.assign(state, { point, where: new Date(time * 1_000).toISOString(), oraclePriceUsd })
    state.priceUsd = path.priceUsd[point] ?? Number.NaN
    await begin(parts, state, time)
    const now = byTime.get(time) ?? []
    for (const event of now) await send(parts, state, event)
    sent += now.length
    state.reserve = await chain.reserve()
    // Nobody comes into danger otherwise, and each look takes its time.
    if (fell || now.length > 0) await compareDanger(parts, state)
    if ((point + 1) % POINTS_PER_HOUR === 0) await compareHour(parts, state)
  }
  if (sent < events.length) throw new Error(`${events.length - sent} events are at no point of the path`)
  return seen
}

/** Moves the clock and the price, and compares the interest since. */
async function begin({ chain, input, formulas, clockSeconds }: Replay, state: State, time: number): Promise<void> {
  // The simulation counts from here on.
  if (state.point === input.warmUpHours * POINTS_PER_HOUR) Object.assign(state.seen, { writtenOff: 0, earnedUsd: 0 })
  await chain.begin(Math.floor(time / clockSeconds) * clockSeconds, state.oraclePriceUsd)
  const { reserve: earlier, where, seen } = state
  if (earlier === undefined) return
  const now = await chain.reserve()
  compareReserve(formulas, earlier, now, where)
  seen.earnedUsd += (now.treasuryShares - earlier.treasuryShares) * now.liquidityIndex
}

async function send(parts: Replay, state: State, event: MarketEvent): Promise<void> {
  const { chain, formulas, simulation } = parts
  const { seen, oraclePriceUsd, priceUsd } = state
  seen.events[event.kind] = (seen.events[event.kind] ?? 0) + 1
  if (event.kind === 'parameters') {
    const { ltvBps, liquidationThresholdBps } = event
    state.market = { ...state.market, ltvBps, liquidationThresholdBps }
  }
  if (event.kind !== 'liquidate') return await chain.apply(event)

  const where = `${state.where}, borrower ${event.borrower}`
  const before = await chain.position(event.borrower)
  const { wanted, health } = judge(before, state.market, oraclePriceUsd)
  if (wanted === undefined) throw new Error(`${where}: simulated as liquidated, but its health on Aave is ${health}`)
  const done = await chain.liquidate(event.borrower)
  compareLiquidation(formulas, done, wanted, where)
  compareLiquidation(simulation, done, event, where)
  seen.earnedUsd += done.protocolFee * priceUsd
  if (done.debtCovered < 0.51 * before.debt) seen.halves += 1
  const after = await chain.position(event.borrower)
  if (after.collateral > 0) return
  seen.short += 1
  seen.writtenOff += await chain.writeOff(event.borrower)
}

/** What the simulation leaves alone is sound on Aave, and the weakest of it is refused there. */
async function compareDanger({ chain, input }: Replay, state: State): Promise<void> {
  let weakest = { borrower: -1, health: Number.POSITIVE_INFINITY }
  for (const borrower of input.borrowers.use.keys()) {
    const health = await chain.health(borrower)
    if (health === 0) continue
    if (health < 1)
      throw new Error(`${state.where}: nobody liquidates borrower ${borrower}, whose health on Aave is ${health}`)
    if (health < weakest.health) weakest = { borrower, health }
  }
  if (weakest.borrower < 0) return
  const refusal = await chain.refusalToLiquidate(weakest.borrower)
  if (refusal !== HEALTH_FACTOR_NOT_BELOW_THRESHOLD) {
    throw new Error(`${state.where}: Aave answers ${refusal} to liquidating borrower ${weakest.borrower}`)
  }
  state.seen.refused += 1
}

/** Everybody's health, and the market's totals at an hour's end. */
async function compareHour({ chain, input, outcome, formulas, simulation }: Replay, state: State): Promise<void> {
  const { where, priceUsd, reserve, seen, market } = state
  const hour = Math.floor(state.point / POINTS_PER_HOUR) - input.warmUpHours
  if (hour < 0) return
  let collateralUsd = 0
  let badDebtUsd = seen.writtenOff
  for (const borrower of input.borrowers.use.keys()) {
    const position = await chain.position(borrower)
    const { health } = judge(position, market, state.oraclePriceUsd)
    formulas.near('health', position.healthFactor, health, `${where}, borrower ${borrower}`)
    collateralUsd += position.collateral * priceUsd
    badDebtUsd += Math.max(0, position.debt - position.collateral * priceUsd)
  }
  const { hours } = outcome
  const simulated = (column: Float64Array): number => column[hour] ?? Number.NaN
  simulation.near('collateral', collateralUsd, simulated(hours.collateralUsd), where)
  simulation.near('debt', reserve?.debt ?? Number.NaN, simulated(hours.debtUsd), where)
  simulation.near('capacity', (collateralUsd * market.ltvBps) / BPS, simulated(hours.capacityUsd), where)
  simulation.near('bad debt', badDebtUsd, simulated(hours.badDebtUsd), where)
  simulation.near('earnings', seen.earnedUsd, simulated(hours.equityUsd) + simulated(hours.badDebtUsd), where)
}
