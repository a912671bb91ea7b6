import type { Json } from './tasks/task.ts'

/** All that a backtest found, as `result.json` holds it: plain JSON, the same bytes for the same config, data and code. Times are unix seconds. */
export type BacktestResult = {
  readonly version: 1
  /** The first digits of the sha256 of everything that the result depends on. */
  readonly id: string
  readonly name: string
  readonly lending?: LendingResult
  readonly forecast?: ForecastResult
  readonly provenance: Provenance
}

export type Provenance = {
  /** As it was given. */
  readonly config: Json
  readonly configSha256: string
  readonly data: readonly DataSource[]
  /** The user's own policies, positions and depths, by the names that the config has. */
  readonly files: readonly { readonly name: string; readonly sha256: string }[]
  readonly models: readonly { readonly id: string; readonly fittedUntil: number; readonly sha256: string }[]
  readonly code: { readonly commit: string; readonly sha256: string }
  readonly seed: number
}

export type DataSource = {
  readonly name: string
  readonly sha256: string
  readonly rows: number
  readonly from: number
  readonly to: number
}

/** Of one market over one period, or summed over markets; means over seeds. Money is USD. */
export type LendingTotals = {
  /** Debt that no collateral covers at the end of the period. */
  readonly badDebtUsd: number
  /** 99 % quantiles over all days and seeds: of what is liquidated in a day (liquidations at risk) and of bad debt that arises in a day. */
  readonly liquidationsAtRisk99Usd: number
  readonly badDebtAtRisk99Usd: number
  readonly liquidatedUsd: number
  readonly liquidatedByPolicyUsd: number
  readonly liquidations: number
  /** Means over the period's hours: what could be borrowed, what was, and what all would have brought as collateral. */
  readonly capacityUsd: number
  readonly debtUsd: number
  readonly demandUsd: number
  /** capacityUsd / demandUsd. */
  readonly efficiency: number
  readonly changes: number
  /** What the protocol earned less what it lost, at the end. */
  readonly equityUsd: number
}

export type LendingRun = LendingTotals & {
  readonly period: string
  readonly policy: string
  /** The policy's own dial, such as how cautious it is; what the frontier is drawn over. */
  readonly knob: number
  /** Absent where it is summed over markets. */
  readonly asset?: string
}

/** The hours of one run for plots, thinned to a few hundred. Summed over markets unless `asset` says which. */
export type LendingCourse = {
  readonly period: string
  readonly policy: string
  readonly knob: number
  readonly asset?: string
  readonly time: readonly number[]
  readonly badDebtUsd: readonly number[]
  readonly equityUsd: readonly number[]
  readonly capacityUsd: readonly number[]
  readonly debtUsd: readonly number[]
  readonly liquidatedUsd: readonly number[]
  /** Of one market alone. */
  readonly ltvBps?: readonly number[]
  readonly liquidationThresholdBps?: readonly number[]
  /** 1 − the lowest price of the next 24 h over the price now: what a lender at this hour met. */
  readonly loss24h?: readonly number[]
  readonly priceUsd?: readonly number[]
}

export type LendingChange = {
  readonly period: string
  readonly policy: string
  readonly asset: string
  readonly time: number
  readonly parameter: string
  readonly from: number
  readonly to: number
  readonly reason: string
}

export type Period = {
  readonly id: string
  readonly title: string
  readonly from: number
  readonly to: number
  /** The days that it is about; the rest is before and after. */
  readonly crisis?: { readonly from: number; readonly to: number }
  readonly assets: readonly string[]
}

/** Whether the policy under test kept its promise in one crisis, its knob chosen without that crisis. */
export type Verdict = {
  readonly period: string
  /**
   * How the policy's knob was chosen, never by bad debt: `without-it`, so that over all *other* periods its capacity is that of the measure, or
   * `same-capacity`, so that it is in this one. The other policy is then looked at where it gives the very same capacity in this period.
   */
  readonly chosen: 'without-it' | 'same-capacity'
  readonly policy: string
  readonly against: string
  /** The most that its bad debt may be of the other's: .5 or 1. */
  readonly shareMax: number
  readonly knob: number
  readonly badDebtUsd: number
  readonly capacityUsd: number
  readonly otherKnob: number
  readonly otherBadDebtUsd: number
  readonly otherCapacityUsd: number
  readonly liquidatedUsd: number
  readonly otherLiquidatedUsd: number
  /** False where neither lost more than dust, or the other cannot be brought to that capacity: nothing is kept or missed. */
  readonly compared: boolean
  readonly kept: boolean
  /** In words, with figures. */
  readonly why: string
}

