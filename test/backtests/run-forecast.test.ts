import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import type { BacktestConfigInput } from '../../backtests/config/schema.ts'
import type { BacktestResult, ForecastResult } from '../../backtests/result.ts'
import { runBacktest } from '../../backtests/run/run-backtest.ts'
import { csv, DATA_FROM, folderWith, type Hour, MARKET, smallConfig, walk } from './run-inputs.ts'

const DAY = 86_400
const DAYS = 300

// One folder for all, so that what one test walked another need not.
const folder = mkdtempSync(join(tmpdir(), 'plimsoll-forecasts-'))
afterAll(() => rmSync(folder, { recursive: true }))
for (const [index, name] of ['a.csv', 'b.csv'].entries())
  writeFileSync(join(folder, name), csv(walk({ days: DAYS, seed: 7 + index })))

type Forecast = NonNullable<BacktestConfigInput['forecast']>
const WALK: Forecast['split'] = { kind: 'walk-forward', firstDays: 120, refitEveryDays: 60 }

function config(forecast: Partial<Forecast>): BacktestConfigInput {
  return {
    name: 'forecasts',
    data: { files: { A: { path: 'a.csv' }, B: { path: 'b.csv' } }, marketAsset: 'A' },
    forecast: { assets: ['A', 'B'], models: ['ewma-94', 'log-har'], draws: 100, split: WALK, ...forecast },
  }
}

async function forecast(asked: Partial<Forecast>): Promise<ForecastResult> {
  const { result } = await runBacktest(config(asked), { folder, out: join(folder, 'out'), jobs: 1 })
  if (result.forecast === undefined) throw new Error('no forecast')
  return result.forecast
}

const namesOf = ({ cells }: ForecastResult): string[] =>
  cells.map(({ asset, horizon, model }) => `${asset} ${horizon} ${model}`)
const daysOf = ({ cells }: ForecastResult): number[] => [...new Set(cells.map(({ days }) => days))]

describe('forecasts of one’s own data', () => {
  test('walk forward over an expanding window, a cell for each model, asset and horizon', async () => {
    const found = await forecast({ horizons: ['24h', '1h'], models: ['ewma-94', 'log-har', 'log-har + conformal'] })
    expect(namesOf(found)).toEqual(
      ['24h', '1h'].flatMap((horizon) =>
        ['A', 'B'].flatMap((asset) =>
          ['ewma-94', 'log-har', 'log-har + conformal'].map((model) => `${asset} ${horizon} ${model}`),
        ),
      ),
    )
    const { kind, folds, refits } = found.splits
    expect({ kind, folds, apart: new Set(refits.slice(1).map((time, index) => time - (refits[index] ?? 0))) }).toEqual({
      kind: 'expanding',
      folds: 3,
      apart: new Set([60 * DAY]),
    })
    // From the first refit to the last day whose day after is known.
    expect(refits[0]).toBeGreaterThan(DATA_FROM + 120 * DAY)
    expect(daysOf(found)).toEqual([Math.round((DATA_FROM + DAYS * DAY - (refits[0] ?? 0)) / DAY)])
    for (const cell of found.cells) {
      expect(cell.qlike).toBeGreaterThan(0)
      expect(cell.hits).toBeLessThan(0.1 * cell.days)
      expect(cell.kupiecP).toBeLessThanOrEqual(1)
    }
    expect(found.comparisons.some(({ model, against }) => model === 'log-har' && against === 'ewma-94')).toBe(true)
    expect(found.confidenceSets).toHaveLength(2 * namesOf(found).length)
    expect(new Set(found.regimes.map(({ regime }) => regime))).toEqual(new Set(['calm', 'ordinary', 'wild']))
    expect(found.courses.map(({ asset, horizon, time }) => [asset, horizon, time.length])).toEqual(
      ['24h', '1h'].flatMap((horizon) => ['A', 'B'].map((asset) => [asset, horizon, daysOf(found)[0]])),
    )
    expect(found.paths).toBeUndefined()
  })

  test('are asked of one horizon alone where the config says so', async () => {
    const found = await forecast({ horizons: ['1h'], shown: 'log-har' })
    expect(namesOf(found)).toEqual(['A 1h ewma-94', 'A 1h log-har', 'B 1h ewma-94', 'B 1h log-har'])
    for (const each of [
      found.comparisons,
      found.confidenceSets,
      found.regimes,
      found.reliability,
      found.courses,
    ].flat()) {
      expect(each.horizon).toBe('1h')
    }
    expect(found.courses.every(({ model }) => model === 'log-har')).toBe(true)
  })

  test('walk forward over a rolling window, which is another fit', async () => {
    const [expanding, rolling] = [
      await forecast({}),
      await forecast({ split: { kind: 'walk-forward', window: 'rolling', windowDays: 120, refitEveryDays: 60 } }),
    ]
    expect(rolling.splits).toEqual({ ...expanding.splits, kind: 'rolling' })
    const qlike = (result: ForecastResult): number | undefined =>
      result.cells.find(({ model }) => model === 'log-har')?.qlike
    expect(qlike(rolling)).not.toBe(qlike(expanding))
  })

  test('are of every day in purged folds, and on several paths in combinatorial ones', async () => {
    const folds = await forecast({ split: { kind: 'purged-k-fold', folds: 4 } })
    expect(folds.splits).toMatchObject({ kind: 'k-fold', folds: 4 })
    expect(folds.paths).toBeUndefined()
    const paths = await forecast({ split: { kind: 'combinatorial', groups: 4, testGroups: 2 } })
    // Six ways to choose two of four, of which each group is in three.
    expect(paths.splits).toMatchObject({ kind: 'combinatorial', folds: 6 })
    expect(daysOf(paths)).toEqual(daysOf(folds))
    expect(daysOf(folds)[0]).toBeGreaterThan(DAYS - 12)
    expect(paths.paths?.map(({ asset, model, horizon, paths: count }) => [model, asset, horizon, count])).toEqual(
      ['ewma-94', 'log-har'].flatMap((model) => ['A', 'B'].map((asset) => [model, asset, '24h', 3])),
    )
    for (const { min, median, max } of paths.paths ?? []) expect([min <= median, median <= max]).toEqual([true, true])
    expect(paths.paths?.some(({ model, min, max }) => model === 'log-har' && min < max)).toBe(true)
  })

  test('fitted by asset are those of each asset alone', async () => {
    const [each, pooled] = [await forecast({ fit: 'by-asset' }), await forecast({})]
    expect(namesOf(each)).toEqual(namesOf(pooled))
    expect(each.cells).not.toEqual(pooled.cells)
    const alone = await forecast({ fit: 'by-asset', assets: ['B'] })
    expect(alone.cells).toEqual(each.cells.filter(({ asset }) => asset === 'B'))
  })

  test('are the same bytes on two threads, in whatever order the assets are named', async () => {
    const one = await runBacktest(config({ fit: 'by-asset' }), { folder, out: join(folder, 'one'), jobs: 1 })
    const two = await runBacktest(config({ fit: 'by-asset' }), { folder, out: join(folder, 'two'), jobs: 2 })
    expect(readFileSync(two.files.result)).toEqual(readFileSync(one.files.result))
    const turned = await forecast({ assets: ['B', 'A'] })
    expect(turned).toEqual(await forecast({}))
  })

  test.each([
    [{ models: ['ewma-95'] }, /models: no model "ewma-95"; there are .*ewma-94, /],
    [{ assets: ['A', 'C'] }, /there are no data of C; known are A, B/],
    [{ from: '2022-12-01' }, /the data of A reach from 2023-01-01T00:00 to .*needed are 2022-12-01T00:00/],
    [{ split: { kind: 'walk-forward', firstDays: 2_000 } }, /^forecast\.split\.firstDays: the first refit would be on/],
    [
      { split: { kind: 'combinatorial', groups: 4, testGroups: 4 } },
      /^forecast\.split\.testGroups: at most 3 of 4, got 4/,
    ],
    [{ split: { kind: 'purged-k-fold' }, models: ['GARCH-FHS an asset, daily'] }, /needs expanding or rolling splits/],
  ] satisfies ReadonlyArray<readonly [Partial<Forecast>, RegExp]>)(
    '%j is refused with what is there',
    async (asked, message) => {
      await expect(forecast(asked)).rejects.toThrow(message)
    },
  )
})

