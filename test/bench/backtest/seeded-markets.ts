import exp from '@stdlib/math-base-special-exp'
import ln from '@stdlib/math-base-special-ln'
import type { BarColumns } from '../../../backtests/data/series-of-bars.ts'
import { mulberry32 } from '../../../backtests/metrics/generator.ts'

/*
 * Hours of markets that never were, as many as a figure needs, since the recorded ones end after less than three years. Log returns of a
 * shared part and an own, each of a volatility that wanders (Taylor 1982), and crashes that all markets fall into together. A benchmark's
 * data alone: nothing is concluded from what happens in them.
 */

const HOUR_SECONDS = 3_600
/** Of an hour's way: its open, two prices between, its close. */
const STEPS_PER_HOUR = 4
const HOURS_PER_YEAR = 8_760

/** The logarithm of a volatility goes back to its mean within days, and is off it by half. */
const MEMORY = 0.99
const LN_SPREAD = 0.5
const SHARED_VOLATILITY = 0.55
const OWN_VOLATILITY = 0.5

/** About four a year: a fall of 10 to 45 % within some hours, of which a third comes back in as many days. */
const CRASHES_PER_YEAR = 4
const CRASH_HOURS = 8
const RECOVERY_HOURS = 72
const RECOVERED = 1 / 3

export type SeededMarkets = Readonly<Record<string, BarColumns>>

/**
 * So many markets, `M00` the first, of so many hours from a time on (unix seconds). The same bits on every machine.
 */
export function seededMarkets(size: {
  readonly markets: number
  readonly from: number
  readonly hours: number
}): SeededMarkets {
  const { markets, from, hours } = size
  const shared = sharedReturns(hours)
  const time = Float64Array.from({ length: hours }, (_, hour) => from + hour * HOUR_SECONDS)
  return Object.fromEntries(
    Array.from({ length: markets }, (_, market) => [
      `M${String(market).padStart(2, '0')}`,
      { time, ...barsOf(shared, market) },
    ]),
  )
}

/** By step: what every market does together. */
function sharedReturns(hours: number): Float64Array {
  const random = mulberry32(1)
  const wandering = wanderingReturns(hours, SHARED_VOLATILITY, random)
  const crashes = mulberry32(2)
  for (let hour = 0; hour < hours; hour++) {
    if (crashes() >= CRASHES_PER_YEAR / HOURS_PER_YEAR) continue
    const fall = ln(1 - (0.1 + 0.35 * crashes()))
    addOver(wandering, { hour, hours: CRASH_HOURS, total: fall })
    addOver(wandering, { hour: hour + CRASH_HOURS, hours: RECOVERY_HOURS, total: -fall * RECOVERED })
  }
  return wandering
}

function addOver(
  returns: Float64Array,
  part: { readonly hour: number; readonly hours: number; readonly total: number },
): void {
  const [first, count] = [part.hour * STEPS_PER_HOUR, part.hours * STEPS_PER_HOUR]
  const end = Math.min(returns.length, first + count)
  for (let step = first; step < end; step++) returns[step] = (returns[step] ?? 0) + part.total / count
}

/** Log returns by step, of this volatility a year. */
function wanderingReturns(hours: number, volatility: number, random: () => number): Float64Array {
  const returns = new Float64Array(hours * STEPS_PER_HOUR)
  const scale = volatility / Math.sqrt(HOURS_PER_YEAR * STEPS_PER_HOUR)
  const push = LN_SPREAD * Math.sqrt(1 - MEMORY * MEMORY)
  let level = 0
  for (let hour = 0; hour < hours; hour++) {
    level = MEMORY * level + push * normal(random)
    const sigma = scale * exp(level)
    for (let step = 0; step < STEPS_PER_HOUR; step++) {
      returns[hour * STEPS_PER_HOUR + step] = sigma * normal(random) - (sigma * sigma) / 2
    }
  }
  return returns
}

function barsOf(shared: Float64Array, market: number): Omit<BarColumns, 'time'> {
  const random = mulberry32(1_000 + market)
  const hours = shared.length / STEPS_PER_HOUR
  const own = market === 0 ? new Float64Array(shared.length) : wanderingReturns(hours, OWN_VOLATILITY, random)
  const column = (): Float64Array => new Float64Array(hours)
  const [open, high, low, close, volume] = [column(), column(), column(), column(), column()]
  let price = market === 0 ? 10_000 : exp(4 * random())
  const usdPerHour = 2e7 / (1 + market)
  for (let hour = 0; hour < hours; hour++) {
    open[hour] = price
    let [highest, lowest] = [price, price]
    for (let step = hour * STEPS_PER_HOUR; step < (hour + 1) * STEPS_PER_HOUR; step++) {
      price *= exp((shared[step] ?? 0) + (own[step] ?? 0))
      highest = Math.max(highest, price)
      lowest = Math.min(lowest, price)
    }
    high[hour] = highest
    low[hour] = lowest
    close[hour] = price
    volume[hour] = (usdPerHour / price) * exp(0.5 * normal(random)) * (1 + (40 * (highest - lowest)) / price)
  }
  return { open, high, low, close, volume }
}

/** Standard normal by Marsaglia's polar method (1964); its second draw is thrown away. */
function normal(random: () => number): number {
  for (;;) {
    const x = 2 * random() - 1
    const y = 2 * random() - 1
    const square = x * x + y * y
    if (square > 0 && square < 1) return x * Math.sqrt((-2 * ln(square)) / square)
  }
}
