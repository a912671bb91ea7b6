import { isoDay } from '../../data/history/time-format.ts'
import type { Sample } from '../../models/training/dataset.ts'
import { HORIZON_SECONDS } from '../../models/training/series.ts'
import { expandingFolds, type Fold } from '../../models/training/walk-forward.ts'
import { SECONDS_PER_DAY } from '../../oracle-node/core/market-rows.ts'
import { combinations } from './combinations.ts'

/** How samples are parted into what is fitted on and what is tested. Days are whole. */
export type SplitPlan =
  | {
      readonly kind: 'expanding'
      /** Days of samples before the first refit, unless `firstRefit` (unix seconds) says when. */
      readonly trainDays: number
      readonly refitEveryDays: number
      readonly firstRefit?: number
    }
  | {
      readonly kind: 'rolling'
      /** Each refit sees so many days back, and the first comes when there are as many. */
      readonly windowDays: number
      readonly refitEveryDays: number
      readonly firstRefit?: number
    }
  | { readonly kind: 'k-fold'; readonly folds: number; readonly embargoDays: number }
  | {
      readonly kind: 'combinatorial'
      readonly groups: number
      readonly testGroups: number
      readonly embargoDays: number
    }

/** From one tested time up to the next block, unix seconds. */
export type Block = { readonly start: number; readonly end: number }

export type Splits = {
  readonly kind: SplitPlan['kind']
  readonly folds: readonly Fold[]
  /** The tested times in order, parted: each fold tests one of them or more. */
  readonly blocks: readonly Block[]
  /** By path, the fold that each block's forecasts are of: a path tests every sample once. One path but for combinatorial splits. */
  readonly paths: readonly (readonly number[])[]
}

export type SplitParts = {
  readonly isFitted?: (sample: Sample) => boolean
  /** At 00:00 UTC unless told: labels of an asset's tested samples must not overlap. */
  readonly isTested?: (sample: Sample) => boolean
}

/**
 * Samples parted as planned. In every fold a training label ends before the first tested one begins or begins after the last one ended.
 * @throws {RangeError} that names the setting under which no fold can be made, or the asset whose tested labels overlap.
 */
export function splitsOf(samples: readonly Sample[], plan: SplitPlan, parts: SplitParts = {}): Splits {
  const isTested = parts.isTested ?? (({ time }: Sample): boolean => time % SECONDS_PER_DAY === 0)
  const both = { isFitted: parts.isFitted ?? ((): boolean => true), isTested }
  requireApart(samples.filter(isTested))
  const splits =
    plan.kind === 'expanding' || plan.kind === 'rolling'
      ? walkForwardSplits(samples, plan, both)
      : blockSplits(samples, plan, both)
  for (const { start, train } of splits.folds) {
    if (train.length > 0) continue
    const field = plan.kind === 'k-fold' || plan.kind === 'combinatorial' ? 'embargoDays' : 'firstRefit'
    throw new RangeError(`splits.${field}: the fold that is tested from ${isoDay(start)} has no training sample left`)
  }
  return splits
}

/** The splits of some assets alone. Folds with fewer training days are left out: an asset is not tested before it can be fitted on. */
export function splitsOfAssets(splits: Splits, assets: ReadonlySet<string>, trainDaysMin = 1): Splits {
  const isOne = ({ asset }: Sample): boolean => assets.has(asset)
  const folds = splits.folds.map((fold): Fold => {
    const train = fold.train.filter(isOne)
    const days = new Set(train.map(({ time }) => time - (time % SECONDS_PER_DAY))).size
    return { ...fold, train, test: days < trainDaysMin ? [] : fold.test.filter(isOne) }
  })
  return { ...splits, folds }
}

/** What is tested, each once: block by block in the order of time, and by asset within one time. */
export function testedRows({ folds, blocks, paths }: Splits): Sample[] {
  return blocks.flatMap(({ start, end }, block) => {
    const fold = folds[paths[0]?.[block] ?? -1]
    return (fold?.test ?? []).filter(({ time }) => time >= start && time < end)
  })
}

/** Where each of {@link testedRows} stands on one path among all folds' tested samples one after another. */
export function pathPlaces({ folds, blocks, paths }: Splits, path: number): Uint32Array {
  let before = 0
  const offsets = folds.map(({ test }) => {
    const offset = before
    before += test.length
    return offset
  })
  const places = blocks.flatMap(({ start, end }, block) => {
    const index = paths[path]?.[block] ?? -1
    const offset = offsets[index] ?? 0
    return (folds[index]?.test ?? []).flatMap(({ time }, row) => (time >= start && time < end ? [offset + row] : []))
  })
  return Uint32Array.from(places)
}

type WalkPlan = Extract<SplitPlan, { readonly refitEveryDays: number }>
type Chosen = Required<SplitParts>

