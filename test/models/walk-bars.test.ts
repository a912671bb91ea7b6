import { describe, expect, test } from 'vitest'
import { wilson } from '../../models/evaluation/bars.ts'
import { evaluateWalk, modelsOf, type WalkResult } from '../../models/evaluation/evaluate-walk.ts'
import type { Outcome, Panel } from '../../models/evaluation/panel.ts'
import { walkPlots } from '../../models/evaluation/plots/plots.ts'
import type { Forecasts } from '../../models/evaluation/walk.ts'
import { walkPage } from '../../models/evaluation/walk-page.ts'
import { jsonByLine, walkReport } from '../../models/evaluation/walk-report.ts'
import { walkText } from '../../models/evaluation/walk-text.ts'
import { GARCH_PEER, HAR_PEER, RISK_METRICS } from '../../models/training/candidates.ts'
import { DEFAULT_RISK } from '../../models/training/defaults.ts'
import { DAY } from './walk-samples.ts'

/** The plots are about it. */
const RIGHT = DEFAULT_RISK
const START = Date.parse('2022-04-01T00:00:00Z') / 1_000
const DAYS = 200

/** A has two losses of 6 % far apart, B ten in a row, and C is recorded for sixty days. */
const panel: Panel = Array.from({ length: DAYS }, (_, day) =>
  ['A', 'B', 'C'].flatMap((asset): Outcome[] => {
    if (asset === 'C' && day >= 60) return []
    const isHit = asset === 'A' ? day === 50 || day === 120 : asset === 'B' && day >= 80 && day < 90
    return [
      {
        asset,
        kind: asset === 'C' ? 'stable' : 'volatile',
        time: START + day * DAY,
        loss: isHit ? 0.06 : 0.01,
        realized: day % 2 === 0 ? 0.02 : 0.04,
        hourLoss: 0.001,
        hourRealized: 0.005,
      },
    ]
  }),
).flat()

type Shape = {
  readonly over: (day: number, asset: string) => number
  readonly valueAtRisk?: (asset: string, day: number) => number
  readonly peer?: boolean
}

/** Volatility so many times the realised one, and value at risk of 5 % unless told. */
function forecastsOf(id: string, { over, valueAtRisk = () => 0.05, peer = false }: Shape): Forecasts {
  return {
    id,
    outputs: panel.map(({ asset, time, realized }) => {
      const day = (time - START) / DAY
      const risk = valueAtRisk(asset, day)
      const volatility = realized * over(day, asset) * Math.sqrt(365)
      const rest = peer ? new Array<number>(9).fill(Number.NaN) : [0, 0.02, 0.03, 0.5, 0.01, 0.02, 0, 0.004, 0.005]
      return Float64Array.of(volatility, risk, Math.min(1, 1.2 * risk), ...rest)
    }),
  }
}

const FORECASTS = [
  forecastsOf(HAR_PEER, { over: (day) => (day % 3 === 0 ? 1.3 : 1.1), peer: true }),
  forecastsOf(GARCH_PEER, {
    over: (day) => (day % 7 === 0 ? 1.6 : 1.7),
    valueAtRisk: (_, day) => (day % 2 === 0 ? 0.8 : 0.7),
    peer: true,
  }),
  forecastsOf(RISK_METRICS, {
    over: (day, asset) => (asset !== 'B' ? (day % 3 === 0 ? 1.5 : 1.45) : day < 100 ? 1.2 : 1.25),
  }),
  forecastsOf(RIGHT, {
    over: (day) => (day % 5 === 0 ? 1.01 : 1),
    valueAtRisk: (asset) => (asset === 'B' ? 0.2 : 0.05),
  }),
  forecastsOf('wrong', { over: (day, asset) => (asset === 'B' ? (day % 2 === 0 ? 1.3 : 1.4) : 1) }),
]

/** v/F − ln(v/F) − 1 where the forecast deviation is so many times the realised one. */
const qlikeAt = (over: number): number => 1 / over ** 2 + Math.log(over ** 2) - 1

const result: WalkResult = evaluateWalk(panel, FORECASTS)
const modelOf = (id: string) => {
  const found = result.models.find((model) => model.id === id)
  if (found === undefined) throw new Error(`no ${id}`)
  return found
}
const barOf = (id: string, part: string) => {
  const found = modelOf(id).bars.find(({ bar }) => bar.includes(part))
  if (found === undefined) throw new Error(`no bar ${part}`)
  return found
}