describe('a fitted policy of a lending market', () => {
  const FROM = Date.UTC(2022, 5) / 1_000
  const HOURS = walk({ from: FROM, days: 304, fall: 0 })
  const at = (iso: string): number => Date.parse(`${iso}:00Z`) / 1_000

  /** The same hours, but for a dip that is over before the end of some of them. */
  const dipped = (from: string, to: string): Hour[] =>
    HOURS.map(([time, open, high, low, close, volume]) =>
      time < at(from) || time >= at(to)
        ? [time, open, high, low, close, volume]
        : [time, open, high, 0.8 * low, 0.9 * close, volume],
    )

  async function crisis(rows: readonly Hour[]): Promise<BacktestResult> {
    const own = folderWith({ 'mine.csv': csv(rows) })
    const lending = {
      // The days of it are 9 to 14 March.
      periods: [{ crisis: '2023-03-usdc', assets: ['MINE'], beforeDays: 10, afterDays: 14 }],
      markets: { MINE: MARKET },
      policies: [{ kind: 'plimsoll' as const }],
      forecaster: 'log-har' as const,
      refitEveryDays: 15,
    }
    return (await runBacktest(smallConfig(lending), { folder: own, out: join(own, 'out'), jobs: 1 })).result
  }
  const hashes = ({ provenance }: BacktestResult): string[] => provenance.models.map(({ sha256 }) => sha256)

  test('is refitted as time goes on, on nothing of the crisis that is tested', async () => {
    const plain = await crisis(HOURS)
    expect(plain.provenance.models.map(({ id, fittedUntil }) => [id, fittedUntil])).toEqual(
      ['2023-02-25', '2023-03-12', '2023-03-27'].map((day) => [`log-har fitted on ${day}`, at(`${day}T00:00`)]),
    )
    expect(new Set(hashes(plain)).size).toBe(3)
    const inside = await crisis(dipped('2023-03-10T00:00', '2023-03-13T00:00'))
    expect(hashes(inside)).toEqual(hashes(plain))
    expect(inside.lending?.runs).not.toEqual(plain.lending?.runs)
    // What came before it the later fits know, and what comes after none.
    const before = await crisis(dipped('2023-02-20T00:00', '2023-02-21T00:00'))
    expect(hashes(before).map((hash, index) => hash === hashes(plain)[index])).toEqual([false, false, false])
    const between = await crisis(dipped('2023-02-27T00:00', '2023-02-28T00:00'))
    expect(hashes(between).map((hash, index) => hash === hashes(plain)[index])).toEqual([true, false, false])
    const after = await crisis(dipped('2023-03-28T00:00', '2023-03-29T00:00'))
    expect(hashes(after)).toEqual(hashes(plain))
  })
})
