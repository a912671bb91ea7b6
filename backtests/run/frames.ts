import type { DataFrame } from 'danfojs-node'
import type { BarColumns } from '../data/series-of-bars.ts'
import { type FrameRow, toFrame } from '../frame.ts'
import type { BacktestResult, LendingCourse } from '../result.ts'

/** What of a result can be had as a frame. */
export const FRAMES = ['runs', 'markets', 'frontier', 'hours', 'changes', 'verdicts', 'forecasts', 'regimes'] as const
export type FrameName = (typeof FRAMES)[number]

/**
 * A part of a result as a danfojs frame: `runs` (period × policy × knob), `markets` (the same by asset), `frontier`, `hours` (a row a period,
 * policy, asset and step), `changes` of parameters, `verdicts`, `forecasts` (model × asset × horizon) or `regimes`.
 * @throws {Error} when the result has no such part, or more rows than a frame holds.
 */
export async function frameOf(result: BacktestResult, name: FrameName): Promise<DataFrame> {
  const rows = rowsOf(result, name)
  if (rows.length === 0) throw new Error(`this result has no ${name}: its config asks for none, or there were none`)
  return toFrame(rows)
}

/** The same as plain rows. A figure that does not exist is NaN, since a frame’s column has one kind. */
export function rowsOf({ lending, forecast }: BacktestResult, name: FrameName): FrameRow[] {
  switch (name) {
    case 'runs':
      return (lending?.runs ?? []).map((run) => ({ ...run }))
    case 'markets':
      return (lending?.byAsset ?? []).map(({ asset = '', ...run }) => ({ asset, ...run }))
    case 'frontier':
      return (lending?.frontier ?? []).map((point) => ({ ...point }))
    case 'hours':
      return (lending?.courses ?? []).filter(({ asset }) => asset !== undefined).flatMap(courseRows)
    case 'changes':
      return (lending?.changes ?? []).map((change) => ({ ...change }))
    case 'verdicts':
      return (lending?.verdicts ?? []).map((verdict) => ({ ...verdict }))
    case 'forecasts':
      return (forecast?.cells ?? []).map(({ severity, greenShare, ...cell }) => ({
        ...cell,
        severity: severity ?? Number.NaN,
        greenShare: greenShare ?? Number.NaN,
      }))
    case 'regimes':
      return (forecast?.regimes ?? []).map((regime) => ({ ...regime }))
  }
}

function courseRows({ period, policy, knob, asset = '', time, ...columns }: LendingCourse): FrameRow[] {
  const numbers = Object.entries(columns)
  return time.map((at, step) => ({
    period,
    policy,
    knob,
    asset,
    time: at,
    ...Object.fromEntries(numbers.map(([name, values]) => [name, values[step] ?? Number.NaN])),
  }))
}

/**
 * A frame of bars as a backtest takes them: columns `time` (unix seconds), `open`, `high`, `low`, `close` and `volume` (units of the asset).
 * @throws {Error} that names the column which is missing, or holds what is no number.
 */
export function barColumnsOf(frame: DataFrame): BarColumns {
  const column = (name: string): readonly number[] => {
    if (!frame.columns.includes(name)) {
      throw new Error(`a frame of bars needs the column ${name}; it has ${frame.columns.join(', ')}`)
    }
    return frame.column(name).values.map((value, row) => {
      if (typeof value === 'number') return value
      throw new Error(`row ${row} of the column ${name} is ${JSON.stringify(value)}; a number was needed`)
    })
  }
  return {
    time: column('time'),
    open: column('open'),
    high: column('high'),
    low: column('low'),
    close: column('close'),
    volume: column('volume'),
  }
}
