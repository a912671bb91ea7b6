import type { VectorsBench } from './feature-vectors.ts'
import type { benchLargeFile } from './hundred-million.ts'
import type { LendingBench } from './lending.ts'
import type { RollingBench } from './rolling-windows.ts'
import type { ScalingBench } from './scaling.ts'
import type { WalkForwardBench } from './walk-forward.ts'

/** What was measured, the parts that were asked for. */
export type Parts = {
  readonly 'walk-forward'?: WalkForwardBench
  readonly lending?: LendingBench
  readonly rolling?: RollingBench
  readonly vectors?: VectorsBench
  readonly rows?: ReturnType<typeof benchLargeFile>
  readonly scaling?: ScalingBench
}

/** A line of the table. */
export type Line = {
  readonly figure: string
  readonly measured: string
  readonly bar: string
  /** `–` where there is no bar. */
  readonly met: 'yes' | 'no' | '–'
  readonly beside: string
}

const PEAK_MAX_MEGABYTES = 2_147

export function linesOf(parts: Parts): Line[] {
  return [
    ...walkForwardLines(parts['walk-forward']),
    ...lendingLines(parts.lending),
    ...rollingLines(parts.rolling),
    ...vectorLines(parts.vectors),
    ...rowLines(parts.rows),
    ...scalingLines(parts.scaling),
  ]
}

function walkForwardLines(bench: WalkForwardBench | undefined): Line[] {
  if (bench === undefined) return []
  return (['expanding', 'rolling'] as const).map((plan) => {
    const { median, best, first, models, days, runs } = bench[plan]
    return {
      figure: `walk-forward, ${plan}: ${models} models × ${days} days × 1 asset`,
      measured: `${seconds(median.seconds)} (processor ${seconds(median.processorSeconds)})`,
      ...atMost(median.seconds, 1, '1.0 s on one core'),
      beside: `best of ${runs} ${seconds(best.seconds)}, the first, of cold code, ${seconds(first.seconds)}`,
    }
  })
}

function lendingLines(bench: LendingBench | undefined): Line[] {
  if (bench === undefined) return []
  const { markets, hours, policies, fitSeconds } = bench
  return ([bench.inEachMarket, bench.inAllMarkets] as const).map((each) => ({
    figure: `lending, ${markets} seeded markets × ${hours} h × ${policies.join(' and ')}, ${each.borrowersPerMarket} borrowers in each`,
    measured: `${seconds(each.seconds)} (processor ${seconds(each.processorSeconds)})`,
    ...atMost(each.seconds, 60, '60 s on two cores'),
    beside: `the fit apart, ${seconds(fitSeconds)}; peak ${Math.max(...each.all.map(({ peakMegabytes }) => peakMegabytes))} MB`,
  }))
}

function rollingLines(bench: RollingBench | undefined): Line[] {
  if (bench === undefined) return []
  const { pandas, danfojs, rowsPerSecond } = bench
  const names = Object.keys(rowsPerSecond) as Array<keyof typeof rowsPerSecond>
  const kernels = names.map((name) => ({
    figure: `rolling ${name}`,
    measured: `${millions(rowsPerSecond[name])} M rows/s`,
    ...atLeast(rowsPerSecond[name], 20e6, '20 M rows/s'),
    beside:
      pandas === undefined
        ? 'pandas not measured: install python3-pandas'
        : `pandas ${pandas.version} ${millions(pandas.rowsPerSecond[name])}: ${pandas.ratio[name]} times as fast`,
  }))
  const { byRunningSums, byCutting } = danfojs
  return [
    ...kernels,
    {
      figure: 'the same sumOfSquares24 written with danfojs',
      measured: `${millions(byRunningSums.rowsPerSecond)} M rows/s`,
      bar: 'none',
      met: '–',
      beside: `ours ${byRunningSums.ratio} times as fast; window by window ${byCutting.ratio} times`,
    },
  ]
}

function vectorLines(bench: VectorsBench | undefined): Line[] {
  if (bench === undefined) return []
  return [
    {
      figure: 'feature vectors of a series',
      measured: `${millions(bench.vectorsPerSecond)} M vectors/s`,
      bar: 'none',
      met: '–',
      beside: `hour by hour as a node makes them ${millions(bench.oneByOne.vectorsPerSecond)}: ${bench.oneByOne.ratio} times as fast`,
    },
  ]
}

function rowLines(bench: Parts['rows']): Line[] {
  if (bench === undefined) return []
  const { rows, peakMegabytes, rowsPerSecond, fileMegabytes, replay } = bench
  const limit = (peak: number): Pick<Line, 'bar' | 'met'> => ({
    bar: 'below 2 GiB',
    met: peak < PEAK_MAX_MEGABYTES ? 'yes' : 'no',
  })
  return [
    {
      figure: `Parquet of ${rows / 1e6} M rows (${fileMegabytes} MB), read as hours`,
      measured: `peak ${peakMegabytes} MB`,
      ...limit(peakMegabytes),
      beside: `${millions(rowsPerSecond)} M rows/s`,
    },
    {
      figure: `a backtest of ${replay.markets} of its markets × ${replay.days} days`,
      measured: `peak ${replay.peakMegabytes} MB`,
      ...limit(replay.peakMegabytes),
      beside: seconds(replay.seconds),
    },
  ]
}

function scalingLines(bench: ScalingBench | undefined): Line[] {
  if (bench === undefined) return []
  const { markets, borrowersPerMarket, tasks } = bench
  const what = `${tasks} tasks of ${markets} markets, ${borrowersPerMarket} borrowers in each`
  const line = (of: string, { ratio, wholeRatio, seconds: took }: ScalingBench['threads']): Line => ({
    figure: `1 → 2 ${of}: ${what}`,
    measured: `${ratio.toFixed(2)} ×`,
    ...atLeast(ratio, 1.8, '1.8 ×'),
    beside: `${seconds(took.one)} → ${seconds(took.two)}; the whole run ${wholeRatio.toFixed(2)} ×`,
  })
  const far = (of: string, scaled: ScalingBench['redis'], needed: string): Line =>
    scaled === undefined
      ? { figure: `1 → 2 ${of}`, measured: `not measured: needs ${needed}`, bar: '1.8 ×', met: '–', beside: '' }
      : line(of, scaled)
  return [
    line('threads', bench.threads),
    far('worker processes by Redis', bench.redis, 'redis-server'),
    far('worker processes by Redis, held to a core each', bench.redisByCore, 'redis-server and taskset'),
  ]
}

function atMost(value: number, bar: number, what: string): Pick<Line, 'bar' | 'met'> {
  return { bar: `at most ${what}`, met: value <= bar ? 'yes' : 'no' }
}

function atLeast(value: number, bar: number, what: string): Pick<Line, 'bar' | 'met'> {
  return { bar: `at least ${what}`, met: value >= bar ? 'yes' : 'no' }
}

function seconds(value: number): string {
  return `${value.toFixed(value < 10 ? 2 : 1)} s`
}

function millions(value: number): string {
  return (value / 1e6).toPrecision(3)
}