describe('bars', () => {
  test('QLIKE below HAR needs a Diebold-Mariano statistic, over all assets with a day counting once', () => {
    const right = barOf(RIGHT, 'QLIKE less')
    const har = (day: number): number => qlikeAt(day % 3 === 0 ? 1.3 : 1.1)
    const own = (day: number): number => qlikeAt(day % 5 === 0 ? 1.01 : 1)
    const days = [...Array(DAYS).keys()]
    expect(right.value).toBeCloseTo(days.reduce((sum, day) => sum + own(day) - har(day), 0) / DAYS, 12)
    expect(right.reached).toBe(true)
    expect(right.interval.low).toBeLessThan(right.value)
    expect(right.interval.high).toBeGreaterThan(right.value)
    expect(right.interval.high).toBeLessThan(0)
    expect(barOf('wrong', 'QLIKE less').reached).toBe(false)
    expect(barOf(RISK_METRICS, 'QLIKE less').reached).toBe(false)
  })

  test('the confidence set counts assets with 120 days or more, and a model that is worse is not in it', () => {
    expect(barOf(RIGHT, 'confidence set')).toMatchObject({ value: 0.5, reached: false, note: '1 of 2; not A' })
    expect(barOf('wrong', 'confidence set')).toMatchObject({ value: 0.5, reached: false, note: '1 of 2; not B' })
    expect(modelOf(RIGHT).assets.get('C')?.setP).toBeNaN()
  })

  test('worse than EWMA(.94) on one asset by more than 2 % is not reached, and the asset is named', () => {
    expect(barOf(RIGHT, 'over that of ewma-94')).toMatchObject({ reached: true })
    const wrong = barOf('wrong', 'over that of ewma-94')
    expect(wrong).toMatchObject({ reached: false, note: 'beyond it: B' })
    expect(wrong.value).toBeCloseTo((qlikeAt(1.3) + qlikeAt(1.4)) / (qlikeAt(1.2) + qlikeAt(1.25)) - 1, 10)
    expect(barOf(RISK_METRICS, 'over that of ewma-94')).toMatchObject({ value: 0, reached: true })
  })

  test('the 2 % are of the mean loss: a little less is reached, a little more is not', () => {
    const ewma = (day: number, asset: string): number => (asset !== 'B' ? 1.5 : day < 100 ? 1.2 : 1.25)
    const moved = (by: number) => (day: number, asset: string) => ewma(day, asset) + (asset === 'B' ? by : -0.1)
    const close = evaluateWalk(panel, [
      ...FORECASTS.slice(0, 3),
      forecastsOf('near', { over: moved(0.002) }),
      forecastsOf('over', { over: moved(0.003) }),
    ])
    const [, , , near, over] = close.models.map(({ bars }) => bars[2])
    expect(near).toMatchObject({ reached: true, note: 'B' })
    expect(over).toMatchObject({ reached: false, note: 'beyond it: B' })
    const ratio = (by: number): number => (qlikeAt(1.2 + by) + qlikeAt(1.25 + by)) / (qlikeAt(1.2) + qlikeAt(1.25))
    expect(near?.value).toBeCloseTo(ratio(0.002) - 1, 10)
    expect(over?.value).toBeCloseTo(ratio(0.003) - 1, 10)
  })

  test('ten days in a row beyond fail Kupiec, Christoffersen and the light; none in 200 days fails Kupiec alone', () => {
    expect(barOf('wrong', 'Kupiec')).toMatchObject({ value: 0.5, reached: false, note: '1 of 2; not B' })
    expect(barOf('wrong', 'light')).toMatchObject({ value: 0.5, reached: false, note: '1 of 2; not B' })
    expect(modelOf('wrong').assets.get('B')).toMatchObject({ hits: 10, light: 'red' })
    expect(modelOf('wrong').assets.get('A')).toMatchObject({ hits: 2, kupiecP: 1, light: 'green' })
    // −2 · 200 · ln(0.99) = 4.02 is beyond χ²'s 3.84.
    expect(modelOf(RIGHT).assets.get('B')).toMatchObject({ hits: 0, light: 'green' })
    expect(modelOf(RIGHT).assets.get('B')?.kupiecP).toBeCloseTo(0.04497, 4)
    expect(barOf(RIGHT, 'Kupiec')).toMatchObject({ value: 0.5, reached: false })
    expect(barOf(RIGHT, 'light')).toMatchObject({ value: 1, reached: true })
  })

  test('FZ0 below that of GARCH over all assets', () => {
    expect(barOf(RIGHT, 'FZ0')).toMatchObject({ reached: true })
    expect(barOf(RIGHT, 'FZ0').value).toBeLessThan(-1)
  })

  test('a share’s interval is Wilson’s: of 8 of 10 it is 49 % to 94 %', () => {
    const { low, high } = wilson(8, 10)
    expect(low).toBeCloseTo(0.4902, 4)
    expect(high).toBeCloseTo(0.9433, 4)
  })
})

