/** Text that is HTML already. All else is escaped where it is put in, so that no title, reason or config can become a tag. */
export type Html = { readonly html: string }

/** What {@link trusted} made: an object out of a result that looks like it is none. */
const MADE = new WeakSet<object>()

type Part = string | number | Html | readonly Html[]

/** A template whose parts are escaped, unless they are HTML themselves. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  let text = strings[0] ?? ''
  for (const [index, part] of parts.entries()) text += `${textOf(part)}${strings[index + 1] ?? ''}`
  return trusted(text)
}

/** Text of ours that is HTML as it stands: never anything out of a result. */
export function trusted(text: string): Html {
  const made = { html: text }
  MADE.add(made)
  return made
}

export function escaped(text: string): string {
  return plain(text).replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`)
}

/** Without what no XML may hold (control characters, halves of surrogate pairs): a plot with one would be no plot. */
export function plain(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it is these that are taken out
  return text.toWellFormed().replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\ufffe\uffff]/g, '�')
}

/** For ids and file names: small letters, digits and dashes. */
function slug(text: string): string {
  const letters = text.toLowerCase().replace(/[^a-z0-9]+/g, '-')
  return letters.replace(/^-|-$/g, '') || 'x'
}

/** The slug of one of several texts; a second with the same letters gets a number. */
export function slugAmong(text: string, all: readonly string[]): string {
  const own = slug(text)
  const before = [...new Set(all)].filter((each) => slug(each) === own).indexOf(text)
  return before > 0 ? `${own}--${before + 1}` : own
}

function textOf(part: Part): string {
  if (typeof part === 'string') return escaped(part)
  if (typeof part === 'number') return String(part)
  if (Array.isArray(part)) return part.map((each: Part) => textOf(each)).join('')
  return MADE.has(part) && 'html' in part ? part.html : escaped(JSON.stringify(part) ?? '')
}
