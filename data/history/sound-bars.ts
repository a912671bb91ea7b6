import { shown } from '../../oracle-node/core/market-bars.ts'
import { type BarInterval, type BarRow, checkMarketRows } from '../../oracle-node/core/market-rows.ts'
import { BAR_FIELDS, type Columns } from './columns.ts'
import { type RawBar, rawBarOf, type TableRow } from './read-table.ts'
import type { TimeFormat } from './time-format.ts'

export type Market = { readonly source: string; readonly symbol: string; readonly interval: BarInterval }

/** A row that is no sound bar, and why. */
export type BadRow = { readonly line: number; readonly text: string; readonly reason: string }

export type JudgedRows = {
  readonly bars: readonly BarRow[]
  readonly bad: readonly BadRow[]
  /** How the times of the sound bars were written. */
  readonly formats: ReadonlySet<TimeFormat>
}

export type RowRules = {
  readonly market: Market
  readonly columns: Columns
  /** Fields of a whole row. */
  readonly width: number
  /** Unix seconds; a bar outside of them does not belong into this file. */
  readonly within?: { readonly from: number; readonly to: number }
}

/** Rows parted into bars that a store takes and rows that it would not, by the rule of the store itself. */
export function soundBars(rows: readonly TableRow[], rules: RowRules): JudgedRows {
  const bad: BadRow[] = []
  const candidates: { row: TableRow; bar: BarRow; format: TimeFormat | undefined }[] = []
  for (const row of rows) {
    const raw = rawBarOf(row, rules.columns, rules.width)
    const reason = raw === undefined ? shapeProblem(row, rules.width) : numberProblem(row, raw, rules)
    if (raw === undefined || reason !== undefined) bad.push(badRow(row, reason ?? ''))
    else candidates.push({ row, bar: barOf(raw, rules.market), format: raw.format })
  }
  const sound = judge(candidates, bad)
  bad.sort((a, b) => a.line - b.line)
  const formats = new Set(sound.flatMap(({ format }) => (format === undefined ? [] : [format])))
  return { bars: sound.map(({ bar }) => bar), bad, formats }
}

function judge<Candidate extends { row: TableRow; bar: BarRow }>(
  all: readonly Candidate[],
  bad: BadRow[],
): readonly Candidate[] {
  if (checkMarketRows({ bars: all.map(({ bar }) => bar) }).ok) return all
  return all.filter(({ row, bar }) => {
    const checked = checkMarketRows({ bars: [bar] })
    if (!checked.ok) bad.push(badRow(row, checked.detail.replace(/^bars\[0\][.:]? ?/, '')))
    return checked.ok
  })
}

function barOf({ time, open, high, low, close, volume }: RawBar, market: Market): BarRow {
  return { ...market, time, open, high, low, close, volume }
}

function badRow({ line, text }: TableRow, reason: string): BadRow {
  return { line, text, reason }
}

function shapeProblem({ fields }: TableRow, width: number): string {
  return fields === undefined ? 'its quotes do not match' : `it has ${fields.length} fields, not ${width}`
}

function numberProblem(row: TableRow, raw: RawBar, { columns, within }: RowRules): string | undefined {
  for (const field of BAR_FIELDS) {
    const text = row.fields?.[columns[field] ?? -1] ?? ''
    if (Number.isNaN(raw[field]))
      return `${field} is ${shown(text)}; ${field === 'time' ? 'a time' : 'a number'} was needed`
  }
  if (within !== undefined && !(raw.time >= within.from && raw.time < within.to)) {
    return `time ${raw.time} is outside of the file’s own period`
  }
  return undefined
}
