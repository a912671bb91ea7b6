import fc from 'fast-check'
import { parseHTML } from 'linkedom'
import { describe, expect, test } from 'vitest'
import { reportHtml } from '../../backtests/report/report-html.ts'
import type { BacktestResult, LendingResult } from '../../backtests/result.ts'
import type { Json } from '../../backtests/tasks/task.ts'
import { sampleResult } from './sample-result.ts'

const full = sampleResult()
const page = reportHtml(full)
const SECTIONS = [
  'answer',
  'frontier-of-policies',
  'verdicts',
  'periods',
  'totals',
  'changes-of-parameters',
  'forecasts',
  'provenance',
]

function sectionsOf(text: string): string[] {
  return [...parseHTML(text).document.querySelectorAll('section')].map(({ id }) => id)
}

function lendingOf(result: BacktestResult): LendingResult {
  if (result.lending === undefined) throw new Error('the sample has a lending part')
  return result.lending
}

function withLending(parts: Partial<LendingResult>, periods = 1): BacktestResult {
  const result = sampleResult(periods, false)
  return { ...result, lending: { ...lendingOf(result), ...parts } }
}

/** As a result is after it was written and read: NaN is null. */
function holed<T>(value: T, isHole: (name: string) => boolean): T {
  const text = JSON.stringify(value, (name, each) => (typeof each === 'number' && isHole(name) ? null : each))
  return JSON.parse(text)
}

