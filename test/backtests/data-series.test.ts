import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { BarRow } from '../../backtests/data/bar-faults.ts'
import { type BarsInput, mendedSeriesOfBars, seriesOfBars } from '../../backtests/data/series-of-bars.ts'
import { seriesOfColumns } from '../../backtests/data/series-of-columns.ts'
import { hoursOfPrices } from '../../backtests/data/series-of-prices.ts'
import type { Series } from '../../backtests/series.ts'

const START = 1_600_000_000 - (1_600_000_000 % 3_600)
const HOUR = 3_600
const ETH = { asset: 'ETH', kind: 'volatile', where: 'eth.csv' } as const

const bar = (time: number, close = 100, more: Partial<BarRow> = {}): BarRow => ({
  time,
  open: close,
  high: close * 1.01,
  low: close * 0.99,
  close,
  volume: 2,
  ...more,
})
const hours = (...at: readonly number[]): BarRow[] => at.map((hour) => bar(START + hour * HOUR, 100 + hour))
const refused = (bars: BarsInput['bars'], more: Partial<BarsInput> = {}): string => {
  try {
    seriesOfBars({ ...ETH, bars, ...more })
  } catch (error) {
    return error instanceof Error ? error.message : `${error}`
  }
  return 'taken'
}

describe('bars to a series', () => {
  test('hours come through as they are, volume in USD at the close', () => {
    const series = seriesOfBars({ ...ETH, bars: hours(0, 1, 2) })
    expect(series).toMatchObject({ asset: 'ETH', kind: 'volatile', from: START })
    expect([...series.close]).toEqual([100, 101, 102])
    expect([...series.volumeUsd]).toEqual([200, 202, 204])
    expect([...series.missing]).toEqual([0, 0, 0])
    expect([...seriesOfBars({ ...ETH, bars: hours(0, 1), volumeIn: 'quote' }).volumeUsd]).toEqual([2, 2])
  })

  test('quarters of an hour are joined: first open, highest, lowest, last close, sum of volume', () => {
    const quarter = (index: number, close: number, high: number, low: number): BarRow => ({
      ...bar(START + index * 900, close),
      open: close - 1,
      high,
      low,
    })
    const series = seriesOfBars({
      ...ETH,
      bars: [
        quarter(0, 10, 12, 8),
        quarter(1, 11, 19, 9),
        quarter(2, 12, 13, 5),
        quarter(3, 13, 14, 10),
        quarter(4, 14, 15, 13),
      ],
    })
    expect([...series.open]).toEqual([9, 13])
    expect([...series.high]).toEqual([19, 15])
    expect([...series.low]).toEqual([5, 13])
    expect([...series.close]).toEqual([13, 14])
    expect([...series.volumeUsd]).toEqual([92, 28])
  })

  test('a missing hour is flat at the close before, without volume, and marked', () => {
    const series = seriesOfBars({ ...ETH, bars: hours(0, 1, 4, 5, 6) })
    expect([...series.missing]).toEqual([0, 0, 1, 1, 0, 0, 0])
    for (const column of [series.open, series.high, series.low, series.close])
      expect([...column.slice(2, 4)]).toEqual([101, 101])
    expect([...series.volumeUsd.slice(2, 4)]).toEqual([0, 0])
  })

  test('a hole of the most that is allowed is filled, one hour more is refused with its place', () => {
    const bars = hours(0, 1, 2, 51, 52)
    expect(seriesOfBars({ ...ETH, bars }).missing.reduce((sum, each) => sum + each, 0)).toBe(48)
    expect(refused(bars, { gapHoursMax: 47 })).toMatch(
      /^eth\.csv has no bar from 2020-09-13T15:00:00Z to 2020-09-15T15:00:00Z, which are 48 hours; 47 is the most \(gapHoursMax\)/,
    )
  })

  test('a period is cut out, and may begin or end in a hole', () => {
    const bars = hours(0, 1, 4, 5)
    const series = seriesOfBars({ ...ETH, bars, from: START + 2 * HOUR, to: START + 8 * HOUR })
    expect([...series.close]).toEqual([101, 101, 104, 105, 105, 105])
    expect([...series.missing]).toEqual([1, 1, 0, 0, 1, 1])
    expect(refused(bars, { from: START - HOUR })).toMatch(
      /begins at 2020-09-13T12:00:00Z; asked for is from .*later start/,
    )
    expect(refused(bars, { to: START + 60 * HOUR })).toMatch(/ends at 2020-09-13T18:00:00Z; asked for is up to/)
    expect(refused(bars, { from: START + 60 * HOUR })).toMatch(/asked for is from .*earlier start/)
    expect(refused(bars, { from: START + 1 })).toMatch(/a full hour/)
    expect(refused(bars, { from: START + HOUR, to: START + HOUR })).toMatch(/is not before to/)
    // A hole outside of the period is nobody's concern.
    expect([...seriesOfBars({ ...ETH, bars: hours(0, 1, 2, 90, 91, 92), from: START + 90 * HOUR }).close]).toEqual([
      190, 191, 192,
    ])
  })

  test.each([
    [
      'unsorted',
      hours(0, 2, 1),
      'eth.csv, row 3 (2020-09-13T13:00:00Z): it stands behind row 2 (2020-09-13T14:00:00Z); rows need to be sorted by rising time',
    ],
    [
      'overlapping',
      hours(0, 1, 1),
      'eth.csv, row 3 (2020-09-13T13:00:00Z): row 2 is of the same time, so the data overlap; each time may come once',
    ],
    [
      'overlapping, half an hour off',
      [...hours(0, 1), bar(START + HOUR + 1_800), ...hours(2, 3, 4, 5, 6)],
      'eth.csv, row 3 (2020-09-13T13:30:00Z): it is not the start of a bar of 1h',
    ],
    [
      'at zero',
      [...hours(0, 1), bar(START + 2 * HOUR, 0)],
      'eth.csv, row 3 (2020-09-13T14:00:00Z): open is 0; a price above 0 was needed',
    ],
    ['negative', [bar(START, 100, { low: -1 })], 'eth.csv, row 1 (2020-09-13T12:00:00Z): low is -1; a price above 0'],
    ['not a number', [bar(START, 100, { close: Number.NaN })], 'close is NaN; a price above 0'],
    ['infinite', [bar(START, 100, { high: Number.POSITIVE_INFINITY })], 'high is Infinity; a price above 0'],
    ['upside down', [bar(START, 100, { high: 98 })], 'high 98 is below low 99'],
    ['opening above the high', [bar(START, 100, { open: 102 })], 'high 101 is below open 102 or close 100'],
    ['closing below the low', [bar(START, 100, { low: 100.5 })], 'low 100.5 is above open 100 or close 100'],
    ['of negative volume', [bar(START, 100, { volume: -1 })], 'volume is -1; 0 or more was needed'],
    ['of no volume', [bar(START, 100, { volume: Number.NaN })], 'volume is NaN'],
    [
      'of absurd volume',
      [bar(START, 100, { volume: 1e12 })],
      'volume is 100000000000000 USD; 10000000000000 is the most. Is it in quote units?',
    ],
    ['of no time', [bar(Number.NaN)], 'eth.csv, row 1: time is NaN; whole unix seconds'],
    ['in milliseconds', [bar(START * 1_000)], 'whole unix seconds before 2106 were needed'],
    ['of four hours', hours(0, 4, 8, 12), 'eth.csv: its bars are 4h apart; features need hours'],
    ['of days', hours(0, 24, 48), 'its bars are 1d apart'],
    [
      'of seven minutes',
      [0, 1, 2, 3].map((index) => bar(START - (START % 420) + index * 420)),
      'its bars are 420 s apart',
    ],
    ['at odd times', [17, 3_700, 7_303, 11_999].map((second) => bar(START + second)), 'its times keep no common step'],
    ['none', [], 'eth.csv holds no bar'],
  ])('bars %s are refused with their place', (_, bars, message) => {
    expect(refused(bars)).toContain(message)
  })

  test('columns of different length are refused', () => {
    expect(refused({ ...columnsOf(hours(0, 1)), low: [1] })).toBe(
      'eth.csv: low has 1 rows and time 2; all columns need as many',
    )
  })

  test('rows can be named as their file does', () => {
    expect(refused(hours(1, 0), { rowName: (index) => `line ${index + 2}` })).toContain('eth.csv, line 3 (')
  })
})

