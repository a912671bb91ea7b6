/** What becomes of tasks, as it happens. */
export type TaskProgress = {
  /** `kept`: results of earlier runs were found, told once at the start. */
  readonly state: 'kept' | 'started' | 'finished' | 'failed'
  /** The task's; empty for `kept`. */
  readonly label: string
  /** Who does it, where that is another process. */
  readonly worker: string | undefined
  /** With those kept. */
  readonly done: number
  readonly cached: number
  readonly failed: number
  readonly total: number
  /** An estimate from what is finished, undefined before anything is. */
  readonly secondsLeft: number | undefined
}
