/*
 * A backtest from a script or a notebook, its data and its results as danfojs frames:
 *
 *   node backtests/examples/in-a-script.ts [folder of recorded data] [folder for runs]
 */
import { DataFrame } from 'danfojs-node'
import { recordedSeries } from '../data/recorded-series.ts'
import { barColumnsOf, frameOf } from '../run/frames.ts'
import { runBacktest } from '../run/run-backtest.ts'

const [recorded = '../shared/data', out = 'plimsoll-backtests'] = process.argv.slice(2)

// Any hours or minutes will do, from wherever a frame can be had; here ETH's of 2022.
const { series } = recordedSeries(recorded, 'ETH', { from: at('2021-07-01'), to: at('2022-08-01') })
const bars = new DataFrame({
  time: Array.from(series.close, (_, hour) => series.from + hour * 3_600),
  open: [...series.open],
  high: [...series.high],
  low: [...series.low],
  close: [...series.close],
  volume: Array.from(series.volumeUsd, (usd, hour) => usd / (series.close[hour] ?? 1)),
})

const { result, files } = await runBacktest(
  {
    name: 'in a script',
    data: { recorded },
    lending: {
      periods: [{ id: 'june', title: 'June 2022', from: '2022-06-01', to: '2022-06-25', assets: ['MINE'] }],
      markets: {
        MINE: { ltvBps: 8_000, liquidationThresholdBps: 8_250, liquidationBonusBps: 500, demandOverLiquidity: 20 },
      },
      warmUpDays: 7,
      borrowers: { count: 500 },
      policies: [
        { kind: 'static', knobs: [0, 500] },
        { kind: 'ewma', knobs: [1, 2] },
      ],
      seeds: 1,
    },
  },
  { data: { MINE: barColumnsOf(bars) }, out, jobs: 1 },
)

const runs = await frameOf(result, 'runs')
runs.loc({ columns: ['policy', 'knob', 'badDebtUsd', 'efficiency', 'changes'] }).print()
console.log(`report: ${files.report}`)

function at(day: string): number {
  return Date.parse(`${day}T00:00:00Z`) / 1_000
}