function columnsOf(bars: readonly BarRow[]) {
  const pick = (field: keyof BarRow): number[] => bars.map((each) => each[field])
  return {
    time: pick('time'),
    open: pick('open'),
    high: pick('high'),
    low: pick('low'),
    close: pick('close'),
    volume: pick('volume'),
  }
}

describe('bars that are mended', () => {
  test('are sorted, and of two of one time the last counts; the warnings say so', () => {
    const bars = [...hours(2, 0, 1), bar(START + HOUR, 7)]
    const { series, warnings } = mendedSeriesOfBars({ ...ETH, bars })
    expect([...series.close]).toEqual([100, 7, 102])
    expect(warnings).toEqual([
      'eth.csv, row 2 (2020-09-13T12:00:00Z): out of order, the first of 1; all were sorted',
      'eth.csv, row 3 (2020-09-13T13:00:00Z): its time comes again, the first of 1; the last counts',
    ])
  })

  test('sound bars need no mending', () => {
    const bars = hours(0, 1, 3)
    expect(mendedSeriesOfBars({ ...ETH, bars })).toEqual({ series: seriesOfBars({ ...ETH, bars }), warnings: [] })
  })

  test('other faults are still refused, at the row where they stand', () => {
    const bars = [...hours(2, 1), bar(START, 0)]
    expect(() => mendedSeriesOfBars({ ...ETH, bars })).toThrow('eth.csv, row 3 (2020-09-13T12:00:00Z): open is 0')
    expect(() => mendedSeriesOfBars({ ...ETH, bars: [bar(1.5)] })).toThrow('row 1: time is 1.5')
  })
})

