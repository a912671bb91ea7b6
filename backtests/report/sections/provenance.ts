import { stringify } from 'yaml'
import type { BacktestResult } from '../../result.ts'
import { type Html, html } from '../html.ts'
import { table } from '../tables.ts'
import { count, day, exact, minute } from '../words.ts'

/** All that the result depends on, to run it again and get the same bytes. */
export function provenanceSection({ id, provenance }: BacktestResult): Html {
  const { config, configSha256, data, files, models, code, seed } = provenance
  const hash = (text: string) => html`<span class="hash">${text}</span>`
  const sources = table(
    [
      { title: 'data' },
      { title: 'rows', kind: 'number' },
      { title: 'from', kind: 'nowrap' },
      { title: 'to', kind: 'nowrap' },
      { title: 'sha256' },
    ],
    [
      data.map((source) => [
        source.name,
        count(source.rows),
        minute(source.from),
        minute(source.to),
        hash(source.sha256),
      ]),
    ],
  )
  const own = table([{ title: 'file' }, { title: 'sha256' }], [files.map((file) => [file.name, hash(file.sha256)])])
  const fitted = table(
    [{ title: 'model' }, { title: 'fitted until', kind: 'nowrap' }, { title: 'sha256' }],
    [models.map((model) => [model.id, day(model.fittedUntil), hash(model.sha256)])],
  )
  return html`<section id="provenance"><h2>Where it comes from</h2><p class="lead">The same config, data and code give the same bytes.</p><dl class="facts"><dt>result</dt><dd>${hash(id)}</dd><dt>code, commit</dt><dd>${hash(code.commit)}</dd><dt>code, sha256</dt><dd>${hash(code.sha256)}</dd><dt>config, sha256</dt><dd>${hash(configSha256)}</dd><dt>seed</dt><dd>${exact(seed)}</dd></dl>${data.length === 0 ? html`` : html`<h4>Data</h4>${sources}`}${files.length === 0 ? html`` : html`<h4>Own files</h4>${own}`}${models.length === 0 ? html`` : html`<h4>Models</h4>${fitted}`}<h4>Config</h4><pre>${stringify(config, { aliasDuplicateObjects: false, lineWidth: 0 })}</pre></section>`
}
