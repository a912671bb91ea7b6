import { isoTime } from '../../data/history/time-format.ts'
import { SECONDS_PER_HOUR } from '../../oracle-node/core/units.ts'
import { type MarketPath, POINT_SECONDS, POINTS_PER_HOUR } from '../lending/market.ts'
import type { Series } from '../series.ts'
import { type PushCost, pushCost } from './push-cost.ts'

/** The price falls between two points with no trade between, and gains back a share of the fall over some hours, evenly. */
export type Gap = {
  readonly kind: 'gap'
  /** Unix seconds of the first point after the fall. */
  readonly at: number
  /** Of the price before: .3 is 30 %. */
  readonly fall: number
  /** Of the fall; 0 stays down, 1 comes all the way back. */
  readonly recover: number
  readonly recoverHours: number
}

/** What can be sold shrinks to a share of what it was, stays there, and comes back evenly. */
export type DepthCollapse = {
  readonly kind: 'depth-collapse'
  readonly at: number
  readonly hours: number
  readonly factor: number
  /** At once when absent. */
  readonly recoverHours?: number
}

/** No node sees the market: all abstain, and the market's oracle stays at its last price. */
export type VenueOutage = { readonly kind: 'venue-outage'; readonly at: number; readonly hours: number }

/** Someone moves what the market's oracle reads, such as a thin pool, and holds it there; the price elsewhere is what it was. */
export type OracleManipulation = {
  readonly kind: 'oracle-manipulation'
  readonly at: number
  readonly minutes: number
  /** Of the price: .5 is up by a half, −.5 down by a half. */
  readonly move: number
}

export type Stress = Gap | DepthCollapse | VenueOutage | OracleManipulation

/** Seconds from an hour's open to its close, as a path has them. */
const LAST_POINT = (POINTS_PER_HOUR - 1) * POINT_SECONDS

export type Push = PushCost & { readonly at: number; readonly move: number }

export type StressedPath = {
  readonly path: MarketPath
  /** By point: 1 where no node can judge. */
  readonly silent: Uint8Array
  /** What each manipulation would have cost, given the depth then. */
  readonly pushes: readonly Push[]
}

/**
 * A market's path under stress, each kind on top of those before it. The path that is given stays as it is.
 *
 * Without `oracleOf` the market's oracle follows a gap one point late, as any that updates on deviation would; with it, the oracle's
 * price after each gap is what `oracleOf` makes of the path.
 * @throws {RangeError} that names the stress, its place in the list and the field.
 */
export function stressPath(
  path: MarketPath,
  stresses: readonly Stress[],
  oracleOf?: (path: MarketPath) => Float64Array,
): StressedPath {
  let state: StressedPath = { path, silent: new Uint8Array(path.priceUsd.length), pushes: [] }
  for (const [index, stress] of stresses.entries()) {
    checkStress(stress, `stress ${index + 1} (${stress.kind})`)
    checkTime(stress.at, path, `stress ${index + 1} (${stress.kind})`)
    state = applied(state, stress, oracleOf)
  }
  return state
}

/** The same gaps as nodes see them in a market's hours, whose features follow from these. Volumes stay. @throws {RangeError} */
export function stressSeries(series: Series, stresses: readonly Stress[]): Series {
  let { open, high, low, close } = series
  for (const [index, stress] of stresses.entries()) {
    const where = `stress ${index + 1} (${stress.kind})`
    checkStress(stress, where)
    if (stress.kind !== 'gap') continue
    if (stress.at % SECONDS_PER_HOUR !== 0) throw fault(where, 'at', isoTime(stress.at), 'a full hour')
    const atOpen = (hour: number): number => gapFactor(stress, series.from + hour * SECONDS_PER_HOUR)
    const atClose = (hour: number): number => gapFactor(stress, series.from + hour * SECONDS_PER_HOUR + LAST_POINT)
    open = open.map((price, hour) => price * atOpen(hour))
    high = high.map((price, hour) => price * Math.max(atOpen(hour), atClose(hour)))
    low = low.map((price, hour) => price * Math.min(atOpen(hour), atClose(hour)))
    close = close.map((price, hour) => price * atClose(hour))
  }
  return { ...series, open, high, low, close }
}

function applied(state: StressedPath, stress: Stress, oracleOf?: (path: MarketPath) => Float64Array): StressedPath {
  switch (stress.kind) {
    case 'gap':
      return { ...state, path: withGap(state.path, stress, oracleOf) }
    case 'depth-collapse':
      return { ...state, path: withDepth(state.path, stress) }
    case 'venue-outage':
      return withOutage(state, stress)
    case 'oracle-manipulation':
      return withPush(state, stress)
  }
}

function withGap(path: MarketPath, gap: Gap, oracleOf?: (path: MarketPath) => Float64Array): MarketPath {
  const factorAt = (point: number): number => gapFactor(gap, timeOf(path, point))
  const priceUsd = path.priceUsd.map((price, point) => price * factorAt(point))
  if (oracleOf !== undefined) return { ...path, priceUsd, oraclePriceUsd: oracleOf({ ...path, priceUsd }) }
  return { ...path, priceUsd, oraclePriceUsd: path.oraclePriceUsd.map((price, point) => price * factorAt(point - 1)) }
}

