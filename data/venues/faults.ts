/** How a venue can fail, one at a time. The first six reach every answer of the venue, the others its candles and books. */
export const VENUE_FAULTS = [
  'garbage',
  'wrong-shape',
  'silent',
  'http-429',
  'http-500',
  'huge',
  'empty',
  'old',
  'crossed-book',
  'off-by-10',
] as const
export type VenueFaultKind = (typeof VENUE_FAULTS)[number]

/** How far behind a venue with the fault `old` stands. */
export const OLD_SECONDS: number = 6 * 3_600
/** What a venue with the fault `huge` sends at most, unless its client hangs up. */
export const HUGE_BYTES: number = 80 * 1_024 * 1_024
