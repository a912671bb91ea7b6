import { stripVTControlCharacters, styleText } from 'node:util'

type Style = Parameters<typeof styleText>[0]

/** Colours where a terminal shows them; NO_COLOR and FORCE_COLOR are obeyed. */
export function styled(style: Style, text: string): string {
  return styleText(style, text, { stream: process.stdout })
}

export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`)
}

export function print(text: string): void {
  process.stdout.write(`${text}\n`)
}

/** What is not the result: where the store is, what was passed over. */
export function say(text: string): void {
  process.stderr.write(`${text}\n`)
}

export type Column = { readonly title: string; readonly align?: 'right' }

/** Rows under their titles in columns as wide as they need, two spaces apart; the last is not padded. */
export function table(columns: readonly Column[], rows: ReadonlyArray<readonly string[]>): string {
  const widths = columns.map(({ title }, index) =>
    Math.max(title.length, ...rows.map((row) => widthOf(row[index] ?? ''))),
  )
  const line = (cells: readonly string[]): string =>
    columns
      .map(({ align }, index) => {
        const cell = cells[index] ?? ''
        const padding = ' '.repeat(Math.max(0, (widths[index] ?? 0) - widthOf(cell)))
        return align === 'right' ? padding + cell : cell + padding
      })
      .join('  ')
      .trimEnd()
  return [styled('dim', line(columns.map(({ title }) => title))), ...rows.map(line)].join('\n')
}

function widthOf(cell: string): number {
  return stripVTControlCharacters(cell).length
}

/** 23268 → `23,268` */
export function count(value: number): string {
  return value.toLocaleString('en-US')
}

/** One number of things: `1 gap`, `2 gaps`. */
export function countOf(value: number, thing: string): string {
  return `${count(value)} ${thing}${value === 1 ? '' : 's'}`
}

/** A day where a time is midnight, else a day and its minute; unix seconds → UTC. */
export function shortTime(seconds: number): string {
  const text = new Date(seconds * 1_000).toISOString()
  return text.slice(11, 16) === '00:00' ? text.slice(0, 10) : `${text.slice(0, 10)} ${text.slice(11, 16)}`
}

const BLOCKS = ' ▁▂▃▄▅▆▇█'

/** Shares of 0 to 1 as bars; nothing at all is a dot, so that it can be told from little. */
export function strip(shares: readonly number[], width = 24): string {
  const parts = Math.min(width, shares.length)
  return Array.from({ length: parts }, (_, part) => {
    const [from, to] = [Math.floor((part * shares.length) / parts), Math.floor(((part + 1) * shares.length) / parts)]
    const some = shares.slice(from, to)
    const share = some.reduce((sum, each) => sum + each, 0) / some.length
    if (share === 0) return '·'
    // Full only where nothing is missing, and never empty where something is there.
    return BLOCKS[share === 1 ? 8 : Math.max(1, Math.min(7, Math.floor(share * 8)))]
  }).join('')
}
