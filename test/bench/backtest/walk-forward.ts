import { candidateOf, walkCell } from '../../../backtests/forecast/grid.ts'
import { type SplitPlan, splitsOf, testedRows } from '../../../backtests/forecast/splits.ts'
import { candidates } from '../../../models/training/candidates.ts'
import { barsOf, marketFeatures, type Sample, samplesOf } from '../../../models/training/dataset.ts'
import { MARKET_SERIES, type Series } from '../../../models/training/series.ts'

/** BTC before the recordings that the market's features are made of. */
const COINBASE_2018: Series = {
  asset: 'market',
  kind: 'volatile',
  file: 'ohlcv/multivenue_1h/coinbase_BTCUSD_1h_20180601_20191017.csv.gz',
  until: Date.parse('2019-01-01T00:00:00Z') / 1_000,
}
const YEAR_DAYS = 365
/** The first has code that was never run before. */
const RUNS = 3

export type WalkForwardTime = {
  /** Of the fastest run: on the clock, and of the processor, which other processes take nothing from. */
  readonly seconds: number
  readonly processorSeconds: number
  readonly firstSeconds: number
  readonly models: number
  /** Days with features and an outcome, and those of them that are forecast. */
  readonly days: number
  readonly tested: number
  readonly refits: number
}

/** BTC by day since 2018, features worked out once: they are the same for every model. */
export function bitcoinDays(dataFolder: string): Sample[] {
  const bars = [COINBASE_2018, ...MARKET_SERIES].flatMap((series) => barsOf(series, dataFolder))
  return samplesOf({ asset: 'BTC', kind: 'volatile', file: '' }, bars, 24, marketFeatures(bars))
}

/** All of the past at each yearly refit, the first after a year. */
export const EXPANDING: SplitPlan = { kind: 'expanding', trainDays: YEAR_DAYS, refitEveryDays: YEAR_DAYS }
/** The last two years at each. */
export const ROLLING: SplitPlan = { kind: 'rolling', windowDays: 2 * YEAR_DAYS, refitEveryDays: YEAR_DAYS }

/** Fits and forecasts of every model but those that take minutes, over all of BTC's days in one thread. */
export async function timeWalkForward(samples: readonly Sample[], plan: SplitPlan): Promise<WalkForwardTime> {
  const splits = splitsOf(samples, plan)
  const ids = candidates().flatMap(({ id, slow }) => (slow === true ? [] : [id]))
  const runs: { readonly seconds: number; readonly processorSeconds: number }[] = []
  for (let run = 0; run < RUNS; run++) {
    const [began, used] = [performance.now(), process.cpuUsage()]
    for (const id of ids) await walkCell({ candidate: candidateOf(id), folds: splits.folds })
    const { user, system } = process.cpuUsage(used)
    runs.push({ seconds: (performance.now() - began) / 1_000, processorSeconds: (user + system) / 1e6 })
  }
  return {
    seconds: Math.min(...runs.map(({ seconds }) => seconds)),
    processorSeconds: Math.min(...runs.map(({ processorSeconds }) => processorSeconds)),
    firstSeconds: runs[0]?.seconds ?? Number.NaN,
    models: ids.length,
    days: samples.length,
    tested: testedRows(splits).length,
    refits: splits.folds.length,
  }
}
