import { mean } from '../../oracle-node/core/stats.ts'
import type { Panel } from './panel.ts'
import type { Scores } from './scores.ts'

/** Days of forecasts at 00:00 UTC, the last one included; chosen by the calendar of events, not by results. */
export type Crisis = { readonly name: string; readonly from: string; readonly to: string }

export const CRISES: readonly Crisis[] = [
  { name: '2020-03 pandemic', from: '2020-03-08', to: '2020-03-20' },
  { name: '2021-05 China, leverage', from: '2021-05-12', to: '2021-05-25' },
  { name: '2022-05 LUNA/UST', from: '2022-05-05', to: '2022-05-13' },
  { name: '2022-06 Celsius, 3AC', from: '2022-06-10', to: '2022-06-20' },
  { name: '2022-11 FTX', from: '2022-11-06', to: '2022-11-14' },
  { name: '2023-03 USDC', from: '2023-03-09', to: '2023-03-14' },
  { name: '2024-08-05 carry trade', from: '2024-08-02', to: '2024-08-07' },
  { name: '2025-10-10 liquidations', from: '2025-10-09', to: '2025-10-12' },
]

export type CrisisResult = {
  readonly crisis: string
  readonly forecasts: number
  readonly qlike: number
  /** Days beyond the 99 % value at risk. */
  readonly hits: number
}

export function secondsOf(date: string): number {
  return Date.parse(`${date}T00:00:00Z`) / 1_000
}

export function crisisRows(panel: Panel, { from, to }: Crisis): number[] {
  const [first, last] = [secondsOf(from), secondsOf(to)]
  return panel.flatMap(({ time }, row) => (time >= first && time <= last ? [row] : []))
}

/** Of each crisis that the panel has days of. */
export function crisisResults(panel: Panel, scores: Scores): CrisisResult[] {
  return CRISES.flatMap((crisis) => {
    const rows = crisisRows(panel, crisis)
    if (rows.length === 0) return []
    return {
      crisis: crisis.name,
      forecasts: rows.length,
      qlike: mean(rows.map((row) => scores.qlike[row] ?? Number.NaN)),
      hits: rows.filter((row) => scores.hits[row]).length,
    }
  })
}
