import { BINS_MAX, type Binned } from './bins.ts'

/** What rows are summed into bins: their numbers, and the pulls and weights in the same order. */
export type Segment = {
  readonly rows: Int32Array
  readonly from: number
  readonly to: number
  readonly pull: Float64Array
  readonly weight: Float64Array
}

/** Numbers a feature takes in a histogram: a pull and a weight a bin, side by side. */
const FEATURE_STRIDE = BINS_MAX * 2

/** Summed pulls and weights a bin, for every feature; those not in `columns` stay as they were. */
export type Histogram = Float64Array

export function emptyHistogram(width: number): Histogram {
  return new Float64Array(width * FEATURE_STRIDE)
}

/** Where a bin's pull stands; its weight is the next. */
export function binAt(feature: number, bin: number): number {
  return feature * FEATURE_STRIDE + bin * 2
}

/** Sums the segment's rows into the bins of these columns: the loop that training spends its time in. */
export function fillHistogram(out: Histogram, { bins, width }: Binned, columns: Int32Array, segment: Segment): void {
  const { rows, from, to, pull, weight } = segment
  for (const feature of columns) out.fill(0, binAt(feature, 0), binAt(feature + 1, 0))
  for (let index = from; index < to; index++) {
    const start = (rows[index] ?? 0) * width
    const rowPull = pull[index - from] ?? 0
    const rowWeight = weight[index - from] ?? 0
    for (let each = 0; each < columns.length; each++) {
      const feature = columns[each] ?? 0
      const place = binAt(feature, bins[start + feature] ?? 0)
      out[place] = (out[place] ?? 0) + rowPull
      out[place + 1] = (out[place + 1] ?? 0) + rowWeight
    }
  }
}

/** A node is its two children together, so the larger child costs a subtraction: exact, since all sums are. */
export function subtractHistogram(from: Histogram, part: Histogram, columns: Int32Array): void {
  for (const feature of columns) {
    const end = binAt(feature + 1, 0)
    for (let place = binAt(feature, 0); place < end; place++) from[place] = (from[place] ?? 0) - (part[place] ?? 0)
  }
}
