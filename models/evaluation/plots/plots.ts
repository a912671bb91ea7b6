import { GARCH_PEER, HAR_PEER, RISK_METRICS } from '../../training/candidates.ts'
import { DEFAULT_RISK } from '../../training/defaults.ts'
import type { WalkResult } from '../evaluate-walk.ts'
import { byAssetPlot } from './by-asset.ts'
import { inCrisesPlot } from './in-crises.ts'
import { overTimePlot } from './over-time.ts'
import { reliabilityPlot } from './reliability.ts'

/** The model that the plots are about, and those that are shown beside it. */
const [SUBJECT, STRETCHED] = [DEFAULT_RISK, `${DEFAULT_RISK} + conformal`]
const BESIDE = [HAR_PEER, GARCH_PEER, RISK_METRICS, 'ewma', 'garch', 'gjr', 'har-quantile', 'log-har', 'trees', 'mlp']

/**
 * All plots of a walk-forward, by file name. What stands beside the subject is left out where it was not walked.
 * @throws {Error} when the subject was not.
 */
export function walkPlots(result: WalkResult): ReadonlyMap<string, string> {
  if (!result.scores.has(STRETCHED)) throw new Error(`the plots are about ${SUBJECT}, which was not walked`)
  return new Map([
    ['reliability.svg', reliabilityPlot(result, [...BESIDE, SUBJECT, STRETCHED])],
    [
      'qlike-over-time.svg',
      overTimePlot(result, [
        { id: GARCH_PEER, hue: 'b' },
        { id: RISK_METRICS, hue: 'd' },
        { id: 'har-quantile', hue: 'c' },
        { id: SUBJECT, hue: 'a' },
      ]),
    ],
    ['value-at-risk-in-crises.svg', inCrisesPlot(result, STRETCHED)],
    ['qlike-by-asset.svg', byAssetPlot(result, SUBJECT)],
  ])
}