describe('figures', () => {
  test('are of all assets, of each kind, of the whole and of the years before and from 2024 where there are days', () => {
    const { pooled } = modelOf('wrong')
    expect(pooled.map(({ group, period, forecasts }) => [group, period, forecasts])).toEqual(
      ['from 2020-03', 'before 2024'].flatMap((period) => [
        ['all', period, 460],
        ['volatile', period, 400],
        ['stable', period, 60],
      ]),
    )
    const [all] = pooled
    expect(all?.coverage.at(-1)?.mean).toBeCloseTo(1 - 12 / 460, 12)
    expect(all?.qlike.mean).toBeCloseTo((200 * (qlikeAt(1.3) + qlikeAt(1.4))) / 2 / 460, 10)
    expect(modelOf(HAR_PEER).pooled[0]?.hour).toBeUndefined()
    expect(all?.hour?.coverage.mean).toBe(1)
  })

  test('of a crisis are of its days', () => {
    const luna = modelOf('wrong').crises.find(({ crisis }) => crisis.includes('LUNA'))
    // 5 to 13 May are days 34 to 42, of three assets.
    expect(luna).toMatchObject({ forecasts: 27, hits: 0 })
    const june = modelOf('wrong').crises.find(({ crisis }) => crisis.includes('Celsius'))
    // 10 to 20 June are days 70 to 80: B's first day beyond is the last of them.
    expect(june).toMatchObject({ forecasts: 22, hits: 1 })
    expect(modelOf('wrong').crises.some(({ crisis }) => crisis.includes('FTX'))).toBe(false)
  })

  test('peers have no bars and no conformal layer; a mean of models needs all of them', () => {
    const ids = modelsOf(panel, FORECASTS).map(({ id }) => id)
    expect(ids).toEqual([
      HAR_PEER,
      GARCH_PEER,
      'ewma-94',
      RIGHT,
      'wrong',
      'ewma-94 + conformal',
      `${RIGHT} + conformal`,
      'wrong + conformal',
    ])
    expect(modelOf(HAR_PEER).bars).toEqual([])
  })

  test('without a peer there is nothing to be measured against', () => {
    expect(() => evaluateWalk(panel, FORECASTS.slice(1))).toThrow(/measured against HAR/)
  })
})

describe('reports', () => {
  test('are the same bytes every time, and plain JSON that reads back', () => {
    const report = walkReport(result, { refits: [] })
    const text = jsonByLine(report, 4)
    expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(report)))
    expect(jsonByLine(walkReport(evaluateWalk(panel, FORECASTS), { refits: [] }), 4)).toBe(text)
    expect(walkText(result)).toMatch(/log-har-trees +✓ .*4 of 6/)
  })

  test('the page for readers has the bars of what ships, every table, and no number that is none', () => {
    const page = walkPage(result)
    expect(walkPage(evaluateWalk(panel, FORECASTS))).toBe(page)
    expect(page).not.toMatch(/NaN|undefined|Infinity/)
    const shipped = modelOf(`${RIGHT} + conformal`)
    for (const { bar, reached } of shipped.bars) {
      expect(page.split('\n').find((line) => line.startsWith(`| ${bar} `))).toContain(reached ? '| yes ' : '**no**')
    }
    for (const { id } of result.models) expect(page.split(`| ${id} `).length, id).toBeGreaterThan(3)
  })

  test('there is no plot where the model that plots are about was not walked', () => {
    const others = evaluateWalk(
      panel,
      FORECASTS.filter(({ id }) => id !== RIGHT),
    )
    expect(() => walkPlots(others)).toThrow(/about log-har-trees, which was not walked/)
  })

  test('plots are the same bytes every time, whole, and without a number that is none', () => {
    const plots = walkPlots(result)
    expect([...plots.keys()]).toEqual([
      'reliability.svg',
      'qlike-over-time.svg',
      'value-at-risk-in-crises.svg',
      'qlike-by-asset.svg',
    ])
    expect([...walkPlots(evaluateWalk(panel, FORECASTS))]).toEqual([...plots])
    for (const [file, svg] of plots) {
      expect(svg, file).not.toMatch(/NaN|undefined|Infinity/)
      expect(svg.startsWith('<svg xmlns') && svg.endsWith('</svg>\n')).toBe(true)
    }
  })
})
