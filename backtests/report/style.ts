import { DARK_CSS, LIGHT_CSS } from './palette.ts'

/** The page's whole style. A class on the root forces a scheme, for pictures of the page; without one the reader's own setting holds. */
export const STYLE = `
:root { color-scheme: light dark; ${LIGHT_CSS} }
@media (prefers-color-scheme: dark) { :root:not(.light) { ${DARK_CSS} } }
:root.dark { color-scheme: dark; ${DARK_CSS} }
* { box-sizing: border-box }
html { scroll-padding-top: 52px }
body { margin: 0; background: var(--page); color: var(--ink); font: 14px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; font-variant-numeric: tabular-nums }
main, nav ul, .masthead { max-width: 1168px; margin: 0 auto; padding: 0 24px }
main { padding-bottom: 72px }
a { color: inherit; text-underline-offset: 3px; text-decoration-color: var(--dim) }
.masthead { display: grid; grid-template-columns: auto 1fr; gap: 4px 18px; align-items: center; padding-top: 36px; padding-bottom: 20px }
.mark { width: 60px; fill: none; stroke: var(--a); stroke-width: 3; overflow: visible }
h1 { font-size: 28px; line-height: 1.2; font-weight: 650; letter-spacing: -.015em; margin: 0; overflow-wrap: anywhere }
.masthead p { grid-column: 2; margin: 0; color: var(--dim); font-size: 13px }
nav { position: sticky; top: 0; z-index: 2; background: var(--page); border-block: 1px solid var(--rule) }
nav ul { display: flex; gap: 4px 22px; list-style: none; overflow-x: auto; padding-top: 10px; padding-bottom: 10px; white-space: nowrap; font-size: 13px; scrollbar-width: none }
nav a { color: var(--dim); text-decoration: none }
nav a:hover { color: var(--ink) }
section { padding-top: 40px }
h2 { font-size: 20px; font-weight: 650; letter-spacing: -.01em; margin: 0 0 4px }
h3 { font-size: 16px; font-weight: 650; margin: 0; overflow-wrap: anywhere }
h4 { font-size: 13px; font-weight: 600; margin: 28px 0 6px; color: var(--dim) }
.lead { color: var(--dim); margin: 0 0 16px; max-width: 84ch }
.answer { font-size: 19px; line-height: 1.5; margin: 0; max-width: 66ch; text-wrap: pretty }
.answer b { font-weight: 650 }
.promises { list-style: none; margin: 14px 0 0; padding: 0; max-width: 96ch } .promises li { display: grid; grid-template-columns: minmax(112px, 132px) 1fr; gap: 0 12px; padding: 3px 0 } .promises .badge { font-size: 13px; line-height: 1.65 }
.note { color: var(--dim); font-size: 12px; margin: 10px 0 0 }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(200px, 1fr)); margin: 28px 0 0; border-top: 1px solid var(--rule) }
.figures > div { display: grid; grid-template-rows: subgrid; grid-row: span 4; align-content: start; padding: 14px 18px 12px 0; border-top: 4px solid var(--hue); margin-top: -1px; min-width: 0 }
.figures dt { font-weight: 600; color: var(--hue); overflow-wrap: anywhere }
.figures dd { margin: 0; color: var(--dim); font-size: 13px }
.figures .big { color: var(--ink); font-size: 34px; line-height: 1.25; font-weight: 650; letter-spacing: -.02em }
.figures b { color: var(--ink); font-weight: 600 }
figure { margin: 0; min-width: 0 }
figure + figure { margin-top: 18px }
.row > figure + figure { margin-top: 0 }
figcaption { font-weight: 600; font-size: 13px; margin: 0 0 2px }
figure > div { overflow-x: auto }
figure svg { display: block; max-width: 100%; height: auto; overflow: visible }
.period { padding: 26px 0 8px; border-top: 1px solid var(--rule) }
.period + .period { margin-top: 26px }
.period header { display: flex; flex-wrap: wrap; align-items: baseline; gap: 4px 14px; margin-bottom: 14px }
.period header p { margin: 0; color: var(--dim); font-size: 13px }
.row { display: grid; grid-template-columns: repeat(3, minmax(0, 1fr)); gap: 22px; margin-bottom: 20px }
.pair { display: grid; grid-template-columns: minmax(0, 776fr) minmax(0, 370fr); gap: 22px }
.key { display: flex; flex-wrap: wrap; gap: 4px 20px; margin: 0 0 16px; padding: 0; list-style: none; font-size: 13px }
.key i { display: inline-block; width: 20px; height: 0; border-top: 2px solid; margin-right: 7px; vertical-align: middle }
.badge { display: inline-block; font-size: 12px; font-weight: 600; white-space: nowrap }
.badge::before { display: inline-block; width: 1.3em; font-weight: 700 }
.kept { color: var(--good) } .kept::before { content: "✓" }
.missed { color: var(--hit) } .missed::before { content: "✕" }
.scroll { overflow-x: auto; margin: 0 0 8px }
table { border-collapse: collapse; width: 100%; font-size: 13px; line-height: 1.4 }
caption { text-align: left; color: var(--dim); padding-bottom: 6px }
th, td { text-align: left; padding: 5px 16px 5px 0; border-top: 1px solid var(--rule); vertical-align: top }
th:last-child, td:last-child { padding-right: 0 }
thead th { color: var(--dim); font-weight: 500; white-space: normal; border-top: 0; vertical-align: bottom }
td:first-child { max-width: 260px; overflow-wrap: anywhere }
tbody.group > tr:first-child > * { border-top-color: var(--dim) }
.dense td { border-top: 0; padding-top: 2px; padding-bottom: 2px } .dense tbody.group > tr:first-child > * { border-top: 1px solid var(--rule); padding-top: 6px } .dense tbody.group > tr:last-child > * { padding-bottom: 6px }
.box .scroll { max-height: 440px; overflow-y: auto; border-block: 1px solid var(--rule) }
.box thead th { position: sticky; top: 0; background: var(--page); padding-top: 8px; box-shadow: 0 1px var(--rule) }
.number { text-align: right; white-space: nowrap }
thead th.number { white-space: normal }
.nowrap { white-space: nowrap }
.long { display: inline-block; min-width: 150px }
.why { min-width: 220px }
td.best { font-weight: 700 }
td.bad { color: var(--hit); font-weight: 600 }
.swatch { display: inline-block; width: 10px; height: 10px; border-radius: 2px; margin-right: 7px; background: var(--hue) }
.bar { position: relative; display: inline-block; width: 96px; height: 8px; background: var(--rule); vertical-align: middle; margin-left: 10px }
span.within { color: var(--good) } span.beyond { color: var(--hit) }
.bar i { position: absolute; inset: 0 auto 0 0; background: currentcolor }
.bar::after { content: ""; position: absolute; left: var(--at); top: -4px; bottom: -4px; border-left: 2px solid var(--ink) }
.light { display: inline-block; width: 10px; height: 10px; border-radius: 50%; margin-right: 6px; background: var(--hue) }
.set::after { content: " •"; color: var(--a) }
.set.number, .number.unset { padding-right: 10px }
.number.unset::after { content: " •"; visibility: hidden }
.tighter::before { content: "↓ "; color: var(--a) } .looser::before { content: "↑ "; color: var(--dim) }
.hash { font: 12px/1.5 ui-monospace, SFMono-Regular, Menlo, "DejaVu Sans Mono", monospace; overflow-wrap: anywhere }
pre { margin: 0; padding: 14px 16px; background: var(--card); border: 1px solid var(--rule); border-radius: 6px; overflow-x: auto; font: 12px/1.5 ui-monospace, SFMono-Regular, Menlo, "DejaVu Sans Mono", monospace; tab-size: 2 }
dl.facts { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: 4px 20px; margin: 0 }
dl.facts dt { color: var(--dim) } dl.facts dd { margin: 0 }
@media (max-width: 980px) { .row, .pair { grid-template-columns: repeat(auto-fit, minmax(min(100%, 340px), 1fr)) } .pair { grid-template-columns: minmax(0, 1fr) } }
@media (max-width: 560px) { main, nav ul, .masthead { padding-left: 16px; padding-right: 16px } .answer { font-size: 17px } h1 { font-size: 23px } .mark { width: 44px } .figures { grid-template-columns: 1fr 1fr } .figures .big { font-size: 26px } dl.facts { grid-template-columns: 1fr; gap: 0 } dl.facts dd { margin-bottom: 8px } }
@media print { :root { ${LIGHT_CSS}; --page: #fff } nav { display: none } body { font-size: 11px } main { max-width: none; padding: 0 } .scroll, .box .scroll, figure > div { overflow: visible; max-height: none } figure svg { min-width: 0 !important } figure, tr, .figures, .period header { break-inside: avoid } h2, h3, h4 { break-after: avoid } }
`
