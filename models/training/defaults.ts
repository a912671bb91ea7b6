/** What a node forecasts with, by the walk-forward on data before 2024: see ADR 0014. */
export const DEFAULT_RISK = 'log-har-trees'
/** The default is their equal-weight mean. */
export const DEFAULT_OF: readonly string[] = ['log-har', 'trees']
