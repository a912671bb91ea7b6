/** One market's hours without holes, oldest first; every array has one entry an hour. */
export type Series = {
  readonly asset: string
  readonly kind: 'volatile' | 'stable'
  /** Unix seconds at which the first hour opens; a full hour. */
  readonly from: number
  /** USD; a missing hour is flat at the close before it. */
  readonly open: Float64Array
  readonly high: Float64Array
  readonly low: Float64Array
  readonly close: Float64Array
  /** USD traded in the hour; 0 where it is missing. */
  readonly volumeUsd: Float64Array
  /** 1 where no bar was recorded. */
  readonly missing: Uint8Array
}
