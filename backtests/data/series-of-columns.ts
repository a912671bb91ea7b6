import { parseTime } from '../../data/history/time-format.ts'
import type { Series } from '../series.ts'
import type { BarRow } from './bar-faults.ts'
import { type BarsInput, seriesOfBars } from './series-of-bars.ts'

/** Columns as a data frame gives them: `frame.column('close').values` of danfojs and the like. Times as text or numbers, or dates. */
export type FrameColumns = Readonly<Record<keyof BarRow, ArrayLike<unknown>>>

/**
 * A series out of plain columns, whose times may be unix seconds, milliseconds or ISO 8601.
 * @throws {Error} as {@link seriesOfBars}, with the row.
 */
export function seriesOfColumns({ columns, ...rest }: Omit<BarsInput, 'bars'> & { columns: FrameColumns }): Series {
  const numbers = (column: ArrayLike<unknown>): Float64Array =>
    Float64Array.from(column, (value) => (typeof value === 'number' ? value : Number.NaN))
  return seriesOfBars({
    ...rest,
    bars: {
      time: Float64Array.from(columns.time, secondsOf),
      open: numbers(columns.open),
      high: numbers(columns.high),
      low: numbers(columns.low),
      close: numbers(columns.close),
      volume: numbers(columns.volume),
    },
  })
}

function secondsOf(time: unknown): number {
  if (time instanceof Date) return time.getTime() / 1_000
  return (
    (typeof time === 'string' || typeof time === 'number' ? parseTime(`${time}`)?.seconds : undefined) ?? Number.NaN
  )
}
