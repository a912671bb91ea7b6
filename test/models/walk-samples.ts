import type { Sample } from '../../models/training/dataset.ts'
import { FEATURE_COUNT, featureIndex, RETURNS_OFFSET, WINDOW_HOURS } from '../../oracle-node/core/feature-spec.ts'

export const DAY = 86_400
/** 00:00 UTC; days of tests count from here. */
export const FIRST_DAY: number = Date.parse('2022-01-01T00:00:00Z') / 1_000

export function numbers(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0
    return (state >>> 0) / 2 ** 32
  }
}

type Day = Partial<Omit<Sample, 'features'>> & {
  readonly day: number
  readonly week?: number
  readonly today?: number
  /** Log return of the day before. */
  readonly past?: number
}

/** One day of one asset, with the features that daily peers read; the past day's return is spread over its hours. */
export function sampleOf({ day, week = 0.03, today = 0.03, past = 0, ...given }: Day): Sample {
  const features = new Array<number>(FEATURE_COUNT).fill(0)
  features[featureIndex('realized_24h')] = today
  features[featureIndex('realized_7d')] = week
  for (let hour = WINDOW_HOURS - 24; hour < WINDOW_HOURS; hour++) features[RETURNS_OFFSET + hour] = past / 24
  return {
    asset: 'X',
    kind: 'volatile',
    time: FIRST_DAY + day * DAY,
    features,
    loss: 0,
    realized: 0.03,
    hourLoss: 0,
    hourRealized: 0.005,
    ...given,
  }
}

/** Days of an asset with a volatility that comes and goes, its features telling of the days before. */
export function wanderingDays(asset: string, count: number, seed: number): Sample[] {
  const next = numbers(seed)
  let sigma = 0.03
  const volatilities: number[] = []
  const returns: number[] = []
  for (let day = 0; day < count + 1; day++) {
    sigma = 0.004 + 0.85 * sigma + 0.01 * (next() - 0.4)
    volatilities.push(sigma)
    returns.push(sigma * (next() + next() + next() + next() - 2) * 1.7)
  }
  return Array.from({ length: count }, (_, day) => {
    const weekStart = Math.max(0, day - 6)
    const week = volatilities.slice(weekStart, day + 1)
    return sampleOf({
      asset,
      day,
      today: volatilities[day] ?? 0,
      week: Math.sqrt(week.reduce((sum, each) => sum + each * each, 0) / week.length),
      past: returns[day] ?? 0,
      realized: volatilities[day + 1] ?? 0,
      loss: -(returns[day + 1] ?? 0),
      hourLoss: -(returns[day + 1] ?? 0) / 5,
    })
  })
}
