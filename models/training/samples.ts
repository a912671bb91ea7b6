/** Samples of one asset overlap in 18 of 24 hours of label: more would add time and little knowledge. */
export const STEP_HOURS = 6
/** A peg that died: no return before it told of it, and its losses would set every mean. Shown in the card, not fitted. */
export const NOT_FITTED: ReadonlySet<string> = new Set(['UST'])
