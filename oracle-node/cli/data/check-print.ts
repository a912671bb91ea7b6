import type { FileCheck, OtherRows } from '../../../data/history/check-file.ts'
import type { NamedCheck } from '../../../data/history/check-files.ts'
import { problemsOf, type SeriesCheck } from '../../../data/history/series.ts'
import { isoTime } from '../../../data/history/time-format.ts'
import { count, countOf, print, shortTime, strip, styled, table } from '../output.ts'

type Run = { readonly seconds: number; readonly skipped: readonly string[] }
/** Parts of the coverage in JSON. */
const JSON_PARTS = 24

/** How many checked things have a problem: missing or unsound rows, or that they cannot be read at all. */
export function problemsIn(checks: readonly NamedCheck[]): number {
  return checks.filter(({ found }) => problemCount(found) > 0).length
}

function problemCount(found: FileCheck): number {
  if (found.kind === 'unreadable') return 1
  if ('check' in found) return problemsOf(found.check) + found.unreadable
  const { regular } = found
  return (regular?.missing ?? 0) + (regular?.duplicates ?? 0) + (regular?.outOfOrder ?? 0)
}

/** The whole result for a program: times are ISO 8601 in UTC. */
export function checksAsJson(checks: readonly NamedCheck[], { seconds, skipped }: Run): unknown {
  const series = checks.filter(({ found }) => 'check' in found)
  return {
    checked: checks.length,
    series: series.length,
    withProblems: problemsIn(checks),
    seconds: Math.round(seconds * 100) / 100,
    files: checks.map(({ group, name, found }) => ({ file: fullName({ group, name }), ...foundAsJson(found) })),
    skipped,
  }
}

function foundAsJson(found: FileCheck): object {
  if (found.kind === 'unreadable') return found
  if ('check' in found) {
    const { check, ...rest } = found
    const { gaps, jumps, flatRuns, coverage, sketch: _, ...numbers } = check
    return {
      ...rest,
      ...numbers,
      first: isoTime(check.first),
      last: isoTime(check.last),
      gaps: gapsAsJson(gaps),
      flatRuns: {
        count: flatRuns.count,
        ...(flatRuns.longest && { longest: { from: isoTime(flatRuns.longest.from), rows: flatRuns.longest.rows } }),
      },
      jumps: { ...jumps, largest: jumps.largest.map((jump) => ({ ...jump, time: isoTime(jump.time) })) },
      coverage: shares(coverage),
    }
  }
  const { first, last, regular, ...rest } = found
  return {
    ...rest,
    ...(first !== undefined && last !== undefined && { first: isoTime(first), last: isoTime(last) }),
    ...(regular && { ...regular, gaps: gapsAsJson(regular.gaps), coverage: shares(regular.coverage) }),
  }
}

function gapsAsJson(gaps: SeriesCheck['gaps']): object {
  const largest = gaps.largest.map(({ from, to, missing }) => ({ from: isoTime(from), to: isoTime(to), missing }))
  return { count: gaps.count, largest }
}

function shares(coverage: readonly number[]): number[] {
  const parts = Math.min(JSON_PARTS, coverage.length)
  return Array.from({ length: parts }, (_, part) => {
    const some = coverage.slice(
      Math.floor((part * coverage.length) / parts),
      Math.floor(((part + 1) * coverage.length) / parts),
    )
    return Math.round((some.reduce((sum, each) => sum + each, 0) / some.length) * 1_000) / 1_000
  })
}

/** A table of the series of each folder, one of all else, and a line that sums up. */
export function printChecks(checks: readonly NamedCheck[], { seconds, skipped }: Run): void {
  const series = checks.flatMap(({ group, name, found }) => ('check' in found ? [{ group, name, found }] : []))
  for (const [folder, some] of Map.groupBy(series, ({ group }) => group)) {
    if (folder !== '') print(styled('bold', folder))
    print(
      table(
        SERIES_COLUMNS,
        some.map(({ name, found }) => seriesRow(name, found)),
      ),
    )
    print('')
  }
  const others = checks.filter(({ found }) => !('check' in found))
  if (others.length > 0) {
    print(styled('bold', series.length > 0 ? 'Not series of prices' : 'No series of prices'))
    print(
      table(
        OTHER_COLUMNS,
        others.map((each) => otherRow(fullName(each), each.found)),
      ),
    )
    print('')
  }
  const problems = problemsIn(checks)
  const verdict = problems === 0 ? styled('green', 'no problems') : `${count(problems)} with problems`
  print(
    `Checked ${count(series.length)} series of prices and ${count(others.length)} other in ${seconds.toFixed(1)} s: ${verdict}.`,
  )
  if (skipped.length > 0)
    print(
      styled('dim', `Passed over by their names: ${skipped.slice(0, 5).join(', ')}${skipped.length > 5 ? ', …' : ''}`),
    )
}

