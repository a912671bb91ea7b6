import { ewmaModelOutputs } from '../baselines/ewma.ts'
import { garchOutputs } from '../baselines/garch-window.ts'
import { harOutputs } from '../baselines/har.ts'
import { historicalOutputs } from '../baselines/historical.ts'
import { logHarOutputs } from '../baselines/log-har.ts'
import { challengerCandidates } from './challengers/candidates.ts'
import type { Sample } from './dataset.ts'
import { DEFAULT_OF, DEFAULT_RISK } from './defaults.ts'
import { fitLogHar } from './fit-log-har.ts'
import { fitLimits } from './fit-multipliers.ts'
import { fitEwma, fitGarchModel, fitHar } from './fit-risk.ts'
import { garchPeer, harPeer } from './peers.ts'
import type { Candidate } from './walk-forward.ts'

/** What ours are measured against: one model an asset. */
export const HAR_PEER = 'HAR an asset, daily'
export const GARCH_PEER = 'GARCH-FHS an asset, daily'
/** RiskMetrics' decay, with multipliers of our own data. */
export const RISK_METRICS = 'ewma-94'

/** Every candidate of the walk-forward, peers first. */
export function candidates(): readonly Candidate[] {
  return [
    { id: HAR_PEER, module: here('peers.ts'), forecast: harPeer },
    { id: GARCH_PEER, module: here('peers.ts'), forecast: garchPeer },
    pooled('historical', (train) => {
      const limits = fitLimits(train)
      return (values) => historicalOutputs(values, limits)
    }),
    pooled(RISK_METRICS, (train) => ewmaModelOutputs(fitEwma(train, fitLimits(train), 0.94))),
    pooled('ewma', (train) => ewmaModelOutputs(fitEwma(train, fitLimits(train)))),
    pooled('garch', (train) => garchOutputs(fitGarchModel(train, fitLimits(train), false))),
    pooled('gjr', (train) => garchOutputs(fitGarchModel(train, fitLimits(train), true))),
    pooled('har-quantile', (train) => {
      const coefficients = fitHar(train, fitLimits(train))
      return (values) => harOutputs(values, coefficients)
    }),
    pooled('log-har', (train) => {
      const coefficients = fitLogHar(train, fitLimits(train))
      return (values) => logHarOutputs(values, coefficients)
    }),
    ...challengerCandidates(),
  ]
}

/** Equal-weight means of candidates, as the node combines models. */
export const COMBINATIONS: ReadonlyArray<{ readonly id: string; readonly of: readonly string[] }> = [
  { id: 'mean of 5 fitted', of: ['ewma', 'garch', 'gjr', 'har-quantile', 'log-har'] },
  { id: 'mean(log-har, har-quantile)', of: ['log-har', 'har-quantile'] },
  { id: DEFAULT_RISK, of: DEFAULT_OF },
]

/** Whether it is a model an asset, which does not ship. */
export function isPeer(id: string): boolean {
  return id === HAR_PEER || id === GARCH_PEER
}

/** Fits on a fold's training part, and gives the outputs of any vector. */
type Fit = (train: readonly Sample[]) => (values: readonly number[]) => Float64Array

/** One model for all assets; all that this file imports is what its forecasts depend on. */
function pooled(id: string, fitOn: Fit): Candidate {
  return {
    id,
    module: here('candidates.ts'),
    recipe: String(fitOn),
    forecast: ({ train, test }) => {
      const outputs = fitOn(train)
      return test.map(({ features }) => outputs(features))
    },
  }
}

function here(module: string): URL {
  return new URL(module, import.meta.url)
}
