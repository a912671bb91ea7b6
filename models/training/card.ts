import exp from '@stdlib/math-base-special-exp'
import type { Interval } from '../../backtests/metrics/bootstrap.ts'
import { FEATURE_SPEC_HASH } from '../../oracle-node/core/feature-spec.ts'
import { depthNow } from '../baselines/depth.ts'
import type { LogHarCoefficients } from '../baselines/log-har.ts'
import { DEFAULT_RISK } from './defaults.ts'
import { sha256Hex } from './manifest.ts'
import { markdownTable } from './markdown-table.ts'
import type { TrainedFiles } from './registry.ts'

const percent = (value: number): string => `${(100 * value).toFixed(2)} %`
const usd = (value: number): string => `${(value / 1e6).toFixed(1)} M`

/** The card of the risk models: data, split, formulas, metrics with intervals, known failures. Every figure is computed. */
export function volatilityCard({ trained, manifest, codeCommit }: TrainedFiles): string {
  const { risk, models, counts } = trained
  const [volatilityFloor = 0, riskFloor = 0, shortfallFloor = 0] = risk.limits.floor
  const files = models.map(({ id, onnx }) => [`volatility/${id}.onnx`, onnx] as const)
  return `# Risk models: ${models.map(({ id }) => id).join(', ')}

Written by \`npm run models:train\`; do not edit. A node forecasts with ${DEFAULT_RISK}; the others are its baselines, and challengers to measure it
against. How all of them and a quant's own models do when they are refitted through time: [WALK-FORWARD](WALK-FORWARD.md).

${hashTable(manifest, files)}

Trained by the code of commit ${codeCommit}.

## What they say

Twelve numbers: of the next 24 h the annualised volatility, the 99 % value at risk and expected shortfall of the loss, 1 − price ratio, and its 50, 90 and
95 % quantiles; then the same six of the next hour. It is the loss at the end of the horizon: the worst price within it can be lower. Realised
volatility is the root of the summed squared hourly returns of the day, and Parkinson's range of the hour.

- **${DEFAULT_RISK}**: the equal-weight mean of log-har and trees, output by output, in one graph.
- **log-har**: the logarithm of the coming variance is linear in the logarithms of past ones over several spans (Corsi 2009), with ranges, the fall of
  the last day and week (leverage, Corsi and Renò 2012), jumps, the weekend, and the same of Bitcoin as the market. Fitted by QLIKE as a gamma
  regression on volatile assets; forecasts are clipped to σ between 1 in 20,000 and 2.7 a horizon. The tail is filtered historical
  simulation (Barone-Adesi 1999): σ times the quantiles of past losses over σ, ${multiplierLine(risk.logHar.multipliers)}.
- **har-quantile**: x·W. W's columns have no intercept, so doubling every return doubles each output. Volatility by QLIKE, value at risk by quantile
  regression at 99 %.
- **garch**, **gjr**: α ${risk.garch.shape.alpha.toFixed(3)}, β ${risk.garch.shape.beta.toFixed(3)}; α ${risk.gjr.shape.alpha.toFixed(3)}, γ ${risk.gjr.shape.gamma.toFixed(3)}, β ${risk.gjr.shape.beta.toFixed(3)}: one shape for all volatile assets by quasi-maximum likelihood, hourly, each window targeted
  to its own variance, and filtered historical simulation.
- **ewma**, **ewma-94**: √(Σ w·r²) over 168 hourly returns with decay ${risk.ewma.decayPerDay} a day (chosen by QLIKE on training data) and RiskMetrics' 0.94.
- **trees**: boosted trees that correct log-har's ln variance of 24 h, by QLIKE; **mlp**: a small network upon log-har whose quantiles cannot cross, of both
  horizons. Both are fitted on volatile assets and stop early on the last fifth of the training samples, purged by a day.
- **historical**: the window's own 145 overlapping days, unfitted.
- Floors: volatility ${percent(volatilityFloor)}, value at risk ${percent(riskFloor)}, shortfall ${percent(shortfallFloor)}: the last two are the
  pooled training tail of stablecoins that kept their pegs. Before it is scored, a node stretches an asset's tail by its own record
  ([FEEDS](../../oracle-node/docs/FEEDS.md)).

${logHarTable(risk.logHar)}

## Data and split

Hourly bars of public venues, named and hashed in data/manifests/training.json, turned into features by the live node's own
\`extractFeatures\`, every 6 h. Training ends 2022-12-31 (${counts.train} samples), validation is 2023 (${counts.validation}), test 2024-01 to
2026-05 (${counts.test}). A label reaches 24 h ahead, so the last day before a boundary is purged; features reach 7 d back, so the first 7 d
after it are embargoed. Each asset weighs the same (log-har: by the root of its samples). UST is shown, not fitted.

## Pooled metrics

Forecasts at 00:00 UTC; brackets are 95 % intervals by block bootstrap (whole days in blocks of 10, 1,000 draws). Coverage should be 99 %. QLIKE and the FZ0
loss: lower is better. Acerbi-Székely Z2: 0 is right, below 0 understates risk, −0.7 fails at 5 %.

${pooledTable(trained)}

## By asset, ${DEFAULT_RISK}, validation and test

${assetTable(trained)}

## Known failures

- **A peg's first hour.** A stablecoin that kept its peg gives no sign in its returns before it loses it, so the forecast before a depeg is
  the floor. It rises as soon as the first hour of it has closed. UST (May 2022), ${ustLine(trained)}.
- **Pegs in calm times** lose less in a day than their hours' ranges say, for those go back and forth: their value at risk is too high by far.
- The loss within the day beyond the one at its end is not modelled; neither is a halt of trading.
- Hourly bars: the hour that is open is not seen, so a crash counts from the hour's end on.
- Books, venues' dispersion, stablecoins' basis and reserves' use are features, but were not recorded beside these bars: no model here uses them.
- A single stress day hits all assets at once: the exceedances of one day are not independent, hence the intervals by whole days, and a Kupiec p of
  one asset alone says little with so few expected exceedances.
- Recordings are mostly of one venue and of assets that lived to be recorded.
`
}

