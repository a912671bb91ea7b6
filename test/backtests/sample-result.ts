import { mulberry32 } from '../../backtests/metrics/generator.ts'
import type {
  BacktestResult,
  ForecastResult,
  LendingChange,
  LendingCourse,
  LendingResult,
  LendingRun,
  Period,
  Verdict,
} from '../../backtests/result.ts'
import { sampleForecast } from './sample-forecast.ts'

/*
 * Test data: a result as a backtest might give it, out of a seeded generator. Nothing in it was measured.
 */

const DAY = 86_400
const POINTS = 300
const CRISES = [
  ['2020-03-covid', 'Black Thursday', '2020-03-12', 3, ['ETH', 'WBTC', 'LINK'], 0.48],
  ['2021-05-crash', 'May crash', '2021-05-19', 5, ['ETH', 'WBTC', 'LINK', 'AAVE'], 0.4],
  ['2022-05-luna', 'UST and LUNA', '2022-05-09', 6, ['ETH', 'WBTC', 'LINK'], 0.3],
  ['2022-06-steth', 'stETH off ETH', '2022-06-10', 9, ['ETH', 'stETH'], 0.38],
  ['2022-11-ftx', 'FTX', '2022-11-07', 5, ['ETH', 'WBTC', 'SOL'], 0.33],
  ['2023-03-usdc', 'USDC off its peg', '2023-03-10', 4, ['ETH', 'USDC'], 0.12],
  ['2023-07-crv', 'Curve exploit', '2023-07-30', 4, ['ETH', 'CRV'], 0.25],
  ['2024-08-carry', 'Yen carry unwind', '2024-08-04', 3, ['ETH', 'WBTC'], 0.27],
] as const
const POLICIES = [
  { id: 'plimsoll', title: 'Plimsoll', knob: 'safety factor on the forecast shortfall', shown: 1, level: 0.35 },
  { id: 'static', title: 'Static', shown: 1, level: 1 },
  { id: 'ewma', title: 'EWMA rule', knob: 'multiple of EWMA volatility', shown: 1, level: 0.5 },
  { id: 'smart-ltv', title: 'SmartLTV', knob: 'confidence factor c', shown: 1, level: 0.7 },
] as const
const KNOBS = [0.5, 0.75, 1, 1.25, 1.5]

export function sampleResult(periods: number = CRISES.length, forecast = true): BacktestResult {
  return {
    version: 1,
    id: '3f9c1d5e8a7b24600c11d2e3f4a5b697',
    name: 'Recorded crises, leave one out',
    lending: sampleLending(periods),
    ...(forecast ? { forecast: sampleForecast() satisfies ForecastResult } : {}),
    provenance: {
      config: {
        name: 'Recorded crises, leave one out',
        seed: 7,
        lending: {
          borrowers: 2000,
          policies: POLICIES.map(({ id }) => ({ id, knobs: KNOBS })),
          periods: CRISES.map(([id]) => id),
        },
        forecast: { kind: 'expanding', refitDays: 30 },
      },
      configSha256: 'b5d4045c3f466fa91fe2cc6abe79232a1a57cdf104f7a26e716e0a1e2789df78',
      data: ['ohlcv/binance_ETHUSDT_1h', 'ohlcv/binance_BTCUSDT_1h', 'ohlcv/coinbase_LINKUSD_1h'].map(
        (name, index) => ({
          name,
          sha256: `${index}e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b85`,
          rows: 52_584 - index * 131,
          from: 1_577_836_800,
          to: 1_767_139_200,
        }),
      ),
      files: [{ name: 'my-policy.ts', sha256: `c${'0'.repeat(63)}` }],
      models: ['log-har', 'combination'].map((id, index) => ({
        id,
        fittedUntil: 1_583_020_800 + index * 365 * DAY,
        sha256: `${index}a7ffc6f8bf1ed76651c14756a061d662f580ff4de43b49fa82d80a4b80f8434`,
      })),
      code: {
        commit: '6f1c2a9d0b3e4f5a6b7c8d9e0f1a2b3c4d5e6f70',
        sha256: '2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae',
      },
      seed: 7,
    },
  }
}

