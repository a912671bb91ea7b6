/** Boundaries and margins, unix seconds and seconds. */
export type SplitPlan = {
  readonly validationStart: number
  readonly testStart: number
  /** How far a label reaches ahead of its sample. */
  readonly horizonSeconds: number
  /** How far features reach back. */
  readonly embargoSeconds: number
}

export type Part = 'train' | 'validation' | 'test'

/**
 * Splits samples by time, purged and embargoed (López de Prado 2018, chapter 7): no label of one part reaches into the next,
 * and no feature of a part is made of another part's hours.
 */
export function splitByTime<T extends { readonly time: number }>(
  samples: readonly T[],
  plan: SplitPlan,
): Record<Part, T[]> {
  const { validationStart, testStart, horizonSeconds, embargoSeconds } = plan
  const within = (from: number, until: number): T[] =>
    samples.filter(({ time }) => time >= from && time + horizonSeconds <= until)
  return {
    train: within(Number.NEGATIVE_INFINITY, validationStart),
    validation: within(validationStart + embargoSeconds, testStart),
    test: within(testStart + embargoSeconds, Number.POSITIVE_INFINITY),
  }
}