const SERIES_COLUMNS = [
  { title: 'series' },
  { title: 'bar' },
  { title: 'rows', align: 'right' },
  { title: 'from' },
  { title: 'to' },
  { title: 'coverage' },
  { title: 'missing', align: 'right' },
  { title: 'gaps', align: 'right' },
  { title: 'largest gap' },
  { title: 'also' },
] as const
const OTHER_COLUMNS = [
  { title: 'file' },
  { title: 'kind' },
  { title: 'rows', align: 'right' },
  { title: 'from' },
  { title: 'to' },
  { title: 'also' },
] as const

function seriesRow(
  name: string,
  { check, kind, unreadable }: FileCheck & { readonly check: SeriesCheck; readonly unreadable: number },
): string[] {
  const [gap] = check.gaps.largest
  const share = check.missing / check.expected
  return [
    shortName(name),
    `${check.interval ?? `${check.stepSeconds}s`}${check.stepFrom === 'data' ? '?' : ''}`,
    count(check.rows),
    shortTime(check.first),
    shortTime(check.last),
    strip(check.coverage),
    check.missing === 0 ? '0' : styled(share > 0.01 ? 'red' : 'yellow', `${count(check.missing)} (${percent(share)})`),
    count(check.gaps.count),
    gap === undefined ? '' : `${shortTime(gap.from)} +${count(gap.missing)}`,
    [kind === 'closes' ? 'closes only' : '', ...faultWords(check, unreadable), ...noteWords(check)]
      .filter((word) => word !== '')
      .join(', '),
  ]
}

function faultWords(check: SeriesCheck, unreadable: number): string[] {
  const faults: ReadonlyArray<readonly [number, string]> = [
    [unreadable, 'unreadable'],
    [check.duplicates, 'duplicate'],
    [check.outOfOrder, 'out of order'],
    [check.offGrid, 'off the grid'],
    [check.ohlcViolations, 'high/low wrong'],
    [check.notPositive, 'not positive'],
    [check.notANumber, 'not a number'],
  ]
  return faults.filter(([rows]) => rows > 0).map(([rows, what]) => styled('red', `${count(rows)} ${what}`))
}

function noteWords({ jumps, flatRuns, zeroVolume }: SeriesCheck): string[] {
  const [jump] = jumps.largest
  return [
    jump
      ? `${countOf(jumps.count, 'jump')}, largest ${signedPercent(Math.expm1(jump.logReturn))} at ${shortTime(jump.time)}`
      : '',
    flatRuns.longest ? `${countOf(flatRuns.count, 'flat run')} to ${count(flatRuns.longest.rows)} bars` : '',
    zeroVolume !== undefined && zeroVolume.share >= 0.005 ? `${percent(zeroVolume.share)} without volume` : '',
  ]
}

function otherRow(name: string, found: FileCheck): string[] {
  if (found.kind === 'unreadable') return [name, styled('red', 'unreadable'), '', '', '', found.why]
  if ('check' in found) return []
  const { kind, rows, first, last } = found
  const period = first === undefined || last === undefined ? ['', ''] : [shortTime(first), shortTime(last)]
  return [name, kind, count(rows), ...period, otherNotes(found)]
}

function otherNotes({ regular, unreadable, first }: OtherRows): string {
  const notes = [
    regular ? `${count(regular.missing)} missing of ${count(regular.expected)}` : '',
    unreadable > 0 && first !== undefined ? `${count(unreadable)} without a time` : '',
    first === undefined ? 'no times found' : '',
  ]
  return notes.filter((note) => note !== '').join(', ')
}

function fullName({ group, name }: { readonly group: string; readonly name: string }): string {
  return group === '' ? name : `${group}/${name}`
}

function shortName(name: string): string {
  return name.replace(/\.(?:csv|tsv)(?:\.gz)?$|\.parquet$/, '')
}

function percent(share: number): string {
  return share > 0 && share < 0.0005 ? '<0.1 %' : `${(share * 100).toFixed(1)} %`
}

function signedPercent(share: number): string {
  return `${share > 0 ? '+' : '−'}${Number((Math.abs(share) * 100).toPrecision(2))} %`
}