/** The tail of 24 h in deviations. */
function multiplierLine(multipliers: readonly number[]): string {
  const [, valueAtRisk = Number.NaN, shortfall = Number.NaN] = multipliers
  return `${valueAtRisk.toFixed(2)} for value at risk and ${shortfall.toFixed(2)} for shortfall over 24 h`
}

function logHarTable({ day, hour }: LogHarCoefficients): string {
  const rows = Object.keys(day.weights).map((name) => [name, day.weights[name] ?? 0, hour.weights[name] ?? 0] as const)
  return markdownTable(
    ['input of log-har, by its feature', 'ln variance of 24 h', 'ln variance of 1 h'],
    [...rows, ['intercept', day.intercept, hour.intercept] as const].map(([name, ...weights]) => [
      name,
      ...weights.map((weight) => weight.toFixed(4)),
    ]),
  )
}

/** The card of the depth model, which says how little it is calibrated on. */
export function depthCard({ trained, depthOnnx, manifest }: TrainedFiles): string {
  const { depth, depthPoints } = trained
  const rows = depthPoints.map(({ label, depthUsd, activity, role }) => [
    label,
    role,
    percent(activity.sigma),
    usd(exp(activity.lnVolume)),
    usd(depthUsd),
    usd(depthNow(activity, depth)),
  ])
  return `# Liquidity model: depth

Written by \`npm run models:train\`; do not edit.

${hashTable(manifest, [['liquidity/depth.onnx', depthOnnx]])}

## What it says

The 5 % quantile over the next 24 h of the USD that can be sold before the price falls 2 %:

    depth = ${depth.lowQuantileShare.toFixed(4)} · ${depth.scale.toFixed(4)} · V^(2/3) · max(σ, ${depth.sigmaFloor.toFixed(5)})^(−4/3)

V is USD traded a day (the smaller of the last day and the last week's mean), σ the volatility of a day (the larger of both).

Why this form: market microstructure invariance (Kyle and Obizhaeva 2016, Econometrica 84) with linear impact says that selling X USD of a market that trades V
a day moves the price by κ·σ·W^(1/3)·X/V, where W = V·σ. Solved for X at 2 %: X = (0.02/κ)·V^(2/3)·σ^(−4/3). The exponents come from the theory, not from a fit.

## How thin the calibration is

**Five points, of two days and three assets.** The scale is the median over four of them, whose own scales are ${scaleSpread(trained)} times it;
the floor of σ makes the formula meet the fifth, exactly, so that point tests nothing.

${markdownTable(['point', 'used for', 'σ a day', 'V, USD', 'measured, USD', 'formula now, USD'], rows)}

- The books are six minutes of one venue on 2024-08-08, three days after a crash; the recording holds 1,000 levels, which end before 1 % (so the measured value
  is a lower bound of what 2 % holds).
- The quotes are an aggregator's over on-chain pools on 2023-11-20, set against the volume of one exchange; a wrapped coin has the activity of its coin.
- The 5 % quantile: ${depth.lowQuantileShare.toFixed(3)} = ${(depth.lowQuantileShare / trained.bookShare).toFixed(3)} · ${trained.bookShare.toFixed(3)}. The first is the 5 % quantile, over training assets, of the formula's own value 6 to 24 h
  later over its present one: no book is recorded for a day here, so its moves are those of V and σ. The second is the lower
  of the books' (5 % quantile / median) within their six minutes.

So treat a value as an order of magnitude, and let a measured book or pool lower it. No recording has the depth of a volatile asset over days, so
there is no held-out test of it. What was recorded over years is the liquidity of one USDC/USDT pool within its current tick, by the hour: how
often it lay below ${depth.lowQuantileShare.toFixed(3)} of itself 6 to 24 h later, which for a 5 % quantile should be 5 %. A single tick empties more easily than the
200 that 2 % spans, so the share may be right for depth; for so narrow a pool it is too high.

${markdownTable(
  ['year', 'ratios', '5 % quantile', 'below the share'],
  trained.poolYears.map((year) => [
    String(year.from),
    String(year.ratios),
    year.lowQuantile.toFixed(3),
    percent(year.belowShare),
  ]),
)}

## Known failures

- A token whose volume is wash trading looks deep. A pool that holds much and trades little looks shallow.
- A peg without volume: the floor of σ rests on one stablecoin on one day.
- Liquidity that is withdrawn before volatility rises is not seen.
`
}

