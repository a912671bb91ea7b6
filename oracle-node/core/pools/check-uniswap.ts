import type { Rejection } from '../market.ts'
import { shown } from '../market-bars.ts'
import type { ConcentratedState, ConstantProductState, TickLiquidity } from './pool-state.ts'
import { FEE_UNITS } from './swap-step.ts'
import { isSqrtPrice, isTick, sqrtPriceAtTick, TICK_MAX, tickAtSqrtPrice } from './tick-math.ts'

/** The busiest pools have some thousand initialised ticks; more is an attack on time and memory. */
export const POOL_TICKS_MAX = 16_384
/** No token that is traded has more; some have 24. */
export const DECIMALS_MAX = 36
/** v4 allows the most of the versions. */
export const TICK_SPACING_MAX = 32_767

const RESERVE_END = 1n << 112n
const LIQUIDITY_END = 1n << 128n
const NET_END = 1n << 127n

/** Why a state cannot be that of a pool. */
export type Fault = { readonly ok: false; readonly reason: Rejection; readonly detail: string }
export type Checked<State> = { readonly ok: true; readonly state: State } | Fault
type Fields = Readonly<Record<string, unknown>>

/** A v2 pair's state, if it can be one. */
export function checkConstantProduct(raw: Fields): Checked<ConstantProductState> {
  const common = checkCommon(raw)
  if (!common.ok) return common
  const reserves = pairOf(raw['reserves'], isReserve)
  if (reserves === undefined) return malformed('two reserves from 0 to 2^112 - 1 are needed')
  if (reserves[0] === 0n || reserves[1] === 0n) return no('empty', `the reserves are ${reserves[0]} and ${reserves[1]}`)
  return { ok: true, state: { kind: 'constant-product', reserves, ...common.state } }
}

/** A v3 or v4 pool's state, if it can be one: price, tick, liquidity and ticks must agree with each other. */
export function checkConcentrated(raw: Fields): Checked<ConcentratedState> {
  const common = checkCommon(raw)
  if (!common.ok) return common
  const price = checkPrice(raw)
  if (!price.ok) return price
  const terms = checkTerms(raw)
  if (!terms.ok) return terms
  const ticks = checkTicks(raw, { tick: price.state.tick, tickSpacing: terms.state.tickSpacing })
  if (!ticks.ok) return ticks
  if (price.state.liquidity === 0n) return no('empty', 'no liquidity at the price')
  const state = {
    kind: 'concentrated' as const,
    ...price.state,
    ...terms.state,
    ...ticks.state,
    ...common.state,
  }
  const detail = unbalanced(state)
  return detail === undefined ? { ok: true, state } : malformed(detail)
}

function checkPrice(raw: Fields): Checked<Pick<ConcentratedState, 'sqrtPrice' | 'tick' | 'liquidity'>> {
  const { sqrtPrice, tick, liquidity } = raw
  if (sqrtPrice === 0n) return no('empty', 'the pool has no price: it was not initialised')
  if (!isSqrtPrice(sqrtPrice)) return malformed(`a pool cannot have the square root price ${shownBig(sqrtPrice)}`)
  if (!isTick(tick) || !isTickOf(tick, sqrtPrice)) {
    return malformed(`tick ${shown(tick)} does not hold the square root price ${sqrtPrice}`)
  }
  if (!isBelow(liquidity, LIQUIDITY_END)) return malformed(`liquidity ${shownBig(liquidity)} is not in 0..2^128 - 1`)
  return { ok: true, state: { sqrtPrice, tick, liquidity } }
}

function checkTerms(raw: Fields): Checked<Pick<ConcentratedState, 'fees' | 'tickSpacing'>> {
  const { tickSpacing } = raw
  const fees = pairOf(raw['fees'], isFee)
  if (fees === undefined) return malformed(`two fees from 0 to ${FEE_UNITS} millionths are needed`)
  if (Math.max(...fees) === FEE_UNITS) return no('refused', 'a fee of the whole input leaves nothing to trade')
  if (!isWhole(tickSpacing, TICK_SPACING_MAX) || tickSpacing === 0) {
    return malformed(`tick spacing ${shown(tickSpacing)} is not whole and in 1..${TICK_SPACING_MAX}`)
  }
  return { ok: true, state: { fees, tickSpacing } }
}