/** An hour is what its rows say; without one it is flat. */
function expectHour(series: Series, hour: number, bars: readonly BarRow[]): void {
  const rows = bars.filter(({ time }) => Math.floor((time - series.from) / HOUR) === hour)
  const close = rows.at(-1)?.close ?? series.close[hour - 1] ?? Number.NaN
  const seen = [series.missing, series.open, series.high, series.low, series.close, series.volumeUsd].map(
    (column) => column[hour],
  )
  expect(seen).toEqual([
    rows.length === 0 ? 1 : 0,
    rows[0]?.open ?? close,
    rows.length === 0 ? close : Math.max(...rows.map(({ high }) => high)),
    rows.length === 0 ? close : Math.min(...rows.map(({ low }) => low)),
    close,
    rows.reduce((sum, row) => sum + row.volume * row.close, 0),
  ])
}

describe('any bars', () => {
  /** Minutes (or parts of an hour) from an hour on, some left out, never a whole two days. */
  const sound = fc
    .record({
      step: fc.constantFrom(60, 900, 1_800, 3_600),
      rows: fc.array(
        fc.record({
          skip: fc.integer({ min: 0, max: 3 }),
          price: fc.double({ min: 1e-6, max: 1e6, noNaN: true }),
          up: fc.double({ min: 0, max: 1, noNaN: true }),
          down: fc.double({ min: 0, max: 0.9, noNaN: true }),
          volume: fc.double({ min: 0, max: 1e5, noNaN: true }),
        }),
        { minLength: 1, maxLength: 200 },
      ),
    })
    .map(({ step, rows }) => {
      let time = START
      let before = rows[0]?.price ?? 1
      // The first two are next to each other, and most others.
      return rows.map(({ skip, price, up, down, volume }, index): BarRow => {
        if (index > 0) time += step * (index % 3 === 0 ? 1 + skip : 1)
        const open = before
        before = price
        const [high, low] = [Math.max(open, price) * (1 + up), Math.min(open, price) * (1 - down)]
        return { time, open, high, low, close: price, volume }
      })
    })

  test('that are sound give a series whose every hour is sound and follows from its rows', () => {
    fc.assert(
      fc.property(sound, (bars) => {
        const series = seriesOfBars({ ...ETH, bars })
        const end = series.from + series.close.length * HOUR
        const last = bars.at(-1)?.time ?? 0
        expect(end).toBe(last - (last % HOUR) + HOUR)
        for (let hour = 0; hour < series.close.length; hour++) expectHour(series, hour, bars)
      }),
      { numRuns: 60 },
    )
  })

  test('are mended to the same in any order', () => {
    const shuffled = sound.chain((bars) =>
      fc.tuple(fc.constant(bars), fc.shuffledSubarray(bars, { minLength: bars.length })),
    )
    fc.assert(
      fc.property(shuffled, ([bars, mixed]) => {
        expect(mendedSeriesOfBars({ ...ETH, bars: mixed }).series).toEqual(seriesOfBars({ ...ETH, bars }))
      }),
      { numRuns: 60 },
    )
  })

  test('with one fault anywhere are refused at that row', () => {
    const faults: readonly Partial<BarRow>[] = [
      { low: 0 },
      { high: Number.NaN },
      { close: -1 },
      { open: Number.POSITIVE_INFINITY },
      { volume: -1 },
      { high: 1e-9 },
    ]
    fc.assert(
      fc.property(sound, fc.nat(), fc.constantFrom(...faults), (bars, at, broken) => {
        const row = at % bars.length
        const text = refused(bars.map((each, index) => (index === row ? { ...each, ...broken } : each)))
        expect(text).toContain(`eth.csv, row ${row + 1} (`)
      }),
      { numRuns: 100 },
    )
  })

  test('of whatever numbers are either refused by name or give nothing but numbers', () => {
    const wild = fc.array(
      fc.record({
        time: fc.oneof(
          fc.nat({ max: 20 }).map((hour) => START + hour * HOUR),
          fc.integer(),
          fc.double(),
        ),
        open: fc.double(),
        high: fc.double(),
        low: fc.double(),
        close: fc.double(),
        volume: fc.double(),
      }),
      { maxLength: 12 },
    )
    fc.assert(
      fc.property(fc.oneof(wild, sound), (bars) => {
        const text = refused(bars)
        if (text !== 'taken') {
          expect(text).toMatch(/^eth\.csv/)
          return
        }
        const series = seriesOfBars({ ...ETH, bars })
        for (const column of [series.open, series.high, series.low, series.close]) {
          expect(column.every((price) => price > 0 && price < Number.POSITIVE_INFINITY)).toBe(true)
        }
      }),
      { numRuns: 200 },
    )
  })
})

