import { escaped, markdownHtml } from './markdown.ts'

const STYLE = `
:root { color-scheme: light dark; --page:#fbfaf7; --ink:#1c2024; --dim:#666c73; --rule:#e2dfd8; --code:#f0ede5 }
@media (prefers-color-scheme: dark) { :root { --page:#14171a; --ink:#e6e4de; --dim:#9aa2aa; --rule:#2c3238; --code:#1d2125 } }
body { margin: 0; padding: 40px 32px 64px; background: var(--page); color: var(--ink); font: 15px/1.55 system-ui, sans-serif; font-variant-numeric: tabular-nums }
main { max-width: 1000px; margin: 0 auto }
h1 { font-size: 28px; letter-spacing: -.01em; margin: 0 0 16px }
h2 { font-size: 19px; margin: 40px 0 8px }
h3 { font-size: 16px; margin: 28px 0 6px }
p, ul { max-width: 76ch }
code { font: .88em ui-monospace, monospace; background: var(--code); border-radius: 3px; padding: .1em .3em; overflow-wrap: anywhere }
pre { background: var(--code); border-radius: 4px; padding: 12px 16px; overflow-x: auto }
pre code { padding: 0; background: none }
.wide { overflow-x: auto }
table { border-collapse: collapse; font-size: 13px }
th, td { text-align: left; padding: 5px 18px 5px 0; border-bottom: 1px solid var(--rule); white-space: nowrap }
th { color: var(--dim); font-weight: 500 }
figure { margin: 24px 0 }
img { max-width: 100%; height: auto; border: 1px solid var(--rule); border-radius: 4px }`

/** A card as one page that needs nothing from elsewhere: plots it names stand where it names them, the others at its end. */
export function cardHtml(
  id: string,
  { text, plots }: { readonly text: string; readonly plots: ReadonlyMap<string, string> },
): string {
  const named = new Set<string>()
  const imageOf = (path: string): string | undefined => {
    const svg = plots.get(path)
    if (svg === undefined) return undefined
    named.add(path)
    // As an image, so that a plot's styles stay its own.
    return `data:image/svg+xml;base64,${Buffer.from(svg).toString('base64')}`
  }
  const card = markdownHtml(text, imageOf)
  const others = [...plots.keys()].filter((path) => !named.has(path))
  const figures = others.map(
    (path) =>
      `<figure><img src="${imageOf(path) ?? ''}" alt="${escaped(path.replace(/^plots\/|\.svg$/g, ''))}"></figure>`,
  )
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Model card: ${escaped(id)}</title><style>${STYLE}</style>
<main>
${card}
${figures.length === 0 ? '' : `<h2>Plots</h2>\n${figures.join('\n')}`}
</main></html>
`
}
