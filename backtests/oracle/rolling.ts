/*
 * Windows over columns by the two passes of van Herk (1992) and Gil and Werman (1993): a window that straddles two blocks of its own length is
 * the end of the one and the start of the other. A sum so made is of additions alone, each window's own, so that nothing drifts in a long
 * column, squares never add up to less than nothing, and a NaN harms no window but those it lies in.
 */

/** Of each window that ends at a place, the sum of squares: the realised variance of returns. NaN before the first full window. */
export function rollingSumOfSquares(values: Float64Array, window: number): Float64Array {
  return rollingSum(values, window, true)
}

/** Of each window that ends at a place, the mean. NaN before the first full window. */
export function rollingMean(values: Float64Array, window: number): Float64Array {
  const means = rollingSum(values, window, false)
  for (let index = 0; index < means.length; index++) means[index] = (means[index] ?? Number.NaN) / window
  return means
}

/** The least of the `window` values that come after each place, its own left out. NaN where fewer are left. */
export function forwardMinimum(values: Float64Array, window: number): Float64Array {
  const minima = rollingMinimum(values, window)
  // In place, since a second column of millions costs more than all comparisons.
  minima.copyWithin(0, window)
  return minima.fill(Number.NaN, Math.max(0, values.length - window))
}

function rollingSum(values: Float64Array, window: number, squared: boolean): Float64Array {
  requireWindow(window)
  const sums = new Float64Array(values.length)
  // Of the block before: sums from each place to its end.
  const ends = new Float64Array(window + 1).fill(Number.NaN)
  ends[window] = 0
  for (let start = 0; start < values.length; start += window) {
    const count = Math.min(window, values.length - start)
    let sum = 0
    for (let place = 0; place < count; place++) {
      const value = values[start + place] ?? Number.NaN
      sum += squared ? value * value : value
      sums[start + place] = (ends[place + 1] ?? Number.NaN) + sum
    }
    let end = 0
    for (let place = count - 1; place >= 0; place--) {
      const value = values[start + place] ?? Number.NaN
      end += squared ? value * value : value
      ends[place] = end
    }
  }
  return sums
}

function rollingMinimum(values: Float64Array, window: number): Float64Array {
  requireWindow(window)
  const minima = new Float64Array(values.length)
  const ends = new Float64Array(window + 1).fill(Number.NaN)
  ends[window] = Number.POSITIVE_INFINITY
  for (let start = 0; start < values.length; start += window) {
    const count = Math.min(window, values.length - start)
    let least = Number.POSITIVE_INFINITY
    for (let place = 0; place < count; place++) {
      least = Math.min(least, values[start + place] ?? Number.NaN)
      minima[start + place] = Math.min(ends[place + 1] ?? Number.NaN, least)
    }
    let end = Number.POSITIVE_INFINITY
    for (let place = count - 1; place >= 0; place--) {
      end = Math.min(end, values[start + place] ?? Number.NaN)
      ends[place] = end
    }
  }
  return minima
}

function requireWindow(window: number): void {
  if (!(Number.isInteger(window) && window >= 1)) {
    throw new RangeError(`a window is a whole number of rows from 1, got ${window}`)
  }
}
