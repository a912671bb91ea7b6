import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { stationaryBootstrap } from '../../backtests/metrics/bootstrap.ts'
import { type Candidate, modelConfidenceSet } from '../../backtests/metrics/model-confidence-set.ts'
import { seededRandom } from '../../data/synthetic/random.ts'

const DAYS = 200
const resamples = stationaryBootstrap({ days: DAYS, meanBlockDays: 5, draws: 300, seed: 1 })

/** Models whose losses share a day's luck, each with its own noise and handicap. */
function candidates(name: string, handicaps: readonly number[], days = DAYS): Candidate[] {
  const random = seededRandom(name)
  const luck = Array.from({ length: days }, () => random.normal())
  return handicaps.map((handicap, index) => ({
    id: `${index}`,
    losses: luck.map((shared) => 2 * shared + random.normal() + handicap),
  }))
}

const handicaps = fc.array(fc.constantFrom(0, 0.05, 0.15, 0.4, 3), { minLength: 1, maxLength: 6 })
const statistics = ['max', 'range'] as const

describe.each(statistics)('the model confidence set by %s', (statistic) => {
  test('a model that is far worse is out, and those that are as good as each other stay', () => {
    const set = modelConfidenceSet({ models: candidates('far', [0, 0, 5, 0]), resamples, statistic })
    expect(set.map(({ inSet }) => inSet)).toEqual([true, true, false, true])
    expect(set[2]).toMatchObject({ pValue: 0, round: 0 })
  })

  test('a model that is worse by exactly the same every day is out', () => {
    const [best = { id: '', losses: [] }] = candidates('constant', [0])
    const models = [{ id: 'worse', losses: best.losses.map((loss) => loss + 1) }, best]
    const set = modelConfidenceSet({ models, resamples, statistic })
    expect(set.map(({ pValue }) => pValue)).toEqual([0, 1])
  })

  test('models with the same losses share their fate, and all of them stay when there are no others', () => {
    const [model = { id: '', losses: [] }, worse = model] = candidates('same', [0, 0.3])
    const copies = ['a', 'b', 'c'].map((id) => ({ id, losses: model.losses }))
    const alone = modelConfidenceSet({ models: copies, resamples, statistic })
    expect(alone.map(({ pValue }) => pValue)).toEqual([1, 1, 1])
    const twins = ['d', 'e'].map((id) => ({ id, losses: worse.losses }))
    const [, , , d, e] = modelConfidenceSet({ models: [...copies, ...twins], resamples, statistic })
    expect(d?.pValue).toBe(e?.pValue)
  })

  test('p-values only grow as models go, the best has 1, and the set is never empty', () => {
    fc.assert(
      fc.property(handicaps, fc.integer({ min: 0, max: 1_000 }), (each, salt) => {
        const set = modelConfidenceSet({ models: candidates(`grow ${salt}`, each), resamples, statistic })
        const byRound = set.toSorted((one, other) => one.round - other.round).map(({ pValue }) => pValue)
        expect(byRound).toEqual(byRound.toSorted((one, other) => one - other))
        expect(byRound.at(-1)).toBe(1)
        const best = set.reduce((least, model) => (model.meanLoss < least.meanLoss ? model : least))
        expect(best.inSet).toBe(true)
      }),
      { seed: 2, numRuns: 40 },
    )
  })

  test('the order in which models are given changes nothing', () => {
    fc.assert(
      fc.property(handicaps, fc.integer({ min: 0, max: 1_000 }), (each, salt) => {
        const models = candidates(`order ${salt}`, each)
        const found = (given: readonly Candidate[]) =>
          modelConfidenceSet({ models: given, resamples, statistic })
            .map(({ id, pValue, inSet, round }) => ({ id, pValue, inSet, round }))
            .toSorted((one, other) => one.id.localeCompare(other.id))
        expect(found(models.toReversed())).toEqual(found(models))
        expect(found([...models.slice(2), ...models.slice(0, 2)])).toEqual(found(models))
      }),
      { seed: 3, numRuns: 40 },
    )
  })
})

