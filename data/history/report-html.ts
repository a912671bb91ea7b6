import type { NamedMarket } from './bar-interval.ts'
import type { NamedCheck } from './check-files.ts'
import { DRAWING, DRAWING_STYLE, drawing } from './report-drawing.ts'
import { problemsOf, type SeriesCheck } from './series.ts'
import { isoTime } from './time-format.ts'

const LIGHT =
  '--page:#fbfaf7;--card:#fff;--ink:#1c2024;--dim:#6b7178;--rule:#e4e2dc;--line:#24507f;--have:#cfdcd2;--gap:#c2362b;--jump:#b26a00;--good:#2f6b46'
const DARK =
  '--page:#14171a;--card:#1b1f23;--ink:#e6e4de;--dim:#98a0a8;--rule:#2c3238;--line:#8fb8e6;--have:#2f4437;--gap:#ff6b5e;--jump:#f0a840;--good:#7fc79b'

const STYLE = `
:root { color-scheme: light dark; ${LIGHT} }
@media (prefers-color-scheme: dark) { :root { ${DARK} } }
* { box-sizing: border-box }
body { margin: 0; padding: 40px 32px 64px; background: var(--page); color: var(--ink); font: 14px/1.45 system-ui, sans-serif; font-variant-numeric: tabular-nums }
main { max-width: 1120px; margin: 0 auto }
h1 { font-size: 26px; font-weight: 600; letter-spacing: -.01em; margin: 0 0 6px }
h2 { font-size: 13px; font-weight: 600; color: var(--dim); margin: 40px 0 8px }
.key + h2 { margin-top: 0 }
.lead { color: var(--dim); margin: 0 0 16px }
.key { display: flex; gap: 20px; flex-wrap: wrap; color: var(--dim); font-size: 12px; margin: 0 0 28px }
.key i { display: inline-block; width: 18px; height: 8px; border-radius: 1px; margin-right: 6px; vertical-align: baseline }
.key .ring { width: 9px; height: 9px; border: 1.5px solid var(--jump); border-radius: 50% }
.key .stroke { height: 2px; vertical-align: middle; background: var(--line) }
article { display: grid; grid-template-columns: minmax(220px, 300px) 1fr; gap: 28px; padding: 16px 0; border-top: 1px solid var(--rule) }
h3 { font-size: 15px; font-weight: 600; margin: 0; overflow-wrap: anywhere }
.file { margin: 0; color: var(--dim); font-size: 11.5px; overflow-wrap: anywhere }
.facts { margin: 2px 0 0; color: var(--dim); font-size: 12.5px }
.facts b { font-weight: 600; color: var(--gap) }
.facts .good { color: var(--good) }
.facts .note { color: var(--jump) }
figure { margin: 0; min-width: 0 }
svg { display: block; width: 100%; height: auto; overflow: visible }
.list { margin: 6px 0 0; padding: 0; list-style: none; color: var(--dim); font-size: 12px; display: flex; flex-wrap: wrap; gap: 2px 20px }
table { border-collapse: collapse; width: 100%; font-size: 13px }
th, td { text-align: left; padding: 5px 16px 5px 0; border-top: 1px solid var(--rule); overflow-wrap: anywhere }
th { color: var(--dim); font-weight: 500; border: 0 }
td.number, th.number { text-align: right }
@media (max-width: 760px) { body { padding: 24px 16px } article { grid-template-columns: 1fr; gap: 10px } }
${DRAWING_STYLE}`

type SeriesEntry = {
  readonly group: string
  readonly name: string
  readonly market: string
  readonly check: SeriesCheck
  readonly unreadable: number
}

/** One page without anything from elsewhere: each series with its closes, its gaps and its jumps; all else in a table. */
export function reportHtml(checks: readonly NamedCheck[]): string {
  const series = seriesOf(checks)
  const others = checks.filter(({ found }) => !('check' in found))
  const broken = series.filter((entry) => problems(entry) > 0).length
  const missing = series.reduce((sum, { check }) => sum + check.missing, 0)
  const sections = [...Map.groupBy(series, ({ group }) => group)].map(
    ([folder, entries]) => `${folder === '' ? '' : `<h2>${escaped(folder)}</h2>`}${entries.map(article).join('')}`,
  )
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Market data check</title><style>${STYLE}</style>
<main><h1>Market data check</h1>
<p class="lead">${count(series.length)} series of prices, ${count(broken)} with problems; ${count(missing)} bars missing. ${count(others.length)} other files. All times are UTC.</p>
<p class="key"><span><i class="stroke"></i>close, logarithmic</span><span><i style="background:var(--have)"></i>bars there</span><span><i style="background:var(--gap)"></i>bars missing</span><span><i class="ring"></i>largest jumps</span></p>
${sections.join('\n')}
${others.length > 0 ? otherTable(others) : ''}
</main></html>
`
}

/** The drawings alone, under each other. */
export function reportSvg(checks: readonly NamedCheck[]): string {
  const series = seriesOf(checks)
  const [row, margin] = [DRAWING.height + 36, 24]
  const height = Math.max(1, series.length) * row + 2 * margin
  const drawings = series.map(({ name, check }, index) => {
    const title = `<text class="name" x="0" y="0">${escaped(name)}</text><text class="axis" x="${DRAWING.width}" y="0" text-anchor="end">${missingText(check)}</text>`
    return `<g transform="translate(${margin} ${margin + index * row + 10})">${title}<g transform="translate(0 8)">${drawing(check)}</g></g>`
  })
  const style = `svg { ${LIGHT}; background: var(--page) } @media (prefers-color-scheme: dark) { svg { ${DARK} } } .name { fill: var(--ink); font: 600 13px system-ui, sans-serif } ${DRAWING_STYLE}`
  const size = `width="${DRAWING.width + 2 * margin}" height="${height}" viewBox="0 0 ${DRAWING.width + 2 * margin} ${height}"`
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size}><style>${style}</style>${drawings.join('\n')}</svg>\n`
}

