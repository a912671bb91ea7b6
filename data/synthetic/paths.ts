import exp from '@stdlib/math-base-special-exp'
import ln from '@stdlib/math-base-special-ln'
import type { Calibration, SimulatedAsset } from './calibration.ts'
import { type Random, seededRandom } from './random.ts'

/** An asset's fair price in USD at the end of each minute, and each hour's variance relative to the long run's. */
export type Path = { readonly minutes: Float64Array; readonly heat: Float64Array }

const MINUTES = 60
/** GARCH with jumps has no upper bound; markets halt before a variance of a hundred times the usual. */
const HEAT_MAX = 100

/**
 * Fair prices of all assets: GARCH(1,1) by the hour, its shocks normal but for jumps, spread over sixty minutes with each jump in
 * one of them. BTC and ETH shocks are correlated; a stablecoin is drawn back to 1 USD.
 */
export function simulatePaths(calibration: Calibration, seed: string, hours: number): Record<SimulatedAsset, Path> {
  const market = shocksOf(calibration.assets.BTC, seededRandom(`${seed}:BTC`), hours)
  const own = shocksOf(calibration.assets.ETH, seededRandom(`${seed}:ETH`), hours)
  const rho = calibration.correlation
  const mixed = own.map((shock, minute) => rho * (market[minute] ?? 0) + Math.sqrt(1 - rho * rho) * shock)
  const pegged = (asset: 'USDC' | 'USDT'): Path =>
    pathOf(
      calibration.assets[asset],
      shocksOf(calibration.assets[asset], seededRandom(`${seed}:${asset}`), hours),
      hours,
    )
  return {
    BTC: pathOf(calibration.assets.BTC, market, hours),
    ETH: pathOf(calibration.assets.ETH, mixed, hours),
    USDC: pegged('USDC'),
    USDT: pegged('USDT'),
  }
}

/** Shocks by the minute whose sixty add up to one hour's of variance 1. */
function shocksOf({ jump }: Calibration['assets']['BTC'], random: Random, hours: number): Float64Array {
  const shocks = new Float64Array(hours * MINUTES)
  const quiet = Math.sqrt((1 - jump.rate * jump.variance) / MINUTES)
  for (let hour = 0; hour < hours; hour++) {
    for (let minute = 0; minute < MINUTES; minute++) shocks[hour * MINUTES + minute] = quiet * random.normal()
    if (random.uniform() >= jump.rate) continue
    const at = hour * MINUTES + Math.floor(random.uniform() * MINUTES)
    shocks[at] = (shocks[at] ?? 0) + Math.sqrt(jump.variance) * random.normal()
  }
  return shocks
}

function pathOf(asset: Calibration['assets']['BTC'], shocks: Float64Array, hours: number): Path {
  const { alpha, beta, variance } = asset.garch
  const minutes = new Float64Array(hours * MINUTES)
  const heat = new Float64Array(hours)
  // Towards ln 1 = 0; an asset without a peg remembers all.
  const memory = asset.pegMemory === 1 ? 1 : exp(ln(asset.pegMemory) / MINUTES)
  let log = ln(asset.startPrice)
  let now = variance
  for (let hour = 0; hour < hours; hour++) {
    heat[hour] = now / variance
    const before = log
    const scale = Math.sqrt(now)
    for (let minute = hour * MINUTES; minute < (hour + 1) * MINUTES; minute++) {
      log = log * memory + scale * (shocks[minute] ?? 0)
      minutes[minute] = exp(log)
    }
    const move = log - before
    now = Math.min(HEAT_MAX * variance, (1 - alpha - beta) * variance + alpha * move * move + beta * now)
  }
  return { minutes, heat }
}