export type LendingResult = {
  readonly policies: readonly {
    readonly id: string
    readonly title: string
    /** What its knob is, in words; absent where it has none. */
    readonly knob?: string
    /** The knob that courses and changes are shown at. */
    readonly shown: number
  }[]
  readonly periods: readonly Period[]
  /** Summed over markets: period × policy × knob. */
  readonly runs: readonly LendingRun[]
  readonly byAsset: readonly LendingRun[]
  /** Over all periods together. */
  readonly frontier: readonly {
    readonly policy: string
    readonly knob: number
    /** Capacity and bad debt over demand, as ratios. */
    readonly capacity: number
    readonly badDebt: number
  }[]
  readonly courses: readonly LendingCourse[]
  readonly changes: readonly LendingChange[]
  readonly changesLeftOut: number
  readonly verdicts: readonly Verdict[]
}

/** One model on one asset and horizon, over all tested days. */
export type ForecastCell = {
  readonly model: string
  readonly asset: string
  readonly horizon: '24h' | '1h'
  readonly days: number
  readonly qlike: number
  /** Mean FZ0 loss of value at risk and shortfall at 99 %. */
  readonly fz: number
  readonly pinball99: number
  /** Days beyond the 99 % value at risk. */
  readonly hits: number
  readonly kupiecP: number
  readonly independenceP: number
  readonly conditionalP: number
  /** Acerbi and Székely's statistics; the first is null without a hit. */
  readonly severity: number | null
  readonly shortfall: number
  readonly shortfallP: number
  readonly light: 'green' | 'yellow' | 'red'
  /** Share of the trailing years of 250 days that were green; null with fewer days. */
  readonly greenShare: number | null
}

export type ForecastResult = {
  /** Of combinatorial splits: how a model's QLIKE on an asset spreads over the paths. */
  readonly paths?: readonly {
    readonly model: string
    readonly asset: string
    readonly horizon: string
    readonly paths: number
    readonly min: number
    readonly median: number
    readonly max: number
  }[]
  readonly splits: { readonly kind: string; readonly folds: number; readonly refits: readonly number[] }
  readonly cells: readonly ForecastCell[]
  /** Diebold-Mariano, by asset and horizon, on one loss: negative where the first is better. */
  readonly comparisons: readonly {
    readonly model: string
    readonly against: string
    readonly asset: string
    readonly horizon: string
    readonly loss: 'qlike' | 'fz'
    readonly difference: number
    readonly p: number
  }[]
  /** The p-value of each model in the model confidence set of its asset and horizon. */
  readonly confidenceSets: readonly {
    readonly model: string
    readonly asset: string
    readonly horizon: string
    readonly loss: 'qlike' | 'fz'
    readonly p: number
  }[]
  /** QLIKE where the trailing week was calm, ordinary or wild (terciles of its realised volatility, by asset). */
  readonly regimes: readonly {
    readonly model: string
    readonly horizon: string
    readonly regime: 'calm' | 'ordinary' | 'wild'
    readonly days: number
    readonly qlike: number
  }[]
  /** Of all assets: how often the loss stayed within the quantile that was said to hold `level` of the days. */
  readonly reliability: readonly {
    readonly model: string
    readonly horizon: string
    readonly level: number
    readonly observed: number
    readonly days: number
  }[]
  /** Day by day, of one model an asset and horizon: what was forecast and what came. */
  readonly courses: readonly {
    readonly model: string
    readonly asset: string
    readonly horizon: string
    readonly time: readonly number[]
    readonly loss: readonly number[]
    readonly valueAtRisk99: readonly number[]
  }[]
}
