import { barsOf, marketFeatures, type Sample, samplesOf } from '../training/dataset.ts'
import { NOT_FITTED, STEP_HOURS } from '../training/samples.ts'
import { MARKET_SERIES, SERIES, type Series } from '../training/series.ts'
import { expandingFolds, type Fold, halfYears } from '../training/walk-forward.ts'
import { secondsOf } from './crises.ts'
import { DAY_SECONDS } from './panel.ts'
import type { WalkProgress } from './walk.ts'

/** The depeg, when the venue of the other recordings had no such pair; its own begin a day after this one's last label. */
const DEPEG: Series = {
  asset: 'USDC-kraken',
  kind: 'stable',
  file: 'ohlcv/multivenue_1m_2023-03/kraken_USDCUSD_1m_20230301_20230321.csv.gz',
  until: secondsOf('2023-03-19'),
}
/** Both are tested, not fitted: one such series would set the floors and tails of every peg, of which a handful were recorded. */
const NOT_WALKED_INTO = new Set([...NOT_FITTED, DEPEG.asset])
/** Before March 2020 there would be a year of two assets to fit on; from then on refits are half-yearly. */
const FIRST_REFIT = '2020-03-01'
const HALF_YEARS = { from: '2020-07-01', until: '2026-06-01' }

/**
 * The folds of the walk-forward over the recorded data.
 * @throws {Error} that says where the recording was sought when it is absent.
 */
export function recordedFolds(dataFolder: string, onProgress: WalkProgress = () => undefined): Fold[] {
  const marketAt = marketFeatures(MARKET_SERIES.flatMap((series) => barsOf(series, dataFolder)))
  const all = [...SERIES, DEPEG]
  const samples = all.flatMap((series, index): Sample[] => {
    onProgress(index, all.length, `features of ${series.asset}`)
    return samplesOf(series, barsOf(series, dataFolder), STEP_HOURS, marketAt)
  })
  onProgress(all.length, all.length, 'features')
  return expandingFolds(samples, {
    refits: [secondsOf(FIRST_REFIT), ...halfYears(HALF_YEARS.from, HALF_YEARS.until)],
    isFitted: ({ asset }) => !NOT_WALKED_INTO.has(asset),
    // A day without any move has no logarithm of variance; they are few and only of pegs, and are left out for every model alike.
    isTested: ({ time, realized }) => time % DAY_SECONDS === 0 && realized > 0,
  }).filter(({ test }) => test.length > 0)
}
