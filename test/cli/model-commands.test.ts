import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { runCli } from './run-cli.ts'

const folders: string[] = []
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

const CARD = `# Risk model: first

Says **much** of \`R < 1 & more\`. <script>alert(1)</script>
- an item
  that goes on
- ![two](plots/two.svg)
- read [the **page**](WALK.md), not [this](javascript:alert)

| a | b |
| --- | --- |
| 1 | x < y |

    depth = 2 · σ

\`\`\`
# no heading

- no item
\`\`\`
`
const SVG = '<svg xmlns="http://www.w3.org/2000/svg"><style>text { fill: red }</style></svg>\n'

/** A models folder with one sound risk model, its card and two plots, and a depth model. */
function modelsFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-model-cli-'))
  folders.push(folder)
  mkdirSync(join(folder, 'volatility/plots'), { recursive: true })
  mkdirSync(join(folder, 'liquidity'))
  const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
  const entry = (kind: string, file: string, metrics: object): object => {
    writeFileSync(join(folder, file), file)
    return { kind, file, sha256: sha256(file), status: 'default', metrics, more: [1] }
  }
  const registry = {
    version: 7,
    defaults: { risk: ['first'], liquidity: 'depth' },
    models: {
      first: entry('risk', 'volatility/first.onnx', { 'test volatile': { forecasts: 9, coverage: 0.99, qlike: 0.3 } }),
      depth: entry('liquidity', 'liquidity/depth.onnx', { calibrationPoints: 5 }),
    },
  }
  writeFileSync(join(folder, 'registry.json'), JSON.stringify(registry))
  writeFileSync(join(folder, 'volatility/card.md'), CARD)
  writeFileSync(join(folder, 'volatility/plots/one.svg'), SVG)
  writeFileSync(join(folder, 'volatility/plots/two.svg'), SVG)
  return folder
}

test('models are listed with what a reader compares them by, and their files agree with the registry', async () => {
  const folder = modelsFolder()
  const run = await runCli(['model', 'list', '--json', '--models', folder], folder)
  expect(run.code).toBe(0)
  expect(JSON.parse(run.stdout).models).toMatchObject([
    { id: 'first', kind: 'risk', status: 'default', runs: true, hash: 'ok', metrics: { qlike: 0.3, coverage: 0.99 } },
    { id: 'depth', kind: 'liquidity', runs: true, hash: 'ok', metrics: { calibrationPoints: 5 } },
  ])
  const { code, stdout } = await runCli(['model', 'list', '--models', folder], folder)
  expect(code).toBe(0)
  expect(stdout).toMatch(/first +risk +default +volatility\/first\.onnx +ok +qlike 0\.3, coverage 0\.99/)
})

test('a file that was changed or is gone makes the list fail, and is named', async () => {
  const folder = modelsFolder()
  writeFileSync(join(folder, 'volatility/first.onnx'), 'another')
  rmSync(join(folder, 'liquidity/depth.onnx'))
  const run = await runCli(['model', 'list', '--json', '--models', folder], folder)
  expect(run).toMatchObject({ code: 1, stderr: expect.stringContaining('first (bad), depth (missing)') })
  expect(JSON.parse(run.stdout).models.map(({ hash }: { hash: string }) => hash)).toEqual(['bad', 'missing'])
})

test('a card is printed as it is committed, or written as one page with every plot in it once', async () => {
  const folder = modelsFolder()
  const printed = await runCli(['model', 'card', 'first', '--models', folder], folder)
  expect(printed).toMatchObject({ code: 0, stdout: CARD })
  const run = await runCli(['model', 'card', 'first', '--html', 'card.html', '--models', folder], folder)
  expect(run).toMatchObject({ code: 0, stdout: '', stderr: 'wrote card.html\n' })
  const page = readFileSync(join(folder, 'card.html'), 'utf8')
  expect(page.split(Buffer.from(SVG).toString('base64'))).toHaveLength(3)
  expect(page).not.toMatch(/(?:src|href)="(?!data:)/)
  expect(page).not.toContain('<script')
  expect(page).toContain('Says <strong>much</strong> of <code>R &lt; 1 &amp; more</code>.')
  expect(page).toContain('<li>an item that goes on</li>')
  expect(page).toContain('<li>read the <strong>page</strong>, not this</li>')
  expect(page).toContain('<td>1</td><td>x &lt; y</td>')
  expect(page).toContain('<pre><code>depth = 2 · σ</code></pre>')
  expect(page).toContain('<pre><code># no heading\n\n- no item</code></pre>')
})

test('what cannot be done says what, why and what to do', async () => {
  const folder = modelsFolder()
  const cases: ReadonlyArray<readonly [readonly string[], number, RegExp]> = [
    [
      ['model', 'card', 'frist', '--models', folder],
      2,
      /no model "frist"; did you mean first\? There are first, depth/,
    ],
    [['model', 'card', 'constructor', '--models', folder], 2, /no model "constructor"/],
    [['model', 'card', 'depth', '--models', folder], 1, /no card: .*liquidity.card\.md is missing/],
    [['model', 'list', '--models', 'nowhere'], 1, /no registry\.json in nowhere; .*--models/],
    [['model', 'verify', '--data', 'nowhere'], 2, /no recorded data in nowhere; give its folder by --data/],
    [['model', 'lst'], 2, /Did you mean list/],
  ]
  for (const [words, code, said] of cases) {
    const run = await runCli(words, folder)
    expect(run.stderr).toMatch(said)
    expect(run.code, words.join(' ')).toBe(code)
  }
})

test('a registry that names a file outside its folder is refused', async () => {
  const folder = modelsFolder()
  const path = join(folder, 'registry.json')
  writeFileSync(path, readFileSync(path, 'utf8').replace('volatility/first.onnx', '../first.onnx'))
  const run = await runCli(['model', 'list', '--models', folder], folder)
  expect(run).toMatchObject({ code: 1, stderr: expect.stringContaining('names ../first.onnx, outside') })
})

test('help of each command shows an example', async () => {
  for (const words of [[], ['list'], ['card'], ['verify']]) {
    const run = await runCli(['model', ...words, '--help'], tmpdir())
    expect(run).toMatchObject({ code: 0, stdout: expect.stringMatching(/Examples:\n {2}plimsoll model/) })
  }
})