function gapFactor({ at, fall, recover, recoverHours }: Gap, time: number): number {
  if (time < at || fall === 0) return 1
  const share = recoverHours === 0 ? 0 : Math.min(1, (time - at) / (recoverHours * SECONDS_PER_HOUR))
  return 1 - fall * (1 - recover * share)
}

function withDepth(path: MarketPath, { at, hours, factor, recoverHours = 0 }: DepthCollapse): MarketPath {
  const end = at + hours * SECONDS_PER_HOUR
  const depthUsd = path.depthUsd.map((depth, point) => {
    const time = timeOf(path, point)
    if (time < at || time >= end + recoverHours * SECONDS_PER_HOUR) return depth
    if (time < end) return depth * factor
    return depth * (factor + ((1 - factor) * (time - end)) / (recoverHours * SECONDS_PER_HOUR))
  })
  return { ...path, depthUsd }
}

function withOutage({ path, silent, pushes }: StressedPath, { at, hours }: VenueOutage): StressedPath {
  const isOut = window(path, at, hours * SECONDS_PER_HOUR)
  const last = path.oraclePriceUsd[Math.max(0, pointOf(path, at) - 1)] ?? Number.NaN
  return {
    path: { ...path, oraclePriceUsd: path.oraclePriceUsd.map((price, point) => (isOut(point) ? last : price)) },
    silent: silent.map((before, point) => (isOut(point) ? 1 : before)),
    pushes,
  }
}

function withPush({ path, silent, pushes }: StressedPath, { at, minutes, move }: OracleManipulation): StressedPath {
  const isPushed = window(path, at, minutes * 60)
  const oraclePriceUsd = path.oraclePriceUsd.map((price, point) => (isPushed(point) ? price * (1 + move) : price))
  const cost = pushCost(path.depthUsd[pointOf(path, at)] ?? Number.NaN, move)
  return { path: { ...path, oraclePriceUsd }, silent, pushes: [...pushes, { at, move, ...cost }] }
}

function timeOf(path: MarketPath, point: number): number {
  return path.from + point * POINT_SECONDS
}

function pointOf(path: MarketPath, time: number): number {
  return (time - path.from) / POINT_SECONDS
}

/** Points in [at, at + seconds), at least one. */
function window(path: MarketPath, at: number, seconds: number): (point: number) => boolean {
  const first = pointOf(path, at)
  const end = first + Math.max(1, Math.ceil(seconds / POINT_SECONDS))
  return (point) => point >= first && point < end
}

function checkTime(at: number, { asset, from, priceUsd }: MarketPath, where: string): void {
  const end = from + priceUsd.length * POINT_SECONDS
  if (Number.isSafeInteger(at) && at >= from && at < end && (at - from) % POINT_SECONDS === 0) return
  const needed = `a quarter of an hour from ${isoTime(from)} to before ${isoTime(end)}, the path of ${asset}`
  throw fault(where, 'at', isoTime(at), needed)
}

/** Hours that a stress may last: a month. */
const HOURS_MAX = 720
const MOVE_MIN = -0.95
const MOVE_MAX = 10

function checkStress(stress: Stress, where: string): void {
  const check = (field: string, value: number, isFine: boolean, needed: string): void => {
    if (!isFine) throw fault(where, field, `${value}`, needed)
  }
  const isIn = (value: number, from: number, to: number): boolean => value >= from && value <= to
  const checkHours = (field: string, value: number): void =>
    check(field, value, value > 0 && value <= HOURS_MAX, `hours above 0, at most ${HOURS_MAX}`)
  switch (stress.kind) {
    case 'gap':
      check('fall', stress.fall, stress.fall >= 0 && stress.fall < 1, 'a ratio from 0 to below 1')
      check('recover', stress.recover, isIn(stress.recover, 0, 1), 'a ratio from 0 to 1')
      check('recoverHours', stress.recoverHours, isIn(stress.recoverHours, 0, HOURS_MAX), `hours, 0 to ${HOURS_MAX}`)
      check('recoverHours', stress.recoverHours, stress.recover === 0 || stress.recoverHours > 0, 'above 0 to recover')
      return
    case 'depth-collapse':
      checkHours('hours', stress.hours)
      check('factor', stress.factor, isIn(stress.factor, 0, 1), 'a ratio from 0 to 1')
      check('recoverHours', stress.recoverHours ?? 0, isIn(stress.recoverHours ?? 0, 0, HOURS_MAX), '0 to 720 hours')
      return
    case 'venue-outage':
      checkHours('hours', stress.hours)
      return
    case 'oracle-manipulation':
      check('minutes', stress.minutes, stress.minutes > 0 && stress.minutes <= 1_440, 'minutes above 0, at most 1440')
      check('move', stress.move, isIn(stress.move, MOVE_MIN, MOVE_MAX), `a ratio from ${MOVE_MIN} to ${MOVE_MAX}`)
  }
}

function fault(where: string, field: string, given: string, needed: string): RangeError {
  return new RangeError(`${where}: ${field} is ${given}; ${needed} was needed`)
}
