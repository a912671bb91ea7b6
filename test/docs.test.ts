import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { RECORD_LAYOUT } from '../oracle-node/core/record.ts'
import { feedLines, readFeed } from '../oracle-node/examples/read-a-feed.ts'
import { checkDocs, flagDifferences, startHelp } from '../oracle-node/scripts/check-docs.ts'
import { startWorld, type World } from './contracts/market-fixture.ts'
import { GENESIS, sampleRecord } from './contracts/samples.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

test('every link, image, heading, command, path and marked figure of every document holds', () => {
  expect(checkDocs(ROOT)).toEqual([])
})

test('the README’s flags are those of npm start', () => {
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8')
  expect(flagDifferences(readme, startHelp(ROOT))).toEqual([])
})

test('the README’s Solidity is the compiled example, and its TypeScript the runnable one', () => {
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8')
  const block = (language: string): string =>
    new RegExp(`\\n\`\`\`${language}\\n([^\`]+)`).exec(readme)?.[1] ?? 'no such block'
  const bare = (code: string): string => code.replaceAll(/\/\/.*$/gm, '').replaceAll(/\s/g, '')
  const file = (path: string): string => bare(readFileSync(join(ROOT, path), 'utf8'))
  expect(file('contracts/examples/BorrowLimit.sol')).toBe(`pragmasolidity0.8.30;${bare(block('solidity'))}`)
  const example = file('oracle-node/examples/read-a-feed.ts')
  for (const line of block('ts').trim().split('\n')) expect(example).toContain(bare(line).replace(/^constrecord=/, ''))
})

describe('the checker finds what is wrong', () => {
  let root: string
  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), 'plimsoll-docs-'))
    write('package.json', JSON.stringify({ scripts: { start: 'x', 'models:train': 'x' } }))
    write('oracle-node/real.ts', '')
    write('figures.json', '{"gas": 49422, "share": "98.87 %"}')
    write('docs/other.md', '# A heading, with `code`\n')
  })
  afterAll(() => rmSync(root, { recursive: true }))

  function write(file: string, text: string): void {
    mkdirSync(dirname(join(root, file)), { recursive: true })
    writeFileSync(join(root, file), text)
  }

  function faultsOf(text: string): string[] {
    write('README.md', text)
    return checkDocs(root).map(({ file, line, what }) => `${file}:${line} ${what}`)
  }

  test.for([
    ['[a](docs/none.md)', 'links to docs/none.md: no such file'],
    ['![a](docs/none.png "title")', 'links to docs/none.png: no such file'],
    ['<img src="none.png">', 'links to none.png: no such file'],
    ['[a](docs/other.md#no-heading)', 'links to docs/other.md#no-heading: no such heading'],
    ['[a](#no-heading)', 'links to #no-heading: no such heading'],
    ['`npm run nothing`', 'npm run nothing: no such script'],
    ['run npm test', 'npm run test: no such script'],
    ['`oracle-node/none.ts`', 'names oracle-node/none.ts: no such file'],
    ['`oracle-node/{real,none}.ts`', 'names oracle-node/none.ts: no such file'],
  ] as const)('%s', ([text, what]) => {
    expect(faultsOf(`\n${text}`)).toEqual([`README.md:2 ${what}`])
  })

  test('a program that a shell block runs', () => {
    expect(faultsOf('```sh\nnode oracle-node/none.ts --x\n```')).toEqual([
      'README.md:2 runs oracle-node/none.ts: no such file',
    ])
  })

  test('a figure that its file does not have', () => {
    const figures = (text: string): string => `<!-- figures: figures.json -->\n${text}\n<!-- /figures -->\n1234`
    expect(faultsOf(figures('49,422 gas, 98.87 %, 32 feeds, `12345`'))).toEqual([])
    expect(faultsOf(figures('49,423 gas, 98.9 %'))).toEqual([
      'README.md:2 the figure 49423 does not stand in figures.json',
      'README.md:2 the figure 98.9 does not stand in figures.json',
    ])
  })

  test('and lets pass what is right', () => {
    const right = [
      '[a](docs/other.md#a-heading-with-code) [b](https://example.org/none) [c](docs)',
      '`npm run models:train` `npm run --silent models:train` npm start',
      '`real.ts` `oracle-node/real.ts` `oracle-node/*.ts`',
      '```ts\n[a](none.md)\n```',
    ]
    expect(faultsOf(right.join('\n'))).toEqual([])
  })

  test('a flag that is only in the table or only in the help', () => {
    const help = '  --rounds <n>   stop\n  --json         print\n  -h, --help     display\n'
    expect(flagDifferences('| `--rounds <n>` | a |\n| `--json` | b |', help)).toEqual([])
    expect(flagDifferences('| `--rounds` | a |\n| `--json` | b |', help)).toEqual([
      '--rounds <n> is not in the table',
      '--rounds is no flag of the program',
    ])
    expect(flagDifferences('', '')).toEqual(['the help names no flags'])
  })
})

describe('the README’s example', () => {
  let world: World
  beforeAll(async () => {
    world = await startWorld()
    await world.report(GENESIS + 1_000, { priceE8: 200_012_345_600n, confidenceBps: sampleRecord().confidenceBps })
  })
  afterAll(() => world.devnet.close())

  test('reads from the chain the record that was reported, and says every field of it', async () => {
    const read = await readFeed(world.devnet.admin, String(world.oracle.target), 'WETH')
    expect(read).toMatchObject({ asset: 'WETH', fresh: true })
    expect(read.record.priceE8).toBe(200_012_345_600n)
    expect(Object.keys(read.record).length).toBe(RECORD_LAYOUT.length)
    const [head, price, ...rest] = feedLines(read)
    expect(head).toContain('2023-11-14T22:30:00.000Z')
    expect(head).toMatch(/fresh$/)
    expect(price).toMatch(/price +2,000\.123456 USD +within ± 0\.05 %/)
    expect(rest.map((line) => line.trim().split(/ {2,}/)[1])).toEqual([
      '55.00 %',
      '6.00 %',
      '8.00 %',
      '50,000,000 USD',
      '2000',
      '2500',
    ])
  })

  test('says that a record is stale once its time is over', async () => {
    await world.devnet.warp(GENESIS + 1_000 + 3_601)
    const read = await readFeed(world.devnet.admin, String(world.oracle.target), 'WETH')
    expect(read.fresh).toBe(false)
    expect(feedLines(read)[0]).toContain('STALE')
  })
})
