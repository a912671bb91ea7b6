import type { ForecastColumns } from '../../backtests/oracle/forecast-columns.ts'
import type { Series } from '../../backtests/series.ts'
import type { Bar } from '../../oracle-node/core/bar.ts'

/** Bars as a series: hours that have none are flat at the close before, and `trailing` more of them follow. */
export function seriesOf(asset: string, bars: readonly Bar[], trailing = 0): Series {
  const from = bars[0]?.openTime ?? 0
  const count = ((bars.at(-1)?.openTime ?? 0) - from) / 3_600 + 1 + trailing
  const column = (): Float64Array => new Float64Array(count)
  const series = { open: column(), high: column(), low: column(), close: column(), volumeUsd: column() }
  const missing = new Uint8Array(count).fill(1)
  for (const bar of bars) {
    const hour = (bar.openTime - from) / 3_600
    missing[hour] = 0
    series.open[hour] = bar.open
    series.high[hour] = bar.high
    series.low[hour] = bar.low
    series.close[hour] = bar.close
    series.volumeUsd[hour] = bar.volume
  }
  for (let hour = 1; hour < count; hour++) {
    if (missing[hour] === 0) continue
    for (const name of ['open', 'high', 'low', 'close'] as const) series[name][hour] = series.close[hour - 1] ?? 0
  }
  return { asset, kind: 'volatile', from, ...series, missing }
}

/** What a node said of a market in some hours, all of them known. */
export function columnsOf(rows: number, changes: Partial<ForecastColumns> = {}): ForecastColumns {
  const column = (first: number, step = 0): Float64Array =>
    Float64Array.from({ length: rows }, (_, row) => first + row * step)
  return {
    asset: 'ETH',
    forecaster: 'log-har',
    from: 1_700_002_800,
    known: new Uint8Array(rows).fill(1),
    fallback: new Uint8Array(rows),
    priceUsd: column(2_000, 1.25),
    volatility: column(0.6),
    valueAtRisk50: column(0.001),
    valueAtRisk90: column(0.03),
    valueAtRisk95: column(0.05),
    valueAtRisk99: column(0.08, 0.0001),
    expectedShortfall99: column(0.11, 0.0001),
    depthUsd: column(5e6, 1e3),
    depthNowUsd: column(9e6, 1e3),
    lnMultiplier: column(0),
    ...changes,
  }
}
