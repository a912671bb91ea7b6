import { invariant } from '../../oracle-node/core/errors.ts'
import { COMBINATIONS, GARCH_PEER, HAR_PEER, isPeer, RISK_METRICS } from '../training/candidates.ts'
import { type Bar, barsOf } from './bars.ts'
import { type AssetResult, type AssetRows, assetResult, assetRows, confidenceSets, isCounted } from './by-asset.ts'
import { type CrisisResult, crisisResults } from './crises.ts'
import { combined, type Panel, withConformal } from './panel.ts'
import { type Difference, differenceOf, GROUPS, type Group, PERIODS, type Pooled, pooledOf, rowsOf } from './pooled.ts'
import { type Scores, scoresOf } from './scores.ts'
import type { Forecasts, WalkProgress } from './walk.ts'

export type PooledResult = Pooled & {
  readonly group: Group
  readonly period: string
  /** In QLIKE, to the HAR and the EWMA(.94) of the peers. */
  readonly qlikeLessHar: Difference
  readonly qlikeLessEwma94: Difference
  /** To log-HAR, which the learned ones stand upon; nothing where it was not walked. */
  readonly qlikeLessLogHar?: Difference
  /** To HAR and GARCH, each with filtered historical simulation. */
  readonly fzLessHar: Difference
  readonly fzLessGarch: Difference
}

export type ModelResult = {
  readonly id: string
  readonly peer: boolean
  readonly pooled: readonly PooledResult[]
  readonly assets: ReadonlyMap<string, AssetResult & { readonly setP: number }>
  readonly crises: readonly CrisisResult[]
  /** A peer is what bars are measured by. */
  readonly bars: readonly Bar[]
}

export type WalkResult = {
  readonly panel: Panel
  readonly assets: readonly AssetRows[]
  readonly scores: ReadonlyMap<string, Scores>
  readonly models: readonly ModelResult[]
}

/** Every model that forecasts give: themselves, their means, and each but the peers with the conformal layer. */
export function modelsOf(panel: Panel, forecasts: readonly Forecasts[]): Forecasts[] {
  const means = COMBINATIONS.flatMap(({ id, of }) => {
    const members = of.flatMap((member) => forecasts.find((each) => each.id === member) ?? [])
    return members.length === of.length ? [combined(id, members)] : []
  })
  const plain = [...forecasts, ...means]
  return [...plain, ...plain.filter(({ id }) => !isPeer(id)).map((each) => withConformal(panel, each))]
}

/**
 * All figures of a walk-forward, from forecasts of the panel's days.
 * @throws {InvariantError} when a peer is not among them.
 */
export function evaluateWalk(
  panel: Panel,
  forecasts: readonly Forecasts[],
  onProgress: WalkProgress = () => undefined,
): WalkResult {
  const models = modelsOf(panel, forecasts)
  const scores = new Map(models.map((model) => [model.id, scoresOf(panel, model)]))
  const assets = assetRows(panel)
  // The conformal layer leaves volatility as it is: two of the same would count double.
  const plain = [...scores.values()].filter(({ id }) => !isStretched(id))
  const sets = confidenceSets(plain, assets.filter(isCounted))
  const peers = {
    har: required(scores, HAR_PEER),
    garch: required(scores, GARCH_PEER),
    riskMetrics: required(scores, RISK_METRICS),
    logHar: scores.get(LOG_HAR),
  }
  const results = [...scores.values()].map((model, index): ModelResult => {
    onProgress(index, scores.size, model.id)
    const byAsset = new Map(assets.map((each) => [each.asset, assetResult(panel, model, each)]))
    const setP = new Map(assets.map(({ asset }) => [asset, sets.get(asset)?.get(plainId(model.id)) ?? Number.NaN]))
    return {
      id: model.id,
      peer: isPeer(model.id),
      pooled: pooledResults(panel, model, peers),
      assets: new Map([...byAsset].map(([asset, each]) => [asset, { ...each, setP: setP.get(asset) ?? Number.NaN }])),
      crises: crisisResults(panel, model),
      bars: isPeer(model.id) ? [] : barsOf({ panel, assets, model, results: byAsset, setP, peers }),
    }
  })
  onProgress(scores.size, scores.size, 'done')
  return { panel, assets, scores, models: results }
}

/** What models are measured against; log-HAR where it was walked. */
type Peers = {
  readonly har: Scores
  readonly garch: Scores
  readonly riskMetrics: Scores
  readonly logHar: Scores | undefined
}

function pooledResults(panel: Panel, model: Scores, peers: Peers): PooledResult[] {
  return PERIODS.flatMap(({ name, ...period }) =>
    GROUPS.flatMap((group) => {
      const rows = rowsOf(panel, group, period)
      if (rows.length === 0) return []
      return {
        group,
        period: name,
        ...pooledOf(panel, model, rows),
        qlikeLessHar: differenceOf(panel, { of: model.qlike, against: peers.har.qlike }, rows),
        qlikeLessEwma94: differenceOf(panel, { of: model.qlike, against: peers.riskMetrics.qlike }, rows),
        ...(peers.logHar && {
          qlikeLessLogHar: differenceOf(panel, { of: model.qlike, against: peers.logHar.qlike }, rows),
        }),
        fzLessHar: differenceOf(panel, { of: model.fz, against: peers.har.fz }, rows),
        fzLessGarch: differenceOf(panel, { of: model.fz, against: peers.garch.fz }, rows),
      }
    }),
  )
}

const LOG_HAR = 'log-har'
const STRETCHED = ' + conformal'

export function isStretched(id: string): boolean {
  return id.endsWith(STRETCHED)
}

function plainId(id: string): string {
  return isStretched(id) ? id.slice(0, -STRETCHED.length) : id
}

function required(scores: ReadonlyMap<string, Scores>, id: string): Scores {
  const found = scores.get(id)
  invariant(found !== undefined, `a walk-forward is measured against ${id}, which is not among its models`)
  return found
}
