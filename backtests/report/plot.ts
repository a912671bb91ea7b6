import * as Plot from '@observablehq/plot'
import { parseHTML } from 'linkedom'
import { escaped, type Html, html, plain, trusted } from './html.ts'
import { concrete } from './palette.ts'

/** A plot, before it is put in a page or in a file of its own. */
export type Figure = {
  /** Unique in its report, and a file's name. */
  readonly id: string
  readonly title: string
  /** How to read it, for a file that stands alone; in the page, the text around it says so. */
  readonly lead: string
  readonly width: number
  readonly height: number
  /** An SVG whose colours are the page's variables. */
  readonly svg: string
  /** What a small plot is called in the page, under a heading that says the rest. */
  readonly caption?: string
}

type Drawn = Omit<Figure, 'svg'> & { readonly marks: readonly Plot.Markish[] } & Pick<
    Plot.PlotOptions,
    | 'x'
    | 'y'
    | 'fx'
    | 'fy'
    | 'facet'
    | 'marginLeft'
    | 'marginRight'
    | 'marginTop'
    | 'marginBottom'
    | 'r'
    | 'symbol'
    | 'color'
  >

const { document } = parseHTML('<!doctype html><html><body></body></html>')

const GEOMETRY = /(\s(?:x|y|x1|x2|y1|y2|cx|cy|r|width|height|transform|points)=")([^"]*)"/g
const PATH = /(\sd=")([^"]*)"/g
const FONT = "'DejaVu Sans Condensed', 'DejaVu Sans', system-ui, sans-serif"

/** Draws in memory. Numbers are rounded: Plot's have 17 digits, of which the last differ between machines. */
export function figure({ id, title, lead, caption, ...options }: Drawn): Figure {
  const drawn = Plot.plot({ ...options, marks: [...options.marks], document })
  const { width, height } = options
  const inside = plain(String(drawn.outerHTML))
    .replace(/^[^>]*>/, '')
    .replace(/<style>[\s\S]*?<\/style>/, '')
    .replace(PATH, (_, head: string, path: string) => `${head}${flattened(path)}"`)
    .replace(GEOMETRY, (_, head: string, numbers: string) => `${head}${rounded(numbers)}"`)
  const label = escaped(title)
  const size = `width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"`
  const svg = `<svg ${size} role="img" aria-label="${label}" text-anchor="middle" font-size="11" fill="currentColor">${inside}`
  return { id, title, lead, width, height, svg, ...(caption === undefined ? {} : { caption }) }
}

/** In the page. One that is wider than a narrow screen keeps its size and scrolls. */
export function htmlFigure({ id, caption, svg, width }: Figure): Html {
  // Smaller than this its words could not be read.
  const least = width > 460 ? `<svg style="min-width:${Math.round(width * 0.82)}px" ` : '<svg '
  const scrolling = svg.replace('<svg ', least)
  const head = caption === undefined ? html`` : html`<figcaption>${caption}</figcaption>`
  return html`<figure id="${id}">${head}<div>${trusted(scrolling)}</div></figure>`
}

/** A file of its own: title and lead above, colours as they are. */
export function standAlone({ title, lead, svg, width, height }: Figure): string {
  const [pad, lineHeight] = [20, 15]
  const lines = wrapped(plain(lead), (width - 4) / 5.6)
  const heading = wrapped(plain(title), (width - 4) / 8.2)
  const top = pad + 20 * heading.length + lineHeight * lines.length + 14
  const [outerWidth, outerHeight] = [width + 2 * pad, top + height + pad]
  const text = [
    ...heading.map((line, index) => textLine(pad, pad + 13 + 20 * index, line, 'font-size="16" font-weight="600"')),
    ...lines.map((line, index) =>
      textLine(
        pad,
        pad + 20 * heading.length + 9 + lineHeight * index,
        line,
        'font-size="11.5" style="fill:var(--dim)"',
      ),
    ),
  ]
  const placed = svg.replace('<svg ', `<svg x="${pad}" y="${top}" `)
  return concrete(`<svg xmlns="http://www.w3.org/2000/svg" width="${outerWidth}" height="${outerHeight}" viewBox="0 0 ${outerWidth} ${outerHeight}" role="img" aria-label="${escaped(title)}" font-family="${FONT}" fill="var(--ink)">
<rect width="${outerWidth}" height="${outerHeight}" fill="var(--page)"/>
${text.join('\n')}
${placed}
</svg>
`)
}

/** Where labels go that would lie over each other: in order, `gap` apart, as near to their places as may be. */
export function spread(places: readonly number[], gap: number, [from, to]: readonly [number, number]): number[] {
  const order = places.map((_, index) => index).sort((a, b) => at(places, a) - at(places, b))
  const result = [...places]
  let least = from
  for (const index of order) {
    result[index] = Math.max(at(places, index), least)
    least = at(result, index) + gap
  }
  let most = to
  for (const index of order.toReversed()) {
    result[index] = Math.min(at(result, index), most)
    most = at(result, index) - gap
  }
  return result
}

export function date(seconds: number): Date {
  return new Date(seconds * 1000)
}

function at(values: readonly number[], index: number): number {
  return values[index] ?? 0
}

function rounded(text: string): string {
  return text.replace(/-?\d+\.\d+(?:e[+-]?\d+)?|-?\d+e[+-]?\d+/g, (number) =>
    String(Math.round(Number(number) * 100) / 100 || 0),
  )
}

/** To a tenth of a pixel, and without the points within a level stretch: most of a page's bytes are such lines. */
function flattened(path: string): string {
  const tenths = path.replace(/-?\d+\.\d+(?:e[+-]?\d+)?|-?\d+e[+-]?\d+/g, (number) =>
    String(Math.round(Number(number) * 10) / 10 || 0),
  )
  if (!/^[ML][-\d.,MLZ]*$/.test(tenths)) return tenths
  const points = tenths.match(/[MLZ][-\d.,]*/g) ?? []
  const height = (point: string | undefined) => (point?.startsWith('Z') ? undefined : point?.split(',')[1])
  const kept = points.filter((point, index) => {
    const [before, after] = [points[index - 1], points[index + 1]]
    const isInside = point.startsWith('L') && before !== undefined && after?.startsWith('L')
    return !(isInside && height(point) === height(before) && height(point) === height(after))
  })
  return kept.join('')
}

function wrapped(text: string, most: number): string[] {
  const lines: string[] = []
  for (const word of text.split(/\s+/)) {
    const last = lines.at(-1)
    if (last === undefined || last.length + word.length + 1 > most) lines.push(word)
    else lines[lines.length - 1] = `${last} ${word}`
  }
  return lines.filter((line) => line !== '')
}

function textLine(x: number, y: number, what: string, attributes: string): string {
  return `<text x="${x}" y="${y}" ${attributes}>${escaped(what)}</text>`
}