describe('the page', () => {
  test('has every section in its order, and a link to each', () => {
    expect(sectionsOf(page)).toEqual(SECTIONS)
    const links = [...parseHTML(page).document.querySelectorAll('nav a')].map((link) => link.getAttribute('href'))
    expect(links).toEqual(SECTIONS.map((id) => `#${id}`))
  })

  test('has no id twice', () => {
    const ids = [...parseHTML(page).document.querySelectorAll('[id]')].map(({ id }) => id)
    expect(ids.length).toBeGreaterThan(60)
    expect(new Set(ids).size).toBe(ids.length)
  })

  test('is the same bytes for the same result, under 2 MB, and loads nothing', () => {
    expect(reportHtml(sampleResult()) === page).toBe(true)
    expect(Buffer.byteLength(page)).toBeLessThan(2_000_000)
    expect(page.match(/<script|<link|<img|<iframe|@import|url\(|\bsrc=/i)?.[0]).toBeUndefined()
    expect(page.replaceAll('http://www.w3.org/2000/svg', '').match(/https?:\/\//)).toBeNull()
  })

  test('says what was lost, in words and figures', () => {
    const { document } = parseHTML(page)
    const verdicts = lendingOf(full).verdicts.filter(
      ({ against, chosen }) => against === 'static' && chosen === 'without-it',
    )
    const sum = (pick: (verdict: (typeof verdicts)[number]) => number) =>
      verdicts.reduce((total, verdict) => total + pick(verdict), 0)
    const less = 1 - sum((verdict) => verdict.badDebtUsd) / sum((verdict) => verdict.otherBadDebtUsd)
    expect(document.querySelector('.answer')?.textContent).toContain(
      `Plimsoll left ${Math.round(less * 100)}\u00a0% less bad debt than Static`,
    )
    const kept = verdicts.filter((verdict) => verdict.kept).length
    expect(document.querySelector('.promises')?.textContent).toContain(
      `kept in ${kept}\u00a0of\u00a0${verdicts.length}`,
    )
    expect(document.querySelectorAll('.figures > div')).toHaveLength(4)
  })

  test('gives every verdict, and in words those that were missed, by how knobs were chosen', () => {
    const verdicts = parseHTML(page).document.querySelector('#verdicts')
    expect(verdicts?.querySelectorAll('table')).toHaveLength(2)
    expect(verdicts?.querySelectorAll('tbody tr')).toHaveLength(lendingOf(full).verdicts.length)
    const missed = lendingOf(full).verdicts.filter(({ kept }) => !kept)
    expect(missed.length).toBeGreaterThan(0)
    expect(verdicts?.querySelectorAll('.promises li')).toHaveLength(missed.length)
    for (const { why } of missed) expect(verdicts?.textContent).toContain(why)
  })

  test('lists 200 changes and counts the rest', () => {
    const { changes, changesLeftOut } = lendingOf(full)
    const section = parseHTML(page).document.querySelector('#changes-of-parameters')
    expect(section?.querySelectorAll('tbody tr')).toHaveLength(200)
    const rest = changes.length - 200 + changesLeftOut
    expect(section?.textContent).toContain(`${rest.toLocaleString('en-US')} more changes`)
  })

  test('ends with all that the result depends on', () => {
    const text = parseHTML(page).document.querySelector('#provenance')?.textContent ?? ''
    const { data, models, code, configSha256 } = full.provenance
    for (const hash of [...data, ...models, code].map(({ sha256 }) => sha256))
      expect(text.includes(hash), hash).toBe(true)
    for (const each of [configSha256, code.commit, full.id, 'refitDays: 30'])
      expect(text.includes(each), each).toBe(true)
  })
})

describe('a result that lacks', () => {
  test('lending has a page of forecasts, and the other way round', () => {
    const { lending: _, ...forecasts } = full
    expect(sectionsOf(reportHtml(forecasts))).toEqual(['answer', 'forecasts', 'provenance'])
    expect(sectionsOf(reportHtml(sampleResult(1, false)))).toEqual(SECTIONS.filter((id) => id !== 'forecasts'))
  })

  test('both says so', () => {
    const { lending: _, forecast: __, ...nothing } = full
    expect(sectionsOf(reportHtml(nothing))).toEqual(['answer', 'provenance'])
    expect(reportHtml(nothing).includes('Nothing was run'), 'Nothing was run').toBe(true)
  })

  test('verdicts, frontier, courses and runs has what is left', () => {
    const result = withLending({ verdicts: [], frontier: [], courses: [], runs: [] })
    expect(sectionsOf(reportHtml(result))).toEqual(['answer', 'periods', 'changes-of-parameters', 'provenance'])
    expect(reportHtml(result).includes('No verdict was passed'), 'No verdict was passed').toBe(true)
  })

  test('changes says that no policy moved', () => {
    expect(
      reportHtml(withLending({ changes: [], changesLeftOut: 0 })).includes('No policy moved a parameter'),
      'No policy moved a parameter',
    ).toBe(true)
  })

  test('everything inside its parts is still a page', () => {
    const nothing = { periods: [], courses: [], runs: [], frontier: [], changes: [], verdicts: [], policies: [] }
    expect(sectionsOf(reportHtml(withLending({ ...nothing, changesLeftOut: 0 })))).toContain('answer')
    const forecast = {
      splits: { kind: 'rolling', folds: 0, refits: [] },
      cells: [],
      comparisons: [],
      confidenceSets: [],
      regimes: [],
      reliability: [],
      courses: [],
    }
    const { lending: _, ...rest } = full
    expect(sectionsOf(reportHtml({ ...rest, forecast }))).toEqual(['answer', 'forecasts', 'provenance'])
  })

  test('figures has dashes where they would be', () => {
    const text = reportHtml(holed(full, (name) => name !== 'version'))
    expect(text.match(/\bNaN\b|\bundefined\b|\bInfinity\b|>null</)?.[0]).toBeUndefined()
    expect(parseHTML(text).document.querySelector('.figures .big')?.textContent).toBe('–')
  })

  test.each(['badDebtUsd', 'capacity', 'qlike', 'loss24h', 'time', 'knob', 'days', 'observed', 'shown', 'from'])(
    'each %s is a page without NaN',
    (hole) => {
      const one = { ...sampleResult(1), forecast: full.forecast }
      const result = JSON.parse(JSON.stringify(one), (name, each) =>
        name === hole ? (Array.isArray(each) ? each.map(() => null) : null) : each,
      )
      expect(reportHtml(result).match(/\bNaN\b|\bundefined\b|\bInfinity\b/)?.[0]).toBeUndefined()
    },
  )
})

describe('what was left', () => {
  test('of nothing lost anywhere: no share, no division by zero', () => {
    const { runs, verdicts, courses, frontier } = lendingOf(sampleResult(1, false))
    const text = reportHtml(
      withLending({
        runs: runs.map((run) => ({ ...run, badDebtUsd: 0, badDebtAtRisk99Usd: 0, liquidatedUsd: 0 })),
        verdicts: verdicts.map((verdict) => ({ ...verdict, badDebtUsd: 0, otherBadDebtUsd: 0, kept: true, why: '' })),
        courses: courses.map((course) => ({ ...course, badDebtUsd: course.badDebtUsd.map(() => 0) })),
        frontier: frontier.map((point) => ({ ...point, badDebt: 0 })),
      }),
    )
    expect(
      text.includes('neither Plimsoll nor Static left bad debt'),
      'neither Plimsoll nor Static left bad debt',
    ).toBe(true)
    expect(text.includes('zero throughout'), 'zero throughout').toBe(true)
    expect(text.match(/\bNaN\b|\bInfinity\b/)?.[0]).toBeUndefined()
  })

  test('where the other lost nothing is told without a share', () => {
    const { verdicts } = lendingOf(sampleResult(1, false))
    const lost = verdicts.map((verdict) => ({ ...verdict, badDebtUsd: 2e6, otherBadDebtUsd: 0, kept: false }))
    expect(
      reportHtml(withLending({ verdicts: lost })).includes('left $2.00\u00a0M of bad debt, Static none'),
      'left $2.00\u00a0M of bad debt, Static none',
    ).toBe(true)
  })

  test('by one policy at one knob is a page', () => {
    const { policies, frontier, runs } = lendingOf(sampleResult(1, false))
    const one = { policies: policies.slice(0, 1), verdicts: [], frontier: frontier.slice(0, 1), runs: runs.slice(0, 1) }
    const { document } = parseHTML(reportHtml(withLending(one)))
    expect(document.querySelectorAll('.figures > div')).toHaveLength(1)
    expect(document.querySelectorAll('#frontier circle').length).toBeGreaterThan(0)
  })
})

describe('text from outside', () => {
  const EVIL = '</pre><script>alert(1)</script><img src=x onerror="alert(2)">\'&\u0000'

  test('is never a tag, wherever it stands', () => {
    const text = reportHtml(poisoned(sampleResult(1), EVIL))
    expect(text.match(/<script|<img/i)?.[0]).toBeUndefined()
    expect(text.includes('&#60;script&#62;'), '&#60;script&#62;').toBe(true)
    expect([...parseHTML(text).document.querySelectorAll('script, img')]).toEqual([])
    expect(text.includes('\u0000')).toBe(false)
  })

  test('is none either where an object looks like HTML of ours', () => {
    const lending = lendingOf(full)
    const reason = { html: '<script>alert(1)</script>' } as never
    const changes = lending.changes.slice(0, 3).map((change) => ({ ...change, reason }))
    expect(reportHtml(withLending({ changes }))).not.toMatch(/<script/i)
  })

  test('of any signs leaves the page whole', () => {
    const { lending: _, forecast: __, ...bare } = full
    const tags = tagsOf(reportHtml({ ...bare, name: 'x', provenance: { ...bare.provenance, config: 'x' } }))
    const signs = fc.string({ unit: fc.constantFrom(...'<>"\'&/=;!-[]`$ \n\u0000\ud800a') })
    fc.assert(
      fc.property(signs, signs, (name, config) => {
        const text = reportHtml({ ...bare, name, provenance: { ...bare.provenance, config: [config] satisfies Json } })
        expect(tagsOf(text)).toEqual(tags)
      }),
      { seed: 5, numRuns: 200 },
    )
  })
})

function tagsOf(text: string): string[] {
  return [...text.matchAll(/<\/?[a-z][a-z0-9]*/gi)].map(([tag]) => tag)
}

/** Every text in a result with the same end, so that ids that belong together still do. */
function poisoned(result: BacktestResult, end: string): BacktestResult {
  const KEPT = new Set(['horizon', 'light', 'loss', 'regime', 'parameter', 'chosen'])
  return JSON.parse(JSON.stringify(result), (name, value) =>
    typeof value === 'string' && !KEPT.has(name) ? `${value}${end}` : value,
  )
}
