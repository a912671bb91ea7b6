/** A Markdown table with padded columns, as the formatter leaves it, so that a generated card is a formatted one. */
export function markdownTable(header: readonly string[], rows: ReadonlyArray<readonly string[]>): string {
  const widths = header.map((cell, column) => Math.max(3, cell.length, ...rows.map((row) => row[column]?.length ?? 0)))
  const line = (cells: readonly string[], fill: string): string =>
    `| ${widths.map((width, column) => (cells[column] ?? '').padEnd(width, fill)).join(' | ')} |`
  return [line(header, ' '), line([], '-'), ...rows.map((row) => line(row, ' '))].join('\n')
}