describe('the model confidence set', () => {
  test('the best of five equal models is lost in about a tenth of samples at most', () => {
    const lost = Array.from({ length: 100 }, (_, run) => {
      const [truth] = modelConfidenceSet({ models: candidates(`size ${run}`, [0, 0.02, 0.02, 0.02, 0.02]), resamples })
      return truth?.inSet === false
    })
    expect(lost.filter(Boolean).length).toBeLessThanOrEqual(16)
  })

  test('more confidence keeps more models', () => {
    const models = candidates('wide', [0, 0.1, 0.2, 0.3, 0.4])
    const kept = (confidence: number): number =>
      modelConfidenceSet({ models, resamples, confidence }).filter(({ inSet }) => inSet).length
    expect(kept(0.5)).toBeLessThan(kept(0.9999))
    expect(kept(0.5)).toBeLessThanOrEqual(kept(0.9))
  })

  test('a model whose p-value is exactly what the confidence leaves stays', () => {
    // Both days once, nineteen times of twenty, is the sample itself; the first day twice is the one draw as far off as the means.
    const indices = Int32Array.from({ length: 40 }, (_, step) => (step < 2 ? 0 : step % 2))
    const models = [
      { id: 'better', losses: [0, 0] },
      { id: 'worse', losses: [1, -0.5] },
    ]
    const [, worse] = modelConfidenceSet({ models, resamples: { days: 2, draws: 20, indices }, confidence: 0.95 })
    expect(worse).toMatchObject({ pValue: 0.05, inSet: true })
  })

  test('nine models over two thousand days with a thousand draws take under two seconds on a busy machine too', () => {
    const models = candidates('fast', [0, 0, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.3], 2_000)
    const began = performance.now()
    modelConfidenceSet({
      models,
      resamples: stationaryBootstrap({ days: 2_000, meanBlockDays: 10, draws: 1_000, seed: 1 }),
    })
    expect(performance.now() - began).toBeLessThan(2_000)
  })

  test('losses of another number of days, a NaN and an id given twice are refused', () => {
    const [model = { id: '', losses: [] }] = candidates('refused', [0])
    const of = (...models: Candidate[]) => modelConfidenceSet({ models, resamples })
    expect(() => of({ id: 'short', losses: [1, 2] })).toThrow(/short has 2 losses, the resamples 200 days/)
    expect(() => of({ id: 'nan', losses: model.losses.with(7, Number.NaN) })).toThrow(/losses of nan.* NaN at 7/)
    expect(() => of(model, model)).toThrow(/own id/)
    expect(() => of()).toThrow(/got 0/)
    const huge = ['a', 'b'].map((id) => ({ id, losses: new Array<number>(DAYS).fill(1e308) }))
    expect(() => of(...huge)).toThrow(/too large/)
  })
})

describe('the stationary bootstrap', () => {
  const { indices, days, draws } = stationaryBootstrap({ days: 500, meanBlockDays: 10, draws: 400, seed: 4 })

  test('blocks are as long on average as asked, and each day comes as often', () => {
    let breaks = 0
    const counts = new Array<number>(days).fill(0)
    for (const [step, day] of indices.entries()) {
      counts[day] = (counts[day] ?? 0) + 1
      if (step % days > 0 && day !== ((indices[step - 1] ?? 0) + 1) % days) breaks++
    }
    expect((days * draws) / breaks).toBeGreaterThan(9.5)
    expect((days * draws) / breaks).toBeLessThan(10.5)
    expect(Math.max(...counts) / draws).toBeLessThan(1.35)
    expect(Math.min(...counts) / draws).toBeGreaterThan(0.65)
  })

  test('days, draws and blocks that make no sense, or too many, are refused', () => {
    const given = { days: 10, meanBlockDays: 5, draws: 10, seed: 1 }
    expect(() => stationaryBootstrap({ ...given, days: 0 })).toThrow(/got 0 and 10/)
    expect(() => stationaryBootstrap({ ...given, meanBlockDays: 0.5 })).toThrow(/got 0.5/)
    expect(() => stationaryBootstrap({ ...given, draws: 1e8 })).toThrow(/are over 50000000/)
  })
})