function hashTable(manifest: string, files: ReadonlyArray<readonly [string, Uint8Array]>): string {
  const hashes = files.map(([file, bytes]) => [file, sha256Hex(bytes)])
  const common = [
    ['feature-spec.json', FEATURE_SPEC_HASH],
    ['data/manifests/training.json', sha256Hex(manifest)],
  ]
  return markdownTable(['file', 'sha256'], [...hashes, ...common])
}

function pooledTable({ pooled }: TrainedFiles['trained']): string {
  const three = (value: number): string => value.toFixed(3)
  const within = ({ low, high }: Interval, show: (value: number) => string): string => `[${show(low)}, ${show(high)}]`
  const rows = pooled.map((row) => [
    row.part,
    row.kind,
    row.model,
    String(row.forecasts),
    `${percent(row.coverage)} ${within(row.coverageInterval, percent)}`,
    `${three(row.qlike)} ${within(row.qlikeInterval, three)}`,
    `${three(row.fzLoss)} ${within(row.fzLossInterval, three)}`,
    row.acerbiSzekely.toFixed(2),
  ])
  return markdownTable(['part', 'assets', 'model', 'n', 'coverage', 'QLIKE', 'FZ0', 'Z2'], rows)
}

function assetTable({ assets }: TrainedFiles['trained']): string {
  const header = [
    'part',
    'asset',
    'days',
    'beyond',
    'coverage',
    'Kupiec p',
    'Christoffersen p',
    'QLIKE',
    'Z2',
    'mean VaR',
    'mean ES',
  ]
  const rows = assets
    .filter((row) => row.part !== 'not fitted' && row.model === DEFAULT_RISK)
    .map((row) => [
      row.part,
      row.asset,
      String(row.days),
      String(row.exceedances),
      percent(row.coverage),
      row.kupiecP.toFixed(3),
      row.christoffersenP.toFixed(3),
      row.qlike.toFixed(3),
      row.acerbiSzekely.toFixed(2),
      percent(row.meanValueAtRisk),
      percent(row.meanShortfall),
    ])
  return markdownTable(header, rows)
}

function ustLine({ assets }: TrainedFiles['trained']): string {
  const row = assets.find((each) => each.asset === 'UST' && each.model === DEFAULT_RISK)
  if (row === undefined) return 'was not recorded'
  return `${row.exceedances} of ${row.days} days beyond the value at risk, Z2 ${row.acerbiSzekely.toFixed(1)}`
}

/** Each scaling point's own scale over the one chosen, the least and the most. */
function scaleSpread({ depth, depthPoints }: TrainedFiles['trained']): string {
  const ratios = depthPoints
    .filter(({ role }) => role === 'scale')
    .map(({ activity, depthUsd }) => depthUsd / depthNow(activity, { scale: depth.scale, sigmaFloor: 0 }))
  return `${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}`
}
