/** What a store found or met that its operator should know, and that kept it from nothing else. */
export type StoreReport = {
  readonly kind: /** A crash cut the end of a log off: what was not yet on the disk. */
    | 'torn-log'
    /** Bytes amid a log are not as written. */
    | 'damaged-log'
    /** A Parquet file cannot be read; a writer renames it to `.corrupt`, a reader leaves it out. */
    | 'corrupt-file'
    /** The log could not be turned into files, and stays. */
    | 'roll-failed'
  readonly path: string
  readonly detail: string
}
