/*
 * What all plots share. A plot is a file of its own: it brings its colours, for light and dark by the reader's own setting, and paints its page,
 * so that it is legible wherever it is put. Every number in it is rounded, so its bytes are the same everywhere.
 */

const LIGHT =
  '--page:#fbfaf7;--ink:#1c2024;--dim:#666c73;--rule:#e2dfd8;--band:#e9e4d6;--a:#1f5a99;--b:#b2541a;--c:#3b7a57;--d:#8a4f9e;--hit:#c2362b'
const DARK =
  '--page:#14171a;--ink:#e6e4de;--dim:#9aa2aa;--rule:#2c3238;--band:#2b2a22;--a:#7fb2ec;--b:#f0a05a;--c:#86c9a3;--d:#cf9be0;--hit:#ff6b5e'

const STYLE = `svg { ${LIGHT}; background: var(--page) }
@media (prefers-color-scheme: dark) { svg { ${DARK} } }
text { fill: var(--ink); font: 12px system-ui, sans-serif; font-variant-numeric: tabular-nums }
.title { font-size: 16px; font-weight: 600 }
.dim { fill: var(--dim); font-size: 11px }
.name { font-weight: 600 }
.rule { stroke: var(--rule); fill: none }
.zero { stroke: var(--dim); fill: none }
.band { fill: var(--band) }
.ring { fill: var(--page) }
.hit { stroke: var(--hit); fill: none; stroke-width: 1.75 }`

/** A drawing's colours, by role. */
export type Hue = 'a' | 'b' | 'c' | 'd' | 'ink' | 'dim'

export const colour = (hue: Hue): string => `var(--${hue})`

/** A whole file, with its title and a line under it that says how to read it. */
export function svgFile(parts: {
  readonly width: number
  readonly height: number
  readonly title: string
  readonly lead: readonly string[]
  readonly body: readonly string[]
}): string {
  const { width, height, title, lead, body } = parts
  const head = [
    text({ x: 24, y: 32, what: title, style: 'title' }),
    ...lead.map((line, index) => text({ x: 24, y: 52 + 16 * index, what: line, style: 'dim' })),
  ]
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escaped(title)}">
<style>${STYLE}</style>
<rect width="${width}" height="${height}" fill="var(--page)"/>
${[...head, ...body].join('\n')}
</svg>
`
}

/** From values to places; a value beyond an end is put at it. */
export type Scale = (value: number) => number

export function linear(domain: readonly [number, number], range: readonly [number, number]): Scale {
  const [from, to] = domain
  const [start, end] = range
  return (value) => round(start + ((Math.min(Math.max(value, from), to) - from) / (to - from)) * (end - start))
}

export function text(parts: {
  readonly x: number
  readonly y: number
  readonly what: string
  readonly style?: string
  readonly anchor?: 'start' | 'middle' | 'end'
  readonly hue?: Hue
}): string {
  const { x, y, what, style, anchor = 'start', hue } = parts
  const attributes = [
    style === undefined ? '' : ` class="${style}"`,
    anchor === 'start' ? '' : ` text-anchor="${anchor}"`,
    // As a style, since a class would win over an attribute.
    hue === undefined ? '' : ` style="fill:${colour(hue)}"`,
  ]
  return `<text x="${round(x)}" y="${round(y)}"${attributes.join('')}>${escaped(what)}</text>`
}

export function line(from: readonly [number, number], to: readonly [number, number], attributes: string): string {
  return `<path d="M${round(from[0])} ${round(from[1])}L${round(to[0])} ${round(to[1])}" ${attributes}/>`
}

/** A line through points; undefined breaks it. */
export function path(points: ReadonlyArray<readonly [number, number] | undefined>, attributes: string): string {
  let pen = 'M'
  let d = ''
  for (const point of points) {
    if (point === undefined) {
      pen = 'M'
      continue
    }
    d += `${pen}${round(point[0])} ${round(point[1])}`
    pen = 'L'
  }
  return `<path d="${d}" fill="none" ${attributes}/>`
}

export function rectangle(parts: {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
  readonly attributes: string
}): string {
  const { x, y, width, height, attributes } = parts
  return `<rect x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${round(height)}" ${attributes}/>`
}

export function circle(x: number, y: number, radius: number, attributes: string): string {
  return `<circle cx="${round(x)}" cy="${round(y)}" r="${radius}" ${attributes}/>`
}

export function round(value: number): number {
  return Math.round(value * 100) / 100
}

function escaped(what: string): string {
  return what.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
}
