import { candidateOf, walkCell } from '../../../backtests/forecast/grid.ts'
import { type SplitPlan, splitsOf, testedRows } from '../../../backtests/forecast/splits.ts'
import { candidates } from '../../../models/training/candidates.ts'
import { barsOf, marketFeatures, type Sample, samplesOf } from '../../../models/training/dataset.ts'
import { MARKET_SERIES, type Series } from '../../../models/training/series.ts'
import { median } from '../../../oracle-node/core/stats.ts'
import { print, type Spent, spentOn } from './child.ts'

/** BTC before the recordings that the market's features are made of. */
const COINBASE_2018: Series = {
  asset: 'market',
  kind: 'volatile',
  file: 'ohlcv/multivenue_1h/coinbase_BTCUSD_1h_20180601_20191017.csv.gz',
  until: Date.parse('2019-01-01T00:00:00Z') / 1_000,
}
const YEAR_DAYS = 365
/** The first has code that was never run before. */
const RUNS = 7

export type WalkForwardTime = {
  readonly runs: number
  /** On the clock, and of the processor, which other processes take nothing from. */
  readonly median: Spent
  readonly best: Spent
  readonly first: Spent
  /** Of the fastest run, by model. */
  readonly secondsByModel: Readonly<Record<string, number>>
  readonly models: number
  /** Days with features and an outcome, and those of them that are forecast. */
  readonly days: number
  readonly tested: number
  readonly refits: number
}

export type WalkForwardBench = {
  /** All of the past at each yearly refit, the first after a year. */
  readonly expanding: WalkForwardTime
  /** The last two years at each. */
  readonly rolling: WalkForwardTime
}

const PLANS = {
  expanding: { kind: 'expanding', trainDays: YEAR_DAYS, refitEveryDays: YEAR_DAYS },
  rolling: { kind: 'rolling', windowDays: 2 * YEAR_DAYS, refitEveryDays: YEAR_DAYS },
} as const satisfies Record<keyof WalkForwardBench, SplitPlan>

/** BTC by day since 2018, features worked out once: they are the same for every model. */
function bitcoinDays(dataFolder: string): Sample[] {
  const bars = [COINBASE_2018, ...MARKET_SERIES].flatMap((series) => barsOf(series, dataFolder))
  return samplesOf({ asset: 'BTC', kind: 'volatile', file: '' }, bars, 24, marketFeatures(bars))
}

type Run = Spent & { readonly secondsByModel: Record<string, number> }

/** Fits and forecasts of every model but those that take minutes, over all of BTC's days in one thread. */
async function timeWalkForward(samples: readonly Sample[], plan: SplitPlan): Promise<WalkForwardTime> {
  const splits = splitsOf(samples, plan)
  const ids = candidates().flatMap(({ id, slow }) => (slow === true ? [] : [id]))
  const runs: Run[] = []
  for (let run = 0; run < RUNS; run++) {
    const secondsByModel: Record<string, number> = {}
    const whole = await spentOn(async () => {
      for (const id of ids) {
        const { seconds } = await spentOn(() => walkCell({ candidate: candidateOf(id), folds: splits.folds }))
        secondsByModel[id] = seconds
      }
    })
    runs.push({ ...whole, secondsByModel })
  }
  const { secondsByModel, ...best } = runs.reduce((a, b) => (b.seconds < a.seconds ? b : a))
  const medianOf = (name: keyof Spent): number => median(runs.map((each) => each[name]))
  return {
    runs: RUNS,
    median: { seconds: medianOf('seconds'), processorSeconds: medianOf('processorSeconds') },
    best,
    first: { seconds: runs[0]?.seconds ?? Number.NaN, processorSeconds: runs[0]?.processorSeconds ?? Number.NaN },
    secondsByModel,
    models: ids.length,
    days: samples.length,
    tested: testedRows(splits).length,
    refits: splits.folds.length,
  }
}

if (import.meta.main) {
  const samples = bitcoinDays(process.argv[2] ?? '')
  print({
    expanding: await timeWalkForward(samples, PLANS.expanding),
    rolling: await timeWalkForward(samples, PLANS.rolling),
  } satisfies WalkForwardBench)
}
