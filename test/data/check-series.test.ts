import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { checkSeries } from '../../data/history/check-series.ts'
import { commonStep } from '../../data/history/find-gaps.ts'
import { CHECK_DEFAULTS, problemsOf, type SeriesCheck, type SeriesColumns } from '../../data/history/series.ts'

const START = 1_700_000_000 - (1_700_000_000 % 3_600)
const HOUR = { seconds: 3_600, from: 'name' } as const

/** Sound hours of a price that moves a little, with these changed. */
function columns(
  hours: readonly number[],
  changed: Partial<Record<keyof SeriesColumns, Readonly<Record<number, number>>>> = {},
): SeriesColumns {
  const close = hours.map((hour) => 100 + Math.sin(hour) / 5)
  const sound = {
    time: hours.map((hour) => START + hour * 3_600),
    open: close,
    high: close.map((value) => value + 1),
    low: close.map((value) => value - 1),
    close,
    volume: hours.map(() => 3),
  }
  const entries = Object.entries(sound).map(([name, values]) => {
    const own: Readonly<Record<number, number>> =
      (Object.hasOwn(changed, name) ? changed[name as keyof SeriesColumns] : undefined) ?? {}
    return [name, values.map((value, row) => own[row] ?? value)]
  })
  return { ...sound, ...Object.fromEntries(entries) }
}

const check = (given: SeriesColumns, listed = 5): SeriesCheck => checkSeries(given, HOUR, { ...CHECK_DEFAULTS, listed })
const upTo = (end: number): number[] => Array.from({ length: end }, (_, hour) => hour)

test('a whole series has no problem, and all of its bars', () => {
  const whole = check(columns(upTo(500)))
  expect(problemsOf(whole)).toBe(0)
  expect(whole).toMatchObject({ rows: 500, expected: 500, missing: 0, interval: '1h', gaps: { count: 0, largest: [] } })
  expect(new Set(whole.coverage)).toEqual(new Set([1]))
  expect(whole.jumps.count).toBe(0)
  expect(whole.flatRuns.count).toBe(0)
})

test('whichever bars are left out and in whatever order the rest come, exactly those are missing', () => {
  const some = fc.uniqueArray(fc.integer({ min: 0, max: 400 }), { minLength: 1, maxLength: 300 })
  fc.assert(
    fc.property(some, fc.array(fc.nat(), { maxLength: 20 }), (hours, again) => {
      const repeated = again.map((pick) => hours[pick % hours.length] ?? 0)
      const given = [...hours, ...repeated]
      const found = check(columns(given), 1_000)
      const [first, last] = [Math.min(...hours), Math.max(...hours)]
      const lost = upTo(last + 1).filter((hour) => hour >= first && !hours.includes(hour))
      const listed = found.gaps.largest.flatMap(({ from, missing }) =>
        upTo(missing).map((bar) => (from - START) / 3_600 + bar),
      )
      expect(listed.toSorted((a, b) => a - b)).toEqual(lost)
      expect(found).toMatchObject({
        rows: given.length,
        missing: lost.length,
        expected: last - first + 1,
        duplicates: repeated.length,
      })
      expect(found.outOfOrder).toBe(
        given.filter((hour, row) => given.slice(0, row).some((before) => before > hour)).length,
      )
      const parts = found.coverage
      const there = parts.reduce((sum, share, part) => sum + share * widthOf(part, parts.length, found.expected), 0)
      expect(there).toBeCloseTo(hours.length, 6)
    }),
  )
})

const widthOf = (part: number, parts: number, bars: number): number =>
  Math.floor(((part + 1) * bars) / parts) - Math.floor((part * bars) / parts)

describe('faults of rows are counted by what they are', () => {
  const at = (row: number, value: number): Readonly<Record<number, number>> => ({ [row]: value })
  test.each([
    ['ohlcViolations', { high: at(3, 99) }],
    ['ohlcViolations', { low: at(3, 101) }],
    ['notPositive', { low: at(3, 0) }],
    ['notPositive', { close: at(3, -1) }],
    ['notPositive', { volume: at(3, -1) }],
    ['notANumber', { open: at(3, Number.NaN) }],
    ['notANumber', { high: at(3, Number.POSITIVE_INFINITY) }],
    ['notANumber', { volume: at(3, Number.NaN) }],
    ['offGrid', { time: at(0, START + 7) }],
  ] as const)('%s', (name, changed) => {
    const found = check(columns(upTo(30), changed))
    expect(found[name]).toBe(1)
    expect(problemsOf(found)).toBe(1)
  })
})

test('a jump is found where it is, with its size; across a gap it must be as much larger as the root of its length', () => {
  const hours = upTo(300).filter((hour) => hour < 200 || hour >= 225)
  const close = Object.fromEntries(
    hours.map((hour, row) => [row, (100 + Math.sin(hour) / 5) * (hour >= 100 ? 1.5 : 1) * (hour >= 225 ? 1.01 : 1)]),
  )
  const found = check(columns(hours, { close }))
  expect(found.jumps.count).toBe(1)
  expect(found.jumps.largest).toMatchObject([{ time: START + 100 * 3_600, bars: 1 }])
  expect(found.jumps.largest[0]?.logReturn).toBeCloseTo(Math.log(1.5), 2)
  const few = checkSeries(columns(hours, { close }), HOUR, { jumpSigmas: 1, listed: 100 })
  expect(few.jumps.largest.find(({ time }) => time === START + 225 * 3_600)?.bars ?? 26).toBe(26)
})

test('bars without a trade are no returns: a market that sleeps has its σ from when it moves', () => {
  const hours = upTo(400)
  const close = Object.fromEntries(hours.map((hour) => [hour, 100 + (Math.floor(hour / 20) % 2) * 0.1]))
  const found = check(
    columns(hours, {
      close,
      high: close,
      low: close,
      volume: Object.fromEntries(hours.map((hour) => [hour, hour % 20 === 0 ? 1 : 0])),
    }),
  )
  expect(found.flatRuns).toEqual({ count: 20, longest: { from: START, rows: 20 } })
  expect(found.zeroVolume).toEqual({ rows: 380, share: 0.95 })
  expect(found.jumps.sigma).toBeGreaterThan(0)
})

test('the step is the commonest one, and none where fewer than half keep one', () => {
  expect(commonStep([0, 60, 120, 180, 300, 360])).toBe(60)
  expect(commonStep([0, 61, 130, 181, 300, 360])).toBe(undefined)
  expect(commonStep([5])).toBe(undefined)
})

test('no numbers whatever make it throw, but none at all, or a step that is none', () => {
  const anything = fc.array(fc.double(), { minLength: 1, maxLength: 60 })
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 2 ** 32 }), { minLength: 1, maxLength: 60 }),
      anything,
      (time, value) => {
        const column = time.map((_, row) => value[row % value.length] ?? 0)
        const found = check({ time, open: column, high: column, low: column, close: column, volume: column })
        expect(found.coverage.every((share) => share >= 0 && share <= 1)).toBe(true)
        expect(found.rows).toBe(time.length)
      },
    ),
  )
  expect(() => check(columns([]))).toThrow(/at least one row/)
  expect(() => checkSeries(columns([1]), { seconds: 0, from: 'data' }, CHECK_DEFAULTS)).toThrow(/step above 0/)
})
