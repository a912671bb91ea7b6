import { invariant } from '../../oracle-node/core/errors.ts'
import { binomialCumulative } from './distributions.ts'

export type TrafficZone = 'green' | 'yellow' | 'red'

/** The zones' borders as cumulative probabilities, and the year of trading days that the Committee looks at. */
const YELLOW_FROM = 0.95
const RED_FROM = 0.9999
const WINDOW_DAYS = 250

/** Days forecast and the share of them expected beyond; 1 % (a 99 % value at risk) unless told. */
type Window = { readonly days: number; readonly expectedShare?: number }

/**
 * The Basel Committee's traffic light (1996, "Supervisory framework for the use of backtesting in conjunction with the internal models
 * approach"): yellow from the number of exceedances at which P(X ≤ x) reaches 95 % for a right model, red from 99.99 %. Of 250 days: green
 * to 4, yellow to 9, red from 10. Too few exceedances are green.
 */
export function trafficLight(parts: Window & { readonly exceedances: number }): TrafficZone {
  const { days, exceedances } = parts
  invariant(
    Number.isInteger(exceedances) && exceedances >= 0 && exceedances <= days,
    `${exceedances} exceedances in ${days} days`,
  )
  return zoneOf(exceedances, zoneStarts(parts))
}

export type RollingTrafficLight = {
  /** Windows looked at: one for every day with enough days up to it. */
  readonly windows: number
  readonly greenShare: number
  readonly worst: TrafficZone
}

/**
 * The light as a supervisor would have seen it day by day: of each day's trailing window. A model that is green over all its history may have
 * been red in the crisis.
 * @param exceeded whether each day, in order, was beyond its forecast.
 */
export function rollingTrafficLight(
  exceeded: readonly boolean[],
  { days, expectedShare }: Partial<Window> = {},
): RollingTrafficLight {
  const windowDays = days ?? WINDOW_DAYS
  const starts = zoneStarts({ days: windowDays, ...(expectedShare === undefined ? {} : { expectedShare }) })
  invariant(exceeded.length >= windowDays, `a window of ${windowDays} days needs as many, got ${exceeded.length}`)
  let inWindow = 0
  let green = 0
  let most = 0
  for (const [day, hit] of exceeded.entries()) {
    if (hit) inWindow++
    if (exceeded[day - windowDays]) inWindow--
    if (day < windowDays - 1) continue
    if (inWindow < starts.yellow) green++
    most = Math.max(most, inWindow)
  }
  const windows = exceeded.length - windowDays + 1
  return { windows, greenShare: green / windows, worst: zoneOf(most, starts) }
}

type ZoneStarts = { readonly yellow: number; readonly red: number }

/** The least numbers of exceedances that are yellow and red. None at all is green, which the rule alone would deny to a window under six days. */
function zoneStarts({ days, expectedShare = 0.01 }: Window): ZoneStarts {
  invariant(Number.isInteger(days) && days > 0, `a window has whole days, got ${days}`)
  invariant(expectedShare > 0 && expectedShare < 1, `an expected share is between 0 and 1, got ${expectedShare}`)
  let yellow = 0
  let red = 0
  for (const cumulative of binomialCumulative(days, expectedShare)) {
    if (cumulative >= RED_FROM) break
    red++
    if (cumulative < YELLOW_FROM) yellow++
  }
  return { yellow: Math.max(1, yellow), red: Math.max(1, red) }
}

function zoneOf(exceedances: number, { yellow, red }: ZoneStarts): TrafficZone {
  if (exceedances >= red) return 'red'
  return exceedances >= yellow ? 'yellow' : 'green'
}