function sampleLending(count: number): LendingResult {
  const random = mulberry32(11)
  const crises = CRISES.slice(0, count)
  const periods: Period[] = crises.map(([id, title, day, days, assets]) => {
    const from = Date.parse(day) / 1000
    return { id, title, from: from - 20 * DAY, to: from + 25 * DAY, crisis: { from, to: from + days * DAY }, assets }
  })
  const courses: LendingCourse[] = []
  const changes: LendingChange[] = []
  for (const [index, period] of periods.entries()) {
    const fall = crises[index]?.[5] ?? 0.3
    const paths = period.assets.map(() => pricePath(random, fall))
    for (const policy of POLICIES) {
      for (const [asset, name] of period.assets.entries()) {
        const course = assetCourse({ random, period, policy, asset: name, price: paths[asset] ?? [] })
        courses.push(course)
        if (policy.id !== 'static') changes.push(...changesOf(course))
      }
      const own = courses.filter((each) => each.period === period.id && each.policy === policy.id)
      courses.push(summed(own))
    }
  }
  const runs = periods
    .flatMap((period) => POLICIES.flatMap((policy) => KNOBS.map((knob) => run({ period, policy, knob, courses }))))
    .filter(({ policy, knob }) => policy !== 'static' || knob === 1)
  return {
    policies: POLICIES.map(({ level: _, ...policy }) => policy),
    periods,
    runs,
    byAsset: [],
    frontier: POLICIES.flatMap(({ id }) => frontierOf(id, runs)),
    courses,
    changes,
    changesLeftOut: 1234,
    verdicts: periods.flatMap(({ id }) => verdictsOf(id, runs)),
  }
}

type SamplePolicy = (typeof POLICIES)[number]

function pricePath(random: () => number, fall: number): number[] {
  let price = 2000
  return Array.from({ length: POINTS }, (_, index) => {
    const inCrisis = index > 133 && index < 152
    price *= 1 + (random() + random() + random() - 1.5) * 0.02 - (inCrisis ? (fall / 18) * (0.4 + 1.4 * random()) : 0)
    return price
  })
}

function assetCourse(parts: {
  random: () => number
  period: Period
  policy: SamplePolicy
  asset: string
  price: number[]
}): LendingCourse {
  const { random, period, policy, asset, price } = parts
  const step = (period.to - period.from) / POINTS
  let [bad, earned, threshold, calm] = [0, 0, policy.id === 'static' ? 0.83 : 0.84, 0.02]
  const course: { [name: string]: number[] } = {}
  const push = (name: string, value: number) => {
    course[name] = [...(course[name] ?? []), value]
  }
  for (const [index, now] of price.entries()) {
    const loss = Math.max(0, 1 - Math.min(...price.slice(index, index + 8)) / now)
    const back = Math.abs(1 - now / (price[index - 1] ?? now))
    calm = Math.max(calm * 0.97, back * 3.2, 0.03)
    if (policy.id !== 'static') {
      const target = Math.max(0.45, Math.min(0.86, 0.93 - calm * (1.4 - policy.level)))
      threshold += Math.max(-0.02, Math.min(0.005, target - threshold))
    }
    const debt = 4e7 * threshold * (0.6 + 0.1 * random())
    bad += Math.max(0, loss + threshold - 1) * debt * 0.004
    earned += debt * 1.1e-6
    push('badDebtUsd', bad)
    push('equityUsd', earned - bad)
    push('capacityUsd', 4e7 * (threshold - 0.03))
    push('debtUsd', debt)
    push('liquidatedUsd', back > 0.02 ? debt * back * 0.2 : 0)
    push('liquidationThresholdBps', Math.round(threshold * 1e4))
    push('ltvBps', Math.round((threshold - 0.03) * 1e4))
    push('loss24h', loss)
    push('priceUsd', now)
  }
  const time = price.map((_, index) => Math.round(period.from + index * step))
  return { period: period.id, policy: policy.id, knob: 1, asset, time, ...course } as unknown as LendingCourse
}

function summed(own: readonly LendingCourse[]): LendingCourse {
  const first = own[0] as LendingCourse
  const sum = (pick: (course: LendingCourse) => readonly number[]) =>
    first.time.map((_, index) => own.reduce((total, course) => total + (pick(course)[index] ?? 0), 0))
  return {
    period: first.period,
    policy: first.policy,
    knob: first.knob,
    time: first.time,
    badDebtUsd: sum((course) => course.badDebtUsd),
    equityUsd: sum((course) => course.equityUsd),
    capacityUsd: sum((course) => course.capacityUsd),
    debtUsd: sum((course) => course.debtUsd),
    liquidatedUsd: sum((course) => course.liquidatedUsd),
  }
}

