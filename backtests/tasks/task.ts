/** Plain data: what a task is given must pass to other threads and machines, and have one hash. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json }

/** A piece of a backtest that depends on nothing but its input (and the code), so its result may be kept under its hash. */
export type Task = {
  readonly kind: string
  /** For progress: `plimsoll · ETH · 2020-03`. */
  readonly label: string
  readonly input: Json
  /** Keys of tasks whose results this one reads. */
  readonly needs: readonly string[]
}

/** What a task may reach: results of the tasks that it needs. */
export type TaskContext = { read(key: string): Promise<Uint8Array> }

/** The same bytes for the same task, wherever and however often it runs. */
export type Perform = (task: Task, context: TaskContext) => Promise<Uint8Array>
