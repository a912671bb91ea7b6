/** What a node forecasts with: ADR 0014 says by which figures it was chosen. */
export const DEFAULT_RISK = 'log-har-trees'
/** The default is their equal-weight mean. */
export const DEFAULT_OF: readonly string[] = ['log-har', 'trees']