function changesOf({ period, policy, asset = '', time, liquidationThresholdBps = [] }: LendingCourse): LendingChange[] {
  return time.flatMap((at, index) => {
    const [from, to] = [liquidationThresholdBps[index - 1], liquidationThresholdBps[index]]
    if (from === undefined || to === undefined || Math.abs(from - to) < 25) return []
    const reason = to < from ? 'ES99 rose to 14.2 %; largest step' : 'risk fell for 24 h; risk down slowly'
    return [{ period, policy, asset, time: at, parameter: 'liquidationThresholdBps', from, to, reason }]
  })
}

function run(parts: {
  period: Period
  policy: SamplePolicy
  knob: number
  courses: readonly LendingCourse[]
}): LendingRun {
  const { period, policy, knob, courses } = parts
  const own = courses.find(
    (each) => each.period === period.id && each.policy === policy.id && each.asset === undefined,
  ) as LendingCourse
  const mean = (values: readonly number[]) => values.reduce((sum, each) => sum + each, 0) / values.length
  const badDebtUsd = ((own.badDebtUsd.at(-1) ?? 0) * 2.2) / (knob * knob + 1.2)
  const demandUsd = 4.4e7 * period.assets.length
  const capacityUsd = mean(own.capacityUsd) * (1.12 - 0.12 * knob)
  const liquidatedUsd = own.liquidatedUsd.reduce((sum, each) => sum + each, 0) * (0.8 + 0.2 * knob)
  return {
    period: period.id,
    policy: policy.id,
    knob,
    badDebtUsd,
    liquidationsAtRisk99Usd: liquidatedUsd * 0.31,
    badDebtAtRisk99Usd: badDebtUsd * 0.44,
    liquidatedUsd,
    liquidatedByPolicyUsd: policy.id === 'static' ? 0 : liquidatedUsd * 0.08 * knob,
    liquidations: Math.round(liquidatedUsd / 21_000),
    capacityUsd,
    debtUsd: mean(own.debtUsd),
    demandUsd,
    efficiency: capacityUsd / demandUsd,
    changes: policy.id === 'static' ? 0 : 61,
    equityUsd: own.equityUsd.at(-1) ?? 0,
  }
}

function frontierOf(policy: string, runs: readonly LendingRun[]) {
  const knobs = policy === 'static' ? [1] : KNOBS
  return knobs.map((knob) => {
    const own = runs.filter((each) => each.policy === policy && each.knob === knob)
    const sum = (pick: (run: LendingRun) => number) => own.reduce((total, each) => total + pick(each), 0)
    const demand = sum((each) => each.demandUsd)
    return {
      policy,
      knob,
      capacity: sum((each) => each.capacityUsd) / demand,
      badDebt: sum((each) => each.badDebtUsd) / demand,
    }
  })
}

function verdictsOf(period: string, runs: readonly LendingRun[]): Verdict[] {
  const own = runs.filter((each) => each.period === period && each.policy === 'plimsoll')
  const verdict = (chosen: Verdict['chosen'], against: string, shareMax: number): Verdict => {
    const other = runs.find(
      (each) => each.period === period && each.policy === against && each.knob === 1,
    ) as LendingRun
    const distance = (each: LendingRun) => Math.abs(each.capacityUsd - other.capacityUsd)
    const nearest = own.toSorted((a, b) => distance(a) - distance(b))[0]
    const mine = (chosen === 'same-capacity' ? nearest : own.find(({ knob }) => knob === 1.25)) as LendingRun
    const kept = mine.badDebtUsd <= other.badDebtUsd * shareMax
    const share = ((mine.badDebtUsd / other.badDebtUsd) * 100).toFixed(0)
    const words = other.badDebtUsd > 0 ? `${share} % of the other’s bad debt` : 'the other left none'
    return {
      period,
      chosen,
      policy: 'plimsoll',
      against,
      shareMax,
      knob: mine.knob,
      badDebtUsd: mine.badDebtUsd,
      capacityUsd: mine.capacityUsd,
      otherKnob: 1,
      otherBadDebtUsd: other.badDebtUsd,
      otherCapacityUsd: other.capacityUsd,
      liquidatedUsd: 2_000_000,
      otherLiquidatedUsd: 1_500_000,
      compared: true,
      kept,
      why: `${words}${kept ? '' : ': the fall came within one hour, before any step'}`,
    }
  }
  return (['without-it', 'same-capacity'] as const).flatMap((chosen) => [
    verdict(chosen, 'static', 0.5),
    verdict(chosen, 'ewma', 1),
  ])
}
