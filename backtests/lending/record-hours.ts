import { BPS } from '../../oracle-node/core/units.ts'
import type { MarketHours } from './market.ts'
import { debtOfAll, type Run } from './run.ts'
import { shortfallUsd } from './sunk.ts'

export function emptyHours(from: number, length: number): MarketHours {
  const column = (): Float64Array => new Float64Array(length)
  return {
    from,
    ltvBps: column(),
    liquidationThresholdBps: column(),
    supplyCap: column(),
    collateralUsd: column(),
    debtUsd: column(),
    capacityUsd: column(),
    demandUsd: column(),
    liquidatedUsd: column(),
    badDebtUsd: column(),
    equityUsd: column(),
  }
}

export function recordHour(hours: MarketHours, at: number, run: Run): void {
  const { current, now, totals } = run
  const collateralUsd = run.collateralTotal * now.priceUsd
  const badDebtUsd = totals.writtenOffUsd + shortfallUsd(run)
  hours.ltvBps[at] = current.ltvBps
  hours.liquidationThresholdBps[at] = current.liquidationThresholdBps
  hours.supplyCap[at] = current.supplyCap
  hours.collateralUsd[at] = collateralUsd
  hours.debtUsd[at] = debtOfAll(run) * now.debtPriceUsd
  hours.capacityUsd[at] = (collateralUsd * current.ltvBps) / BPS
  hours.demandUsd[at] = run.broughtTotal * now.priceUsd
  hours.liquidatedUsd[at] = run.liquidatedUsd
  hours.badDebtUsd[at] = badDebtUsd
  hours.equityUsd[at] = totals.earnedUsd - badDebtUsd
}
