import { type Html, html } from './html.ts'

/** A column's head, how its cells stand, and what its figures are, for a pointer that rests on it. */
export type Column = { readonly title: string; readonly kind?: 'number' | 'nowrap' | 'why'; readonly hint?: string }

const NAME_MAX = 20

export type Cell = string | Html | { readonly content: string | Html; readonly as: string }

/** Rows in groups, each with a rule of its own above, and where dense no other; it scrolls within itself where the page is too narrow. */
export function table(
  columns: readonly Column[],
  groups: readonly (readonly (readonly Cell[])[])[],
  style: 'plain' | 'dense' = 'plain',
): Html {
  const heads = columns.map(({ title, kind, hint }) => {
    const about = hint === undefined ? html`` : html` title="${hint}"`
    return html`<th scope="col"${classOf(kind)}${about}>${title}</th>`
  })
  const bodies = groups
    .filter((rows) => rows.length > 0)
    .map(
      (rows) =>
        html`<tbody class="group">${rows.map((row) => html`<tr>${row.map((cell, index) => td(cell, columns[index]?.kind))}</tr>\n`)}</tbody>`,
    )
  return html`<div class="scroll" tabindex="0"><table${classOf(style === 'dense' ? style : '')}><thead><tr>${heads}</tr></thead>${bodies}</table></div>`
}

/** A colour's name before what it stands for. */
export function swatch(colour: string, name: string): Html {
  return html`<span${name.length > NAME_MAX ? html`` : html` class="nowrap"`}><i class="swatch" style="--hue:${colour}"></i>${name}</span>`
}

/** A short one stays on its line; a long one may not push the figures off the page. */
export function nameOf(title: string): Html {
  return html`<b class="${title.length > NAME_MAX ? 'long' : 'nowrap'}">${title}</b>`
}

function td(cell: Cell, kind: Column['kind']): Html {
  if (typeof cell === 'string' || 'html' in cell) return html`<td${classOf(kind)}>${cell}</td>`
  return html`<td${classOf(kind, cell.as)}>${cell.content}</td>`
}

function classOf(...names: readonly (string | undefined)[]): Html {
  const given = names.filter((name) => name !== undefined && name !== '')
  return given.length === 0 ? html`` : html` class="${given.join(' ')}"`
}
