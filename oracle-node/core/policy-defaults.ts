import { type Bounds, CAP_MAX, type Parameter, type PolicyConfig } from './policy.ts'

/** The formulae's constants for every asset. */
export const DEFAULT_POLICY: PolicyConfig = {
  // Aave's own distance for its large collaterals is 250 to 500 bps; the smaller one, since the threshold moves by itself here.
  bufferBps: 250,
  // An assumption, not a measurement: a twentieth of all that may be supplied is sold within the time that books need to refill.
  liquidatedShareBps: 500,
  // The kink of the rate curve that deploy-aave.ts sets: past it, suppliers can't count on withdrawing.
  optimalUtilisationBps: 8_000,
  // A record's depth is what can be sold before the price falls 2 %.
  depthReferenceBps: 200,
  // Venues differed by 10 to 32 bps at the 99th percentile in March 2023; a percent is a broken market or a lying committee.
  doubtAboveBps: 100,
}

/** How the thresholds may move: fast down, slowly up. */
const THRESHOLD_STEPS = {
  // With the delay 6 % an hour at most, 4 % at a round a quarter of an hour: a borrower at the edge gets more than one warning.
  tightenStep: 100,
  // 0.25 % an hour at most: a calm day wins back 6 %, so one quiet hour can't be used to lever up.
  loosenStep: 25,
  // Limits by time what a committee that reports every second could take in steps.
  tightenDelay: 600,
  loosenDelay: 3_600,
  // A tenth of a percent is the noise of one committee's rounding and not worth a transaction.
  deadband: 10,
} as const

/** How the caps may move. They touch no open position, so they may move faster. */
const CAP_STEPS = {
  // A tenth of the cap a round down; the cap can halve in two hours.
  tightenStep: 1_000,
  loosenStep: 500,
  tightenDelay: 600,
  loosenDelay: 3_600,
  // Depth moves by some percent from round to round without meaning anything.
  deadband: 300,
} as const

/** Bounds for an asset by its market's first caps (whole tokens). No cap may grow past what Aave can store. */
export function defaultBounds(asset: {
  readonly supplyCap: number
  readonly borrowCap: number
}): Record<Parameter, Bounds> {
  return {
    // Below 37.5 % the collateral is as good as delisted, which is governance's to decide and not a formula's.
    ltv: { ...THRESHOLD_STEPS, floor: 3_750, ceiling: 8_500 },
    // The LTV's floor and the buffer. The ceiling keeps LT·(1 + bonus) under 0.93 for a bonus of 5 %.
    liquidationThreshold: { ...THRESHOLD_STEPS, floor: 4_000, ceiling: 8_800 },
    supplyCap: capBounds(asset.supplyCap),
    borrowCap: capBounds(asset.borrowCap),
  }
}

// A hundredth of the first cap keeps the market usable; twice of it is as far as depth alone may take it.
function capBounds(cap: number): Bounds {
  return { ...CAP_STEPS, floor: Math.ceil(cap / 100), ceiling: Math.min(cap * 2, CAP_MAX) }
}
