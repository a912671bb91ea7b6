import type { Interval } from '../../backtests/metrics/bootstrap.ts'
import { GARCH_PEER, HAR_PEER, RISK_METRICS } from '../training/candidates.ts'
import { type AssetResult, type AssetRows, CONFIDENCE, isCounted } from './by-asset.ts'
import type { Panel } from './panel.ts'
import { differenceOf, ratioOf, rowsOf } from './pooled.ts'
import type { Scores } from './scores.ts'

/** One thing that a model must do, and whether it does. */
export type Bar = {
  readonly bar: string
  readonly value: number
  readonly needed: string
  readonly reached: boolean
  /** 95 %. Of a share of assets it is Wilson's (1927), as if assets were independent; else by resampled days. */
  readonly interval: Interval
  readonly note?: string
}

export type BarInput = {
  readonly panel: Panel
  readonly assets: readonly AssetRows[]
  readonly model: Scores
  readonly results: ReadonlyMap<string, AssetResult>
  /** By asset, the model's p-value in the confidence set. */
  readonly setP: ReadonlyMap<string, number>
  readonly peers: { readonly har: Scores; readonly garch: Scores; readonly riskMetrics: Scores }
}

/** All assets of the panel, crises included; shares are of assets with enough days. */
export function barsOf(input: BarInput): Bar[] {
  return [qlikeBelowHar(input), inConfidenceSets(input), neverWorse(input), ...tailBars(input), fzBelowGarch(input)]
}

const DM_NEEDED = -1.96

function qlikeBelowHar({ panel, model, peers }: BarInput): Bar {
  const against = { of: model.qlike, against: peers.har.qlike }
  const { mean, interval, statistic } = differenceOf(panel, against, rowsOf(panel, 'all'))
  const volatile = differenceOf(panel, against, rowsOf(panel, 'volatile'))
  return {
    bar: `QLIKE less that of ${HAR_PEER}`,
    value: mean,
    needed: `below 0, Diebold-Mariano below ${DM_NEEDED}`,
    reached: mean < 0 && statistic < DM_NEEDED,
    interval,
    note: `DM ${statistic.toFixed(2)}; volatile assets alone ${volatile.mean.toFixed(4)}, DM ${volatile.statistic.toFixed(2)}`,
  }
}

function inConfidenceSets({ assets, setP }: BarInput): Bar {
  // As a sum, since 1 − 0.9 is not 0.1 in binary.
  const isIn = ({ asset }: AssetRows): boolean => (setP.get(asset) ?? 0) + CONFIDENCE >= 1
  return shareBar(assets, isIn, { bar: 'assets with it in the 90 % confidence set by QLIKE', needed: 0.8 })
}

const WORSE_MAX = 0.02

function neverWorse({ panel, assets, model, peers }: BarInput): Bar {
  const ratios = assets.filter(isCounted).map(({ asset, rows }) => ({
    asset,
    ...ratioOf(panel, { of: model.qlike, against: peers.riskMetrics.qlike }, rows),
  }))
  const worst = ratios.reduce((most, each) => (each.mean > most.mean ? each : most))
  const beyond = ratios.filter(({ mean }) => mean > 1 + WORSE_MAX).map(({ asset }) => asset)
  return {
    bar: `QLIKE over that of ${RISK_METRICS} less 1, on the worst asset`,
    value: worst.mean - 1,
    needed: `at most ${WORSE_MAX}`,
    reached: beyond.length === 0,
    interval: { low: worst.interval.low - 1, high: worst.interval.high - 1 },
    note: beyond.length === 0 ? worst.asset : `beyond it: ${beyond.join(', ')}`,
  }
}

function tailBars({ assets, results }: BarInput): Bar[] {
  const of = (pick: (result: AssetResult) => boolean) => (each: AssetRows) => {
    const result = results.get(each.asset)
    return result !== undefined && pick(result)
  }
  return [
    shareBar(
      assets,
      of(({ kupiecP, christoffersenP }) => kupiecP > 0.05 && christoffersenP > 0.05),
      { bar: 'assets with Kupiec and Christoffersen p above .05', needed: 0.85 },
    ),
    shareBar(
      assets,
      of(({ light }) => light === 'green'),
      { bar: 'assets with a green traffic light over all days', needed: 0.95 },
    ),
  ]
}

function fzBelowGarch({ panel, model, peers }: BarInput): Bar {
  const against = { of: model.fz, against: peers.garch.fz }
  const { mean, interval, statistic } = differenceOf(panel, against, rowsOf(panel, 'all'))
  const volatile = differenceOf(panel, against, rowsOf(panel, 'volatile'))
  return {
    bar: `FZ0 less that of ${GARCH_PEER}`,
    value: mean,
    needed: 'below 0',
    reached: mean < 0,
    interval,
    note: `DM ${statistic.toFixed(2)}; volatile assets alone ${volatile.mean.toFixed(4)}, DM ${volatile.statistic.toFixed(2)}`,
  }
}

function shareBar(
  assets: readonly AssetRows[],
  passes: (asset: AssetRows) => boolean,
  { bar, needed }: { readonly bar: string; readonly needed: number },
): Bar {
  const counted = assets.filter(isCounted)
  const failing = counted.filter((each) => !passes(each)).map(({ asset }) => asset)
  const share = (counted.length - failing.length) / counted.length
  return {
    bar,
    value: share,
    needed: `at least ${needed}`,
    reached: share >= needed,
    interval: wilson(counted.length - failing.length, counted.length),
    note: `${counted.length - failing.length} of ${counted.length}${failing.length === 0 ? '' : `; not ${failing.join(', ')}`}`,
  }
}

/** The 95 % score interval of a share. */
export function wilson(passing: number, of: number): Interval {
  const z = 1.959964
  const share = passing / of
  const center = share + (z * z) / (2 * of)
  const half = z * Math.sqrt((share * (1 - share)) / of + (z * z) / (4 * of * of))
  const scale = 1 + (z * z) / of
  return { low: Math.max(0, (center - half) / scale), high: Math.min(1, (center + half) / scale) }
}
