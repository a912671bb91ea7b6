import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { BacktestConfigInput } from '../../backtests/config/schema.ts'
import { mulberry32 } from '../../backtests/metrics/generator.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

/*
 * Test data: hours of a seeded random walk that crashes, and a config that runs on them within a second. Nothing in it was measured.
 */

export type Hour = readonly [time: number, open: number, high: number, low: number, close: number, volume: number]

export const DATA_FROM: number = Date.UTC(2023, 0) / 1_000
const HOUR = 3_600
/** At noon of the 20th day. */
const CRASH_HOUR = 24 * 19 + 12
const CRASH_HOURS = 6

export function walk(options: {
  readonly seed?: number
  readonly days?: number
  /** Of the price, within six hours. */
  readonly fall?: number
  readonly price?: number
  readonly volume?: number
  readonly from?: number
}): Hour[] {
  const { seed = 1, days = 28, fall = 0.4, price: first = 1_000, volume = 5_000, from = DATA_FROM } = options
  const random = mulberry32(seed)
  const rows: Hour[] = []
  let price = first
  for (let hour = 0; hour < 24 * days; hour++) {
    const open = price
    const isCrash = hour >= CRASH_HOUR && hour < CRASH_HOUR + CRASH_HOURS
    price *= 1 + (random() + random() + random() - 1.5) * 0.006 - (isCrash ? fall / CRASH_HOURS : 0)
    const [high, low] = [Math.max(open, price) * 1.001, Math.min(open, price) * 0.999]
    rows.push([from + hour * HOUR, open, high, low, price, volume * (1 + random())])
  }
  return rows
}

export function csv(rows: ReadonlyArray<readonly (number | string)[]>): string {
  return `time,open,high,low,close,volume\n${rows.map((row) => `${row.join(',')}\n`).join('')}`
}

/** A folder that is gone after the test. */
export function folderWith(files: Readonly<Record<string, string>>): string {
  const folder = temporaryFolder()
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content)
  return folder
}

type Lending = NonNullable<BacktestConfigInput['lending']>

export const MARKET = { ltvBps: 7_500, liquidationThresholdBps: 8_000, liquidationBonusBps: 500 }
export const PERIOD = { id: 'january', title: 'January', from: '2023-01-13', to: '2023-01-27', assets: ['MINE'] }

/** Of one market in one period, its hours in `mine.csv`. */
export function smallConfig(lending: Partial<Lending> = {}, data: Partial<BacktestConfigInput['data']> = {}) {
  return {
    name: 'small',
    data: { files: { MINE: { path: 'mine.csv' } }, marketAsset: 'MINE', ...data },
    lending: {
      periods: [PERIOD],
      warmUpDays: 2,
      markets: { MINE: MARKET },
      borrowers: { count: 100 },
      policies: [{ kind: 'static' }],
      seeds: 1,
      ...lending,
    },
  } satisfies BacktestConfigInput
}
