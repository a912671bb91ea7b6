import { SECONDS_PER_DAY } from '../../oracle-node/core/market-rows.ts'
import type { LendingConfig } from '../config/lending-schema.ts'
import { aaveParameters } from '../lending/aave-parameters.ts'
import type { Period } from '../result.ts'
import { crisisOf, crisisPeriod } from '../scenarios/crises.ts'
import type { Stress } from '../scenarios/stress.ts'
import type { Data } from './load-data.ts'

export type LendingPeriod = Period & { readonly stress: readonly Stress[] }

/**
 * The periods of a config with their assets: those that it names, else all that the crisis is recorded for and whose parameters are known.
 * @throws {Error} that names the period: an unknown crisis or asset, or no asset at all.
 */
export function lendingPeriods(config: LendingConfig, data: Data): LendingPeriod[] {
  const periods = config.periods.map((period, index): LendingPeriod => {
    const where = `lending.periods.${index}`
    if (!('crisis' in period)) {
      const { id, title, from, to, stress } = period
      return {
        id,
        title,
        from: dayOf(from),
        to: dayOf(to),
        assets: known(period.assets, data, where),
        stress: stress.map(timed),
      }
    }
    const crisis = crisisOf(period.crisis)
    const named = period.assets === undefined ? undefined : known(period.assets, data, where)
    const assets = named ?? crisis.assets.filter((asset) => data.has(asset) && hasParameters(asset, config))
    const { beforeDays = config.beforeDays, afterDays = config.afterDays } = period
    return { ...crisisPeriod(crisis, { assets, beforeDays, afterDays }), stress: period.stress.map(timed) }
  })
  const run = new Set(periods.flatMap(({ assets }) => assets))
  const unused = Object.keys(config.markets).find((asset) => !run.has(asset))
  if (unused !== undefined) {
    throw new Error(
      `lending.markets names ${unused}, which is in no period; there are ${[...run].toSorted().join(', ')}`,
    )
  }
  for (const [index, period] of periods.entries()) checkStress(period, index, config.warmUpDays)
  const ids = periods.map(({ id }) => id)
  // Two windows of one crisis are two periods.
  const named = periods.map((period, index) => {
    const before = ids.slice(0, index).filter((id) => id === period.id).length
    return before === 0 ? period : { ...period, id: `${period.id}-${before + 1}` }
  })
  const twice = named.find(({ id }, index) => named.findIndex((each) => each.id === id) !== index)
  if (twice !== undefined) throw new Error(`lending.periods: two are called ${twice.id}; give each an id of its own`)
  return named
}

/** A stress outside of the hours that are run would change nothing, or all before them too. */
function checkStress({ from, to, stress }: LendingPeriod, index: number, warmUpDays: number): void {
  const start = from - warmUpDays * SECONDS_PER_DAY
  for (const [place, { at }] of stress.entries()) {
    if (at >= start && at < to) continue
    const iso = (time: number): string => new Date(time * 1_000).toISOString().slice(0, 16)
    throw new Error(
      `lending.periods.${index}.stress.${place}.at is ${iso(at)}; the period runs from ${iso(start)}, its warm-up included, to ${iso(to)}`,
    )
  }
}

function hasParameters(asset: string, { markets }: LendingConfig): boolean {
  return aaveParameters(asset) !== undefined || markets[asset]?.ltvBps !== undefined
}

function known(assets: readonly string[], data: Data, where: string): readonly string[] {
  const missing = assets.find((asset) => !data.has(asset))
  if (missing === undefined) return assets
  throw new Error(`${where}.assets: there are no data of ${missing}; known are ${data.assets.join(', ')}`)
}

function dayOf(text: string): number {
  return Date.parse(`${text}T00:00:00Z`) / 1_000
}

function timed({ at, ...stress }: LendingConfig['periods'][number]['stress'][number]): Stress {
  return { ...stress, at: Date.parse(at) / 1_000 }
}