function walkForwardSplits(samples: readonly Sample[], plan: WalkPlan, parts: Chosen): Splits {
  const windowDays = plan.kind === 'rolling' ? plan.windowDays : plan.trainDays
  requireWhole('refitEveryDays', plan.refitEveryDays, 1)
  // Of a window as long as a label all is purged.
  requireWhole(plan.kind === 'rolling' ? 'windowDays' : 'trainDays', windowDays, 2)
  const times = timesOf(samples.filter(parts.isTested))
  const [first, last] = [times[0] ?? Number.NaN, times.at(-1) ?? Number.NaN]
  const begin = plan.firstRefit ?? firstOf(samples.filter(parts.isFitted)) + windowDays * SECONDS_PER_DAY
  if (!(begin <= last)) {
    throw new RangeError(
      `splits.${plan.firstRefit === undefined ? (plan.kind === 'rolling' ? 'windowDays' : 'trainDays') : 'firstRefit'}: the first refit would be on ${isoDay(begin)}, but tested samples are of ${isoDay(first)} to ${isoDay(last)}`,
    )
  }
  const refits: number[] = []
  for (let refit = begin; refit <= last; refit += plan.refitEveryDays * SECONDS_PER_DAY) refits.push(refit)
  const expanding = expandingFolds(samples, { refits, ...parts }).map((fold) => ({
    ...fold,
    end: Math.min(fold.end, last + SECONDS_PER_DAY),
  }))
  const rolled = plan.kind === 'rolling' ? expanding.map((fold) => within(fold, windowDays)) : expanding
  // Where a recording has a gap there may be nothing to test between two refits.
  const folds = rolled.filter(({ test }) => test.length > 0)
  return { kind: plan.kind, folds, blocks: folds.map(({ start, end }) => ({ start, end })), paths: [[...folds.keys()]] }
}

function within(fold: Fold, windowDays: number): Fold {
  return { ...fold, train: fold.train.filter(({ time }) => time >= fold.start - windowDays * SECONDS_PER_DAY) }
}

type BlockPlan = Exclude<SplitPlan, WalkPlan>

/**
 * Purged k-fold and combinatorial purged cross-validation (López de Prado 2018, chapters 7 and 12): the tested times in contiguous blocks, of
 * which one or each choice of several is tested. From training goes what has a label that overlaps one of a tested block (purge),
 * or begins within the embargo after it, when features still are made of the block's hours.
 */
function blockSplits(samples: readonly Sample[], plan: BlockPlan, { isFitted, isTested }: Chosen): Splits {
  const [count, tested] = plan.kind === 'k-fold' ? [plan.folds, 1] : [plan.groups, plan.testGroups]
  const times = timesOf(samples.filter(isTested))
  const field = plan.kind === 'k-fold' ? 'folds' : 'groups'
  requireWhole(field, count, 2)
  requireWhole('embargoDays', plan.embargoDays, 0)
  if (count > times.length) {
    throw new RangeError(`splits.${field}: ${count} blocks need as many tested times, got ${times.length}`)
  }
  if (plan.kind === 'combinatorial') {
    requireWhole('testGroups', tested, 1)
    if (tested >= count) throw new RangeError(`splits.testGroups: at most ${count - 1} of ${count}, got ${tested}`)
  }
  const blocks = blocksOf(times, count)
  const choices = combinations(count, tested, SPLITS_MAX, `splits.${field}`)
  const fitted = samples.filter(isFitted)
  const ordered = samples.filter(isTested).toSorted(byTimeAndAsset)
  const folds = choices.map((chosen): Fold => {
    const own = blocks.filter((_, block) => chosen.includes(block))
    const [start, end] = [own[0]?.start ?? Number.NaN, own.at(-1)?.end ?? Number.NaN]
    return {
      start,
      end,
      train: fitted.filter(({ time }) =>
        own.every((block) => isClear(time, block, plan.embargoDays * SECONDS_PER_DAY)),
      ),
      test: ordered.filter(({ time }) => own.some((block) => time >= block.start && time < block.end)),
    }
  })
  const byBlock = blocks.map((_, block) => choices.flatMap((chosen, fold) => (chosen.includes(block) ? [fold] : [])))
  const paths = (byBlock[0] ?? []).map((_, path) => byBlock.map((tests) => tests[path] ?? -1))
  return { kind: plan.kind, folds, blocks, paths }
}

/** More folds than this are hours of fits. */
const SPLITS_MAX = 1_000

/** Blocks whose numbers of times differ by one at most; the end is just past the last time's own second. */
function blocksOf(times: readonly number[], count: number): Block[] {
  return Array.from({ length: count }, (_, block) => ({
    start: times[Math.floor((block * times.length) / count)] ?? Number.NaN,
    end: (times[Math.floor(((block + 1) * times.length) / count) - 1] ?? Number.NaN) + 1,
  }))
}

function isClear(time: number, { start, end }: Block, embargo: number): boolean {
  return time + HORIZON_SECONDS <= start || time >= end - 1 + HORIZON_SECONDS + embargo
}

function timesOf(samples: readonly Sample[]): number[] {
  const times = [...new Set(samples.map(({ time }) => time))].sort((a, b) => a - b)
  if (times.length === 0) throw new RangeError('splits: there is no sample to test')
  return times
}

function firstOf(samples: readonly Sample[]): number {
  return samples.reduce((least, { time }) => Math.min(least, time), Number.POSITIVE_INFINITY)
}

function byTimeAndAsset(a: Sample, b: Sample): number {
  return a.time - b.time || (a.asset < b.asset ? -1 : a.asset > b.asset ? 1 : 0)
}

/** Tests of coverage and of loss differences take days that tell of different hours. */
function requireApart(tested: readonly Sample[]): void {
  for (const [asset, own] of Map.groupBy(tested, (sample) => sample.asset)) {
    const times = own.map(({ time }) => time).sort((a, b) => a - b)
    const early = times.find((time, index) => time - (times[index - 1] ?? Number.NEGATIVE_INFINITY) < HORIZON_SECONDS)
    if (early !== undefined) {
      throw new RangeError(`${asset} has two tested samples within the day before ${isoDay(early)}; test one a day`)
    }
  }
}

function requireWhole(field: string, given: number, least: number): void {
  if (Number.isInteger(given) && given >= least) return
  throw new RangeError(`splits.${field}: a whole number of ${least} or more, got ${given}`)
}
