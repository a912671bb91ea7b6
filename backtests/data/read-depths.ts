import { numberOf } from '../../data/history/read-number.ts'
import { openParquet } from '../../data/history/read-parquet.ts'
import { openCsv, type TableRow } from '../../data/history/read-table.ts'
import { parseTime } from '../../data/history/time-format.ts'
import { SECONDS_PER_HOUR } from '../../oracle-node/core/units.ts'

/** What was measured of a market's books, oldest first: USD that could be sold before the price fell 2 %. */
export type Depths = { readonly time: Float64Array; readonly depthUsd: Float64Array }

const ROWS_MAX = 10_000_000
const DEPTH_MAX = 1e15
/** A measurement older than this says nothing of the books now. */
const AGE_MAX_SECONDS = 24 * SECONDS_PER_HOUR

/**
 * Measured depths from a CSV (gzipped or not) or Parquet file with the columns `time` and `depth_usd`.
 * @throws {Error} that names the file, and line and column of the first fault.
 */
export async function readDepths(path: string): Promise<Depths> {
  const table = /\.parquet$/i.test(path) ? await openParquet(path) : await openCsv(path)
  if (table === undefined) throw new Error(`${path} is empty; rows of time, depth_usd are needed`)
  try {
    const places = placesOf(path, table.header)
    const time: number[] = []
    const depthUsd: number[] = []
    for await (const batch of table.rows) {
      for (const row of batch) {
        const [at, usd] = depthOf(row, places, `${path}, line ${row.line}`)
        if (at <= (time.at(-1) ?? Number.NEGATIVE_INFINITY)) {
          throw new Error(`${path}, line ${row.line}: its time is not after the row's before`)
        }
        time.push(at)
        depthUsd.push(usd)
      }
      if (time.length > ROWS_MAX) throw new Error(`${path} has more than ${ROWS_MAX} rows; give hours, not seconds`)
    }
    return { time: Float64Array.from(time), depthUsd: Float64Array.from(depthUsd) }
  } finally {
    await table.close()
  }
}

type Places = { readonly time: number; readonly depth: number }

function placesOf(path: string, header: readonly string[]): Places {
  const names = header.map((name) => name.trim().toLowerCase())
  const placeOf = (name: string): number => {
    const place = names.indexOf(name)
    if (place >= 0) return place
    throw new Error(`${path} has no column ${name}, but ${names.join(', ').slice(0, 200)}`)
  }
  return { time: placeOf('time'), depth: placeOf('depth_usd') }
}

function depthOf({ fields }: TableRow, places: Places, where: string): readonly [time: number, usd: number] {
  const [at, depth] = [places.time, places.depth].map((place) => fields?.[place]?.trim() ?? '')
  const seconds = parseTime(at ?? '')?.seconds
  if (seconds === undefined) throw new Error(`${where}, column time: ${JSON.stringify(at)} is no time`)
  const usd = numberOf(depth ?? '')
  if (usd >= 0 && usd < DEPTH_MAX) return [seconds, usd]
  throw new Error(`${where}, column depth_usd: ${JSON.stringify(depth)} is no number of USD from 0`)
}

/** The newest measurement at each hour's end from `from` (unix seconds) on; NaN where there was none within a day. */
export function depthsByHour({ time, depthUsd }: Depths, from: number, hours: number): Float64Array {
  const by = new Float64Array(hours).fill(Number.NaN)
  let next = 0
  for (let hour = 0; hour < hours; hour++) {
    const end = from + hour * SECONDS_PER_HOUR
    while (next < time.length && (time[next] ?? Number.NaN) <= end) next++
    const age = end - (time[next - 1] ?? Number.NEGATIVE_INFINITY)
    if (age <= AGE_MAX_SECONDS) by[hour] = depthUsd[next - 1] ?? Number.NaN
  }
  return by
}
