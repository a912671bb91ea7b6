import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { recordedKind, recordedSeries, recordedSpans } from '../../backtests/data/recorded-series.ts'
import { RECORDED_ASSETS, RECORDINGS } from '../../backtests/data/recordings.ts'
import { hasSharedData, SHARED_DATA } from '../data/shared-data.ts'

const at = (iso: string): number => Date.parse(iso) / 1_000

test('an unknown asset is refused with the known ones', () => {
  expect(() => recordedSeries(SHARED_DATA, 'CRV')).toThrow(
    /nothing is recorded of "CRV"; known are AAVE, .*, xSUSHI\. Give a file/,
  )
  expect(() => recordedKind('eth')).toThrow(/nothing is recorded of "eth"/)
  expect(recordedKind('USDC')).toBe('stable')
})

test('a folder without the recordings is refused with the file and what to do', () => {
  const empty = mkdtempSync(join(tmpdir(), 'plimsoll-'))
  expect(() => recordedSeries(empty, 'ETH')).toThrow(
    /ohlcv.*\.csv\.gz is missing; give a folder of recorded market data/,
  )
  rmSync(empty, { recursive: true })
})

test('an asset is of one kind, and no file is used twice for the same hours', () => {
  for (const asset of RECORDED_ASSETS) {
    const files = RECORDINGS.filter((each) => each.asset === asset)
    expect(new Set(files.map(({ kind }) => kind)).size, asset).toBe(1)
    expect(new Set(files.map(({ file, from = 0 }) => `${file} ${from}`)).size, asset).toBe(files.length)
  }
})

describe.skipIf(!hasSharedData())('the recordings', () => {
  test.each(RECORDED_ASSETS)('of %s can be read, and each span of them is a series without longer holes', (asset) => {
    const spans = recordedSpans(SHARED_DATA, asset)
    expect(spans.length).toBeGreaterThan(0)
    for (const { from, to } of spans) {
      const { series, sources } = recordedSeries(SHARED_DATA, asset, { from, to })
      expect(series.from).toBe(from)
      expect(series.close).toHaveLength((to - from) / 3_600)
      expect(series.low.every((low, hour) => low > 0 && low <= (series.close[hour] ?? 0))).toBe(true)
      expect(series.high.every((high, hour) => high >= Math.max(series.open[hour] ?? 0, series.close[hour] ?? 0))).toBe(
        true,
      )
      const recorded = series.missing.length - series.missing.reduce((sum, each) => sum + each, 0)
      expect(sources.reduce((sum, { rows }) => sum + rows, 0)).toBe(recorded)
    }
  })

  test('of ether go from file to file, each stated with its hash', () => {
    const { series, sources, volumeUnknown } = recordedSeries(SHARED_DATA, 'ETH', {
      from: at('2021-04-01T00:00:00Z'),
      to: at('2021-04-10T00:00:00Z'),
    })
    expect(series.missing.every((missing) => missing === 0)).toBe(true)
    expect(sources).toEqual([
      {
        name: 'ohlcv/multivenue_1h/bitfinex_ETHUSD_1h_20190101_20230117.csv.gz',
        sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
        rows: 92,
        from: at('2021-04-01T00:00:00Z'),
        to: at('2021-04-04T20:00:00Z'),
      },
      expect.objectContaining({ rows: 124, from: at('2021-04-04T20:00:00Z'), to: at('2021-04-10T00:00:00Z') }),
    ])
    expect(volumeUnknown).toEqual([])
  })

  test('that lack a month say so, and can be taken with it all the same', () => {
    const range = { from: at('2022-10-01T00:00:00Z'), to: at('2022-12-10T00:00:00Z') }
    expect(() => recordedSeries(SHARED_DATA, 'ETH', range)).toThrow(
      /^the recording of ETH has no bar from 2022-11-01T00:00:00Z to 2022-12-01T00:00:00Z, which are 720 hours; 48 is the most/,
    )
    const { series } = recordedSeries(SHARED_DATA, 'ETH', { ...range, gapHoursMax: 720 })
    expect(series.missing.reduce((sum, each) => sum + each, 0)).toBe(720)
  })

  test('of whatever unit of volume come out in USD', () => {
    // A day of BTC at one venue; Bitstamp's file counts in USD, and were thousands of times as much if it were taken for BTC.
    const { series } = recordedSeries(SHARED_DATA, 'BTC', {
      from: at('2020-03-01'),
      to: at('2022-01-01'),
      gapHoursMax: 96,
    })
    for (let day = 0; day + 24 <= series.close.length; day += 24) {
      const usd = series.volumeUsd.subarray(day, day + 24).reduce((sum, each) => sum + each, 0)
      expect(usd).toBeLessThan(50e9)
      expect(usd).toBeGreaterThan(5e6)
    }
  })

  test('of prices alone say where their volume is unknown', () => {
    const range = { from: at('2023-02-20T00:00:00Z'), to: at('2023-03-10T00:00:00Z'), gapHoursMax: 100 }
    const { series, volumeUnknown } = recordedSeries(SHARED_DATA, 'USDC', range)
    expect(volumeUnknown).toEqual([{ from: range.from, to: at('2023-02-26T00:00:00Z') }])
    expect(series.volumeUsd[0]).toBe(0)
    expect(series.volumeUsd.at(-1)).toBeGreaterThan(0)
  })

  test('do not reach before their start or past their end', () => {
    expect(() => recordedSeries(SHARED_DATA, 'ETH', { from: at('2018-01-01T00:00:00Z') })).toThrow(
      /recording of ETH begins at 2019-01-01T00:00:00Z; asked for is from 2018/,
    )
    expect(() =>
      recordedSeries(SHARED_DATA, 'LUNA', { from: at('2022-05-01T00:00:00Z'), to: at('2022-06-01T00:00:00Z') }),
    ).toThrow(/recording of LUNA ends at 2022-05-13T01:00:00Z; asked for is up to 2022-06-01/)
  })
})
