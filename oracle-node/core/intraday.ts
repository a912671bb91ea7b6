import ln from '@stdlib/math-base-special-ln'
import { invariant } from './errors.ts'
import { BAR_SECONDS, type BarSeries } from './market-rows.ts'

/**
 * What the bars of one market say about a stretch of time, usually the minutes of a day. Variances are of log returns over the whole
 * stretch, without unit; {@link IntradayFeatures.volatility} is the one that is annualised.
 *
 * Returns go from close to close, the first from its own bar's open. Where bars are missing nothing was traded, so the price stood
 * still and the move over the hole is the return of the bar after it.
 */
export type IntradayFeatures = {
  /** RV = Σ r². Estimates the quadratic variation, jumps included (Andersen, Bollerslev, Diebold and Labys 2003). */
  readonly realisedVariance: number
  /** √(RV · seconds of 365 days / seconds of the stretch), as a ratio a year. */
  readonly volatility: number
  /**
   * BV = π/2 · n/(n − 1) · Σ |rᵢ||rᵢ₋₁|, which jumps do not enter in the limit (Barndorff-Nielsen and Shephard 2004, with the usual
   * correction for the one product that n returns lack). 0 of a single bar. Returns of 0 bias it down.
   */
  readonly bipowerVariation: number
  /** max(0, 1 − BV/RV): the share of the variance that came in jumps. 0 where nothing moved, or of a single bar. */
  readonly jumpShare: number
  /** Σ ln(H/L)² / (4 ln 2) (Parkinson 1980). This and the next two see no move between one bar's close and the next one's open. */
  readonly parkinsonVariance: number
  /** Σ ½ ln(H/L)² − (2 ln 2 − 1) ln(C/O)² (Garman and Klass 1980, their practical estimator). */
  readonly garmanKlassVariance: number
  /** Σ ln(H/C) ln(H/O) + ln(L/C) ln(L/O), which a drift does not bias (Rogers and Satchell 1991). */
  readonly rogersSatchellVariance: number
  /** Σ volume · close, in quote currency. */
  readonly quoteVolume: number
  /**
   * Mean of |r| / quote volume over the bars that traded, a ratio per unit of quote currency: Amihud's (2002) daily measure on each
   * bar. NaN where none traded.
   */
  readonly illiquidity: number
  /** The share of bars of the stretch that are not there, 0 to 1. */
  readonly missingShare: number
  /** The largest |r|. */
  readonly largestReturn: number
}

const SECONDS_PER_YEAR = 365 * 86_400

/**
 * Features of the bars that open in [from, to), in unix seconds, or nothing when there is none.
 * @param series sound, oldest first, at most one bar a time: as a store gives it. A NaN in it makes NaN of what it enters.
 * @throws {InvariantError} on columns of different lengths, or a stretch that is shorter than a bar.
 */
export function intradayFeatures(
  series: BarSeries,
  { from, to }: { readonly from: number; readonly to: number },
): IntradayFeatures | undefined {
  const seconds = BAR_SECONDS[series.interval]
  const columns = [series.open, series.high, series.low, series.close, series.volume]
  invariant(
    columns.every(({ length }) => length === series.time.length),
    'the columns of a series have one length',
  )
  invariant(to - from >= seconds, `a stretch holds at least one bar of ${seconds} s, got ${from}..${to}`)
  const first = rowsBefore(series.time, from)
  const end = rowsBefore(series.time, to)
  const bars = end - first
  if (bars <= 0) return undefined
  const logs = logsOf(series, first, end)
  const returns = returnsOf(logs)
  const squares = sum(bars, (bar) => at(returns, bar) * at(returns, bar))
  // The first return has none before it, and gives no product.
  const products = sum(bars - 1, (bar) => Math.abs(at(returns, bar) * at(returns, bar + 1)))
  const bipowerVariation = bars === 1 ? 0 : (Math.PI / 2) * (bars / (bars - 1)) * products
  return {
    realisedVariance: squares,
    volatility: Math.sqrt((squares * SECONDS_PER_YEAR) / (to - from)),
    bipowerVariation,
    jumpShare: bars === 1 || squares === 0 ? 0 : Math.max(0, 1 - bipowerVariation / squares),
    ...rangeVariances(logs),
    ...liquidity(series, returns, first),
    missingShare: 1 - bars / Math.ceil((to - from) / seconds),
    largestReturn: returns.reduce((largest, r) => Math.max(largest, Math.abs(r)), 0),
  }
}

type Logs = Readonly<Record<'open' | 'high' | 'low' | 'close', Float64Array>>

/** Of each price once: their differences are all the ratios that are needed. */
function logsOf({ open, high, low, close }: BarSeries, first: number, end: number): Logs {
  const logs = {
    open: open.slice(first, end),
    high: high.slice(first, end),
    low: low.slice(first, end),
    close: close.slice(first, end),
  }
  for (const column of [logs.open, logs.high, logs.low, logs.close]) {
    for (let bar = 0; bar < column.length; bar++) column[bar] = ln(at(column, bar))
  }
  return logs
}

/** Log returns, close to close, the first from its bar's open. */
function returnsOf({ open, close }: Logs): Float64Array {
  const returns = close.slice()
  for (let bar = returns.length - 1; bar > 0; bar--) returns[bar] = at(close, bar) - at(close, bar - 1)
  returns[0] = at(close, 0) - at(open, 0)
  return returns
}

type Ranges = Pick<IntradayFeatures, 'parkinsonVariance' | 'garmanKlassVariance' | 'rogersSatchellVariance'>

function rangeVariances({ open, high, low, close }: Logs): Ranges {
  let [parkinson, garmanKlass, rogersSatchell] = [0, 0, 0]
  for (let bar = 0; bar < close.length; bar++) {
    const [o, h, l, c] = [at(open, bar), at(high, bar), at(low, bar), at(close, bar)]
    const range = (h - l) * (h - l)
    parkinson += range
    garmanKlass += 0.5 * range - (2 * Math.LN2 - 1) * (c - o) * (c - o)
    rogersSatchell += (h - c) * (h - o) + (l - c) * (l - o)
  }
  return {
    parkinsonVariance: parkinson / (4 * Math.LN2),
    garmanKlassVariance: garmanKlass,
    rogersSatchellVariance: rogersSatchell,
  }
}

function liquidity(
  { close, volume }: BarSeries,
  returns: Float64Array,
  first: number,
): Pick<IntradayFeatures, 'quoteVolume' | 'illiquidity'> {
  let [quoteVolume, ratios, traded] = [0, 0, 0]
  for (const [bar, r] of returns.entries()) {
    const quote = at(volume, first + bar) * at(close, first + bar)
    quoteVolume += quote
    if (quote === 0) continue
    traded += 1
    ratios += Math.abs(r) / quote
  }
  return { quoteVolume, illiquidity: ratios / traded }
}

/** How many times of an increasing list are below a limit. */
function rowsBefore(times: Float64Array, limit: number): number {
  let [low, high] = [0, times.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (at(times, middle) < limit) low = middle + 1
    else high = middle
  }
  return low
}

function sum(count: number, valueAt: (index: number) => number): number {
  let total = 0
  for (let index = 0; index < count; index++) total += valueAt(index)
  return total
}

function at(values: Float64Array, index: number): number {
  return values[index] ?? Number.NaN
}