test('columns of a frame may have times as text, dates or milliseconds', () => {
  const columns = columnsOf(hours(0, 1))
  const expected = seriesOfBars({ ...ETH, bars: columns })
  const iso = columns.time.map((time) => new Date(time * 1_000).toISOString())
  for (const time of [iso, iso.map((each) => new Date(each)), columns.time.map((each) => each * 1_000), columns.time]) {
    expect(seriesOfColumns({ ...ETH, columns: { ...columns, time } })).toEqual(expected)
  }
  expect(() => seriesOfColumns({ ...ETH, columns: { ...columns, time: ['yesterday', 'today'] } })).toThrow(
    'row 1: time is NaN',
  )
  expect(() => seriesOfColumns({ ...ETH, columns: { ...columns, close: ['1', '2'] } })).toThrow('close is NaN')
})

describe('prices alone', () => {
  test('make hours that open at the price before, with the seen prices as their range', () => {
    const found = hoursOfPrices(
      { time: [START + 60, START + 3_700, START + 3_800, START + 3 * HOUR], price: [10, 12, 9, 11] },
      'p',
    )
    expect([...found.time]).toEqual([START, START + HOUR, START + 3 * HOUR])
    expect([...found.open]).toEqual([10, 10, 9])
    expect([...found.high]).toEqual([10, 12, 11])
    expect([...found.low]).toEqual([10, 9, 9])
    expect([...found.close]).toEqual([10, 9, 11])
    expect([...found.volumeUsd]).toEqual([0, 0, 0])
  })

  test('are refused out of order, and at zero', () => {
    expect(() => hoursOfPrices({ time: [START, START], price: [1, 1] }, 'p')).toThrow(/^p, row 2 .*does not come after/)
    expect(() => hoursOfPrices({ time: [START], price: [0] }, 'p')).toThrow(/^p, row 1 .*is 0; a price above 0/)
  })
})