function checkTicks(
  raw: Fields,
  pool: Pick<ConcentratedState, 'tick' | 'tickSpacing'>,
): Checked<Pick<ConcentratedState, 'ticks' | 'range'>> {
  const range = pairOf(raw['range'], isTick)
  if (range === undefined || range[0] > pool.tick || range[1] <= pool.tick) {
    return malformed(`the range must hold tick ${pool.tick} and the next`)
  }
  const rows = raw['ticks']
  if (!Array.isArray(rows)) return malformed(`a list of ticks was needed, got ${shown(rows)}`)
  if (rows.length > POOL_TICKS_MAX) return malformed(`${rows.length} ticks; ${POOL_TICKS_MAX} is the most`)
  const ticks: TickLiquidity[] = []
  for (const row of rows) {
    const { index, liquidityNet } = fieldsOf(row) ?? {}
    const before = ticks.at(-1)?.index ?? range[0] - 1
    if (!isTick(index) || index <= before || index > range[1]) {
      return malformed(`tick ${shown(index)} follows ${before}, or is not in ${range.join('..')}`)
    }
    if (index % pool.tickSpacing !== 0) return malformed(`tick ${index} is not on the spacing of ${pool.tickSpacing}`)
    if (!isNet(liquidityNet)) return malformed(`tick ${index} has no net liquidity within ±(2^127 - 1)`)
    ticks.push({ index, liquidityNet })
  }
  return { ok: true, state: { ticks, range } }
}

type Common = Pick<ConstantProductState, 'decimals' | 'base' | 'blockTime'>

function checkCommon(raw: Fields): Checked<Common> {
  const { base, blockTime } = raw
  const decimals = pairOf(raw['decimals'], isDecimals)
  if (decimals === undefined) return malformed(`decimals of two tokens, whole and in 0..${DECIMALS_MAX}, are needed`)
  if (base !== 0 && base !== 1) return malformed(`the base is token 0 or 1, got ${shown(base)}`)
  if (!isWhole(blockTime, 2 ** 32 - 1)) return malformed(`block time ${shown(blockTime)} is not in unix seconds`)
  return { ok: true, state: { decimals, base, blockTime } }
}

/** A swap that ended at a tick from above leaves the tick below it beside the tick's price. */
function isTickOf(tick: number, sqrtPrice: bigint): boolean {
  const own = tickAtSqrtPrice(sqrtPrice)
  return tick === own || (tick === own - 1 && sqrtPrice === sqrtPriceAtTick(own))
}

/** Walked from the price outwards, liquidity can nowhere be below zero, and must be zero outside where all ticks are known. */
function unbalanced(state: ConcentratedState): string | undefined {
  const { range, tickSpacing, ticks, tick } = state
  const outermost = Math.floor(TICK_MAX / tickSpacing) * tickSpacing
  const upper = walk(
    state.liquidity,
    ticks.filter(({ index }) => index > tick).map(({ liquidityNet }) => liquidityNet),
  )
  const lower = walk(
    state.liquidity,
    ticks
      .filter(({ index }) => index <= tick)
      .map(downwards)
      .reverse(),
  )
  if (upper === undefined || lower === undefined) {
    return 'the net liquidity of the ticks leads below zero or past 2^128, so the pool was read wrong'
  }
  if (range[1] >= outermost && upper !== 0n) return `liquidity ${upper} is left above all ticks`
  if (range[0] <= -outermost && lower !== 0n) return `liquidity ${lower} is left below all ticks`
  return undefined
}

const downwards = ({ liquidityNet }: TickLiquidity): bigint => -liquidityNet

function walk(from: bigint, nets: readonly bigint[]): bigint | undefined {
  let liquidity = from
  for (const net of nets) {
    liquidity += net
    if (liquidity < 0n || liquidity >= LIQUIDITY_END) return undefined
  }
  return liquidity
}

/** An object's fields, whatever it is. */
export function fieldsOf(raw: unknown): Fields | undefined {
  return typeof raw === 'object' && raw !== null ? { ...raw } : undefined
}

function pairOf<T>(raw: unknown, is: (value: unknown) => value is T): readonly [T, T] | undefined {
  const [first, second, ...more]: unknown[] = Array.isArray(raw) ? raw : []
  return more.length === 0 && is(first) && is(second) ? [first, second] : undefined
}

function isBelow(value: unknown, end: bigint): value is bigint {
  return typeof value === 'bigint' && value >= 0n && value < end
}

function isNet(value: unknown): value is bigint {
  return typeof value === 'bigint' && value < NET_END && value > -NET_END
}

function isReserve(value: unknown): value is bigint {
  return isBelow(value, RESERVE_END)
}

function isFee(value: unknown): value is number {
  return isWhole(value, FEE_UNITS)
}

function isDecimals(value: unknown): value is number {
  return isWhole(value, DECIMALS_MAX)
}

function isWhole(value: unknown, most: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= most
}

function shownBig(value: unknown): string {
  return typeof value === 'bigint' && value >= 0n && value < 1n << 256n ? `${value}` : shown(value)
}

function malformed(detail: string): Fault {
  return no('malformed', detail)
}

function no(reason: Rejection, detail: string): Fault {
  return { ok: false, reason, detail }
}
