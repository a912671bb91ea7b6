/** How far a run is. `secondsLeft` is absent while nothing is known. */
export type RunProgress = {
  readonly stage: string
  readonly done: number
  readonly total: number
  readonly label: string
  readonly secondsLeft?: number | undefined
}
export type OnRunProgress = (progress: RunProgress) => void