function seriesOf(checks: readonly NamedCheck[]): SeriesEntry[] {
  return checks.flatMap(({ group, name, found }) =>
    'check' in found
      ? [{ group, name, market: marketOf(found), check: found.check, unreadable: found.unreadable }]
      : [],
  )
}

function marketOf({ source, symbol }: NamedMarket): string {
  return source === undefined || symbol === undefined ? '' : `${symbol} on ${source}`
}

function problems({ check, unreadable }: SeriesEntry): number {
  return problemsOf(check) + unreadable
}

function article(entry: SeriesEntry): string {
  const { check, name, market } = entry
  const title = market === '' ? name : market
  const label = `${title}: closes and coverage`
  return `<article><div><h3>${escaped(title)}</h3>${market === '' ? '' : `<p class="file">${escaped(name.replace(/\.csv(?:\.gz)?$|\.parquet$/, ''))}</p>`}
<p class="facts">${check.interval ?? `${check.stepSeconds} s`} bars, ${count(check.rows)} rows<br>${day(check.first)} to ${day(check.last)}<br>${verdict(entry)}${notes(check)}</p></div>
<figure><svg viewBox="0 0 ${DRAWING.width} ${DRAWING.height}" role="img" aria-label="${escaped(label)}">${drawing(check)}</svg>${gapList(check)}</figure></article>`
}

function verdict(entry: SeriesEntry): string {
  const { check, unreadable } = entry
  if (problems(entry) === 0) return '<span class="good">complete</span>'
  const faults: ReadonlyArray<readonly [number, string]> = [
    [unreadable, 'rows unreadable'],
    [check.duplicates, 'duplicates'],
    [check.outOfOrder, 'out of order'],
    [check.offGrid, 'off the grid'],
    [check.ohlcViolations, 'with a wrong high or low'],
    [check.notPositive, 'not positive'],
    [check.notANumber, 'not a number'],
  ]
  const words = faults.filter(([rows]) => rows > 0).map(([rows, what]) => `<b>${count(rows)} ${what}</b>`)
  return [...(check.missing > 0 ? [`<b>${missingText(check)}</b>`] : []), ...words].join('<br>')
}

function missingText({ missing, expected, gaps }: SeriesCheck): string {
  if (missing === 0) return 'complete'
  return `${count(missing)} missing (${((missing / expected) * 100).toPrecision(2)} %) in ${count(gaps.count)} gap${gaps.count === 1 ? '' : 's'}`
}

function notes({ jumps, flatRuns, zeroVolume }: SeriesCheck): string {
  const words = [
    jumps.count > 0 ? `${count(jumps.count)} jump${jumps.count === 1 ? '' : 's'}` : '',
    flatRuns.longest ? `flat for ${count(flatRuns.longest.rows)} bars at most` : '',
    zeroVolume !== undefined && zeroVolume.share >= 0.005
      ? `${(zeroVolume.share * 100).toFixed(0)} % without volume`
      : '',
  ].filter((word) => word !== '')
  return words.length === 0 ? '' : `<br><span class="note">${words.join(', ')}</span>`
}

function gapList({ gaps, stepSeconds }: SeriesCheck): string {
  if (gaps.largest.length === 0) return ''
  const items = gaps.largest.slice(0, 3).map(({ from, to, missing }) => {
    return `<li>${minute(from)} to ${minute(to)}: ${count(missing)} bar${missing === 1 ? '' : 's'}, ${duration(missing * stepSeconds)}</li>`
  })
  return `<ul class="list">${items.join('')}</ul>`
}

function otherTable(others: readonly NamedCheck[]): string {
  const rows = others.map(({ group, name: own, found }) => {
    const name = group === '' ? own : `${group}/${own}`
    if ('check' in found) return ''
    if (found.kind === 'unreadable')
      return `<tr><td>${escaped(name)}<td>unreadable<td><td colspan="2">${escaped(found.why)}`
    const period =
      found.first === undefined || found.last === undefined ? ['', ''] : [minute(found.first), minute(found.last)]
    return `<tr><td>${escaped(name)}<td>${found.kind}<td class="number">${count(found.rows)}<td>${period[0]}<td>${period[1]}`
  })
  return `<h2>Not series of prices</h2><table><tr><th>file<th>kind<th class="number">rows<th>from<th>to${rows.join('')}</table>`
}

function duration(seconds: number): string {
  const [size, unit] = seconds >= 172_800 ? [86_400, 'days'] : seconds >= 7_200 ? [3_600, 'hours'] : [60, 'minutes']
  return `${Math.round((seconds / size) * 10) / 10} ${unit}`
}

function day(seconds: number): string {
  return isoTime(seconds).slice(0, 10)
}

function minute(seconds: number): string {
  return isoTime(seconds).slice(0, 16).replace('T', ' ')
}

function count(value: number): string {
  return value.toLocaleString('en-US')
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`)
}
