/** An image's address by the path that the text names, or undefined where there is none; then its words alone are shown. */
export type ImageOf = (path: string) => string | undefined

/**
 * The Markdown that cards are written in, as HTML: headings, paragraphs, lists, tables, indented and fenced code; in a line code, bold, links to
 * https (of others the words alone) and images. Whatever else there is stays as text, and no tag of the text becomes one.
 */
export function markdownHtml(text: string, imageOf: ImageOf): string {
  return blocksOf(text)
    .map((block) => blockHtml(block, imageOf))
    .join('\n')
}

/** Lines of one block: what lies between empty lines, a heading, or a whole code fence. */
type Block = readonly string[]

function blocksOf(text: string): Block[] {
  const blocks: string[][] = []
  let open: string[] = []
  for (const line of text.split(/\r?\n/)) {
    const isFenced = isFence(open[0])
    if (!isFenced && (line.trim() === '' || startsBlock(line, open))) {
      blocks.push(open)
      open = []
    }
    if (isFenced || line.trim() !== '') open.push(line)
    if (isHeading(line) ? !isFenced : isFenced && isFence(line)) {
      blocks.push(open)
      open = []
    }
  }
  return [...blocks, open].filter(({ length }) => length > 0)
}

function isFence(line: string | undefined): boolean {
  return line?.startsWith('```') === true
}

/** A list may follow a paragraph's line at once, and a heading or code whatever there is. */
function startsBlock(line: string, [first]: Block): boolean {
  const isList = first !== undefined && startsItem(first)
  return isHeading(line) || isFence(line) || (startsItem(line) && !isList)
}

function isHeading(line: string): boolean {
  return /^#{1,3} /.test(line)
}

function startsItem(line: string): boolean {
  return line.startsWith('- ')
}

function blockHtml(block: Block, imageOf: ImageOf): string {
  const [first = ''] = block
  const heading = /^(#{1,3}) (.*)$/.exec(first)
  if (heading !== null) {
    const level = heading[1]?.length ?? 1
    return `<h${level}>${inlineHtml(heading[2] ?? '', imageOf)}</h${level}>`
  }
  if (first.startsWith('```'))
    return codeHtml(block.slice(1, block.at(-1)?.startsWith('```') === true ? -1 : undefined))
  if (block.every((line) => line.startsWith('    '))) return codeHtml(block.map((line) => line.slice(4)))
  if (first.startsWith('|') && /^\|[\s:|-]+\|$/.test(block[1] ?? '')) return tableHtml(block, imageOf)
  if (startsItem(first)) return listHtml(block, imageOf)
  return `<p>${inlineHtml(block.map((line) => line.trim()).join(' '), imageOf)}</p>`
}

function codeHtml(lines: readonly string[]): string {
  return `<pre><code>${escaped(lines.join('\n'))}</code></pre>`
}

function tableHtml([header = '', , ...rows]: Block, imageOf: ImageOf): string {
  const cells = (line: string, tag: 'th' | 'td'): string =>
    line
      .replace(/^\||\|\s*$/g, '')
      .split('|')
      .map((cell) => `<${tag}>${inlineHtml(cell.trim(), imageOf)}</${tag}>`)
      .join('')
  const body = rows.map((row) => `<tr>${cells(row, 'td')}</tr>`).join('\n')
  return `<div class="wide"><table><thead><tr>${cells(header, 'th')}</tr></thead>\n<tbody>${body}</tbody></table></div>`
}

/** Items of one level; a line that does not start one goes on with the last. */
function listHtml(block: Block, imageOf: ImageOf): string {
  const items: string[] = []
  for (const line of block) {
    if (startsItem(line)) items.push(line.slice(2))
    else items.push(`${items.pop() ?? ''} ${line.trim()}`)
  }
  return `<ul>\n${items.map((item) => `<li>${inlineHtml(item, imageOf)}</li>`).join('\n')}\n</ul>`
}

const INLINE = /`([^`]+)`|\*\*(.+?)\*\*|!\[([^\]]*)\]\(([^()\s]+)\)|\[([^\]]+)\]\(([^()\s]+)\)/g

/** A page that stands alone has no files beside it: of a link to one the words are left. */
function linkHtml(words: string, link: string): string {
  return link.startsWith('https://') ? `<a href="${escaped(link)}">${words}</a>` : words
}

function inlineHtml(text: string, imageOf: ImageOf): string {
  let html = ''
  let from = 0
  for (const match of text.matchAll(INLINE)) {
    const [whole, code, bold, alt, image, label, link] = match
    html += escaped(text.slice(from, match.index))
    from = match.index + whole.length
    if (code !== undefined) html += `<code>${escaped(code)}</code>`
    else if (bold !== undefined) html += `<strong>${inlineHtml(bold, imageOf)}</strong>`
    else if (image !== undefined) html += imageHtml(alt ?? '', imageOf(image))
    else html += linkHtml(inlineHtml(label ?? '', imageOf), link ?? '')
  }
  return html + escaped(text.slice(from))
}

function imageHtml(alt: string, address: string | undefined): string {
  return address === undefined ? escaped(alt) : `<img src="${address}" alt="${escaped(alt)}">`
}

export function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}
