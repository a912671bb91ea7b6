import { parseHTML } from 'linkedom'
import { describe, expect, test } from 'vitest'
import { plotPng } from '../../backtests/report/png.ts'
import { reportPlots } from '../../backtests/report/report-plots.ts'
import type { BacktestResult, LendingResult } from '../../backtests/result.ts'
import { sampleResult } from './sample-result.ts'

const full = sampleResult()
const plots = reportPlots(full)

function marksIn(svg: string): number {
  const { document } = parseHTML(`<!doctype html><html><body>${svg}</body></html>`)
  return [...document.querySelectorAll('svg svg path, svg svg circle, svg svg rect, svg svg line')].length
}

function changed(parts: Partial<LendingResult>): BacktestResult {
  const result = sampleResult(1, false)
  if (result.lending === undefined) throw new Error('the sample has a lending part')
  return { ...result, lending: { ...result.lending, ...parts } }
}

describe('plots as files', () => {
  test('are those of the page, each under a name that a file may have', () => {
    const ids = plots.map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
    for (const id of ids) expect(id).toMatch(/^[a-z0-9]+(?:-[a-z0-9]+)*$/)
    const kinds = ['frontier', 'equity', 'bad-debt', 'capacity', 'threshold', 'liquidated', 'prices', 'changes', 'hits']
    for (const kind of [...kinds, 'reliability', 'regimes']) {
      expect(ids.filter((id) => id.startsWith(kind)).length, kind).toBeGreaterThan(0)
    }
    expect(ids.filter((id) => id.startsWith('equity'))).toHaveLength(8)
  })

  test.each(plots.map(({ id, title, svg }) => ({ id, title, svg })))('$id is whole', ({ svg, title }) => {
    expect(svg).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" /)
    expect(svg.match(/NaN|undefined|Infinity|\bnull\b|var\(|currentcolor|<style|<script/i)?.[0]).toBeUndefined()
    expect(marksIn(svg)).toBeGreaterThan(4)
    expect(svg).toContain(`<rect width=`)
    expect(title.length).toBeGreaterThan(5)
    // Numbers of many digits differ between machines and fill the file.
    expect(svg.match(/\d\.\d{6,}/)?.[0]).toBeUndefined()
  })

  test('are the same bytes twice', () => {
    expect(reportPlots(sampleResult())).toEqual(plots)
  })

  test('of one policy, one knob and no change are drawn', () => {
    const { policies = [], frontier = [] } = full.lending ?? {}
    const ids = reportPlots(
      changed({ policies: policies.slice(0, 1), frontier: frontier.slice(0, 1), changes: [] }),
    ).map(({ id }) => id)
    expect(ids).toContain('frontier')
    expect(ids).not.toContain('changes')
    expect(ids.some((id) => id.startsWith('threshold'))).toBe(true)
  })

  test('of nulls have gaps, not NaN', () => {
    const courses = sampleResult(1, false).lending?.courses.map((course) => ({
      ...course,
      badDebtUsd: course.badDebtUsd.map((value, index) => (index % 7 === 0 ? Number.NaN : value)),
      loss24h: (course.loss24h ?? []).map((value, index) => (index % 5 === 0 ? (null as unknown as number) : value)),
    }))
    const drawn = reportPlots(changed({ courses: courses ?? [] }))
    expect(drawn.length).toBeGreaterThan(5)
    const whole = new Map(reportPlots(changed({})).map(({ id, svg }) => [id, marksIn(svg)]))
    for (const { id, svg } of drawn) expect(marksIn(svg), id).toBeGreaterThanOrEqual((whole.get(id) ?? 99) * 0.9)
    for (const { svg } of drawn) expect(svg.match(/NaN|Infinity|undefined/)?.[0]).toBeUndefined()
  })

  test('of two periods whose ids are one slug have two names', () => {
    const { periods = [], courses = [] } = sampleResult(1, false).lending ?? {}
    const twin = periods.map((period) => ({ ...period, id: period.id.toUpperCase() }))
    const twins = courses.map((course) => ({ ...course, period: course.period.toUpperCase() }))
    const ids = reportPlots(changed({ periods: [...periods, ...twin], courses: [...courses, ...twins] })).map(
      ({ id }) => id,
    )
    expect(new Set(ids).size).toBe(ids.length)
  })
})

describe('a picture', () => {
  const svg = plots.find(({ id }) => id === 'frontier')?.svg ?? ''
  const png = plotPng(svg)
  const at = (offset: number) => Buffer.from(png).readUInt32BE(offset)

  test('is a PNG at twice the size', () => {
    expect([...png.subarray(0, 8)]).toEqual([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
    const [, width = '', height = ''] = /width="(\d+)" height="(\d+)"/.exec(svg) ?? []
    expect([at(16), at(20)]).toEqual([Number(width) * 2, Number(height) * 2])
  })

  test('has the plot in it, and its words', () => {
    const [head = ''] = svg.split('\n')
    const empty = plotPng(`${head}</svg>`)
    expect(png.length).toBeGreaterThan(4 * empty.length)
    // With its fonts missing, resvg draws no text and says nothing.
    expect(png.length).toBeGreaterThan(1.2 * plotPng(svg.replace(/<text[\s\S]*?<\/text>/g, '')).length)
  })

  test('is the same bytes twice', () => {
    expect(Buffer.compare(plotPng(svg), png)).toBe(0)
  })

  test('is drawn of the page’s own variables too', () => {
    const drawn = plotPng(
      '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9" fill="var(--a)"/></svg>',
    )
    expect(drawn.length).toBeGreaterThan(60)
    expect(() => plotPng('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9" fill="var(--nope)"/>')).toThrow(
      '--nope',
    )
  })
})
