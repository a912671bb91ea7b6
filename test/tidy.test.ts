import { readdirSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'
import { describe, expect, test } from 'vitest'

/*
 * Properties of the code itself, read as text: what the architecture rests on and no compiler holds.
 */

const ROOT = new URL('../', import.meta.url)
const FOLDERS = ['oracle-node', 'models', 'data', 'backtests', 'contracts', 'test']
const TEXT = /\.(?:ts|mjs|js|sol|css|html|svg)$/
const GENERATED = /\.generated\.ts$/

type Source = { readonly path: string; readonly text: string }

const sources: readonly Source[] = FOLDERS.flatMap((folder) =>
  readdirSync(new URL(folder, ROOT), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && TEXT.test(entry.name))
    .map((entry) => posix.join(folder, entry.parentPath.slice(new URL(folder, ROOT).pathname.length), entry.name))
    .toSorted()
    .map((path) => ({ path, text: readFileSync(new URL(path, ROOT), 'utf8') })),
)
const under = (...prefixes: readonly string[]): readonly Source[] =>
  sources.filter(({ path }) => /\.(?:ts|mjs)$/.test(path) && prefixes.some((prefix) => path.startsWith(prefix)))

test('there is code to look at', () => {
  const code = under(...FOLDERS).filter(({ path }) => !path.startsWith('test/'))
  expect(code.length).toBeGreaterThan(80)
  for (const folder of ['core', 'protocol', 'ports', 'adapters', 'app', 'devnet']) {
    expect(under(`oracle-node/${folder}/`).length, folder).toBeGreaterThan(4)
  }
})

/** The code without its comments and without what its strings say. */
function bare(text: string): string {
  return text.replace(
    /`(?:\\.|[^`\\])*`|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|\/\*[\s\S]*?\*\/|(?<![\\/])\/\/[^\n]*/g,
    (token) => {
      if (token.startsWith('/')) return ' '
      // What a template calculates is code.
      return token.startsWith('`') ? `''${token.match(/\$\{[^}]*\}/g)?.join('') ?? ''}` : "''"
    },
  )
}

/** Every match in every file, as `path: match`. */
function found(files: readonly Source[], pattern: RegExp, code: (text: string) => string = bare): string[] {
  return files.flatMap(({ path, text }) =>
    [...code(text).matchAll(pattern)].map((match) => `${path}: ${match[0].trim()}`),
  )
}

describe('core and protocol', () => {
  const pure = under('oracle-node/core/', 'oracle-node/protocol/')

  const WORLD =
    /\b(?:Date|performance|setTimeout|setInterval|setImmediate|queueMicrotask|fetch|console|process|globalThis|crypto)\b/g
  const WAITING = /\b(?:async|await|Promise)\b/g
  // IEEE 754 or the language says what these give. The rest of Math differs between CPUs or versions of Node in the last bits.
  const INEXACT = /\bMath\.(?!(?:abs|ceil|floor|max|min|round|sign|sqrt|trunc|LN2|PI)\b)\w+|\bMath\[/g
  // A power of two literals is one integer, and with a bigint literal a bigint; any other is Math.pow by another name.
  const POWER = /(?<!\b\d+n?\s*)\*\*(?!\s*\d+n\b)|\*\*(?!\s*\d+n?\b)/g

  test('know no clock, no chance, no waiting and no world', () => {
    expect(found(pure, WORLD)).toEqual([])
    expect(found(pure, WAITING)).toEqual([])
  })

  test('calculate with what gives the same bits on every machine', () => {
    expect(found(pure, INEXACT)).toEqual([])
    expect(found(pure, POWER)).toEqual([])
  })

  test.each([
    ['const now = Date.now()', WORLD],
    [['return `at $', '{new Date(0)}`'].join(''), WORLD],
    ["const home = process.env['HOME']", WORLD],
    ['export async function f() {}', WAITING],
    ['const x = Math.random()', INEXACT],
    ['const x = Math.pow(2, y) // fine', INEXACT],
    ["const x = Math['exp'](1)", INEXACT],
    ['const x = y ** 2', POWER],
    ['const x = 2 ** y', POWER],
    ['x **= 2', POWER],
  ])('would be caught at: %s', (text, pattern) => {
    expect(found([{ path: 'planted', text }], pattern)).not.toEqual([])
  })

  test.each([
    'const max = 2 ** 24 - 1',
    '// Math.pow and Date.now',
    "const s = 'process, await'",
    'a * b',
    '/** twice */',
  ])('are not misread: %s', (text) => {
    for (const pattern of [WORLD, WAITING, INEXACT, POWER])
      expect(found([{ path: 'planted', text }], pattern)).toEqual([])
  })

  test('keep nothing between calls', () => {
    expect(found(pure, /^(?:export )?(?:let|var)\b.*/gm)).toEqual([])
  })
})

type Import = { readonly from: string; readonly to: string; readonly typeOnly: boolean }

/** What a file imports: a path from the root, or a package's name. */
function importsOf({ path, text }: Source): Import[] {
  const statements = text.matchAll(/(?:^|\n)\s*(?:import|export)\s+(type\s+)?(?:[^'"`;]*?\sfrom\s+)?'([^'\n]+)'/g)
  const dynamic = text.matchAll(/\bimport\s*\(\s*'([^'\n]+)'/g)
  return [
    ...[...statements].map(([, type, target = '']) => ({ target, typeOnly: type !== undefined })),
    ...[...dynamic].map(([, target = '']) => ({ target, typeOnly: false })),
  ].map(({ target, typeOnly }) => ({
    from: path,
    to: target.startsWith('.') ? posix.join(posix.dirname(path), target) : target,
    typeOnly,
  }))
}

type Zone = {
  readonly of: readonly string[]
  /** Path prefixes, or whole names of packages. */
  readonly may: readonly (string | RegExp)[]
  /** These for their types alone. */
  readonly mayTypes?: readonly string[]
}

const [CORE, PROTOCOL, PORTS] = ['oracle-node/core/', 'oracle-node/protocol/', 'oracle-node/ports/']
const [ADAPTERS, APP] = ['oracle-node/adapters/', 'oracle-node/app/']
const NOBLE = /^@noble\/(?:hashes|curves)\//
/** Pure functions over bytes; `core/group.ts` alone has it: ADR 0018. */
const LIBSECP256K1 = /^secp256k1$/
const STDLIB = /^@stdlib\/math-base-special-(?:exp|ln)$/
const PACKAGES = /^(?!\.|oracle-node\/|models\/|data\/|backtests\/|contracts\/|test\/)/
const RESEARCH = ['models/', 'data/', 'backtests/']

const ZONES: readonly Zone[] = [
  { of: [CORE], may: [CORE, NOBLE, STDLIB, LIBSECP256K1] },
  { of: [PROTOCOL], may: [CORE, PROTOCOL, NOBLE], mayTypes: [PORTS] },
  { of: [PORTS], may: [], mayTypes: [CORE, PROTOCOL, PORTS] },
  { of: [ADAPTERS], may: [CORE, ADAPTERS, 'contracts/abi/', PACKAGES], mayTypes: [PORTS, PROTOCOL] },
  { of: [APP], may: [CORE, PROTOCOL, ADAPTERS, APP, PACKAGES], mayTypes: [PORTS] },
  { of: RESEARCH, may: [CORE, PROTOCOL, PORTS, ...RESEARCH, PACKAGES] },
  { of: ['contracts/'], may: [CORE, 'contracts/', PACKAGES] },
  // The command is the outermost layer: of a backtest it is a shell around what a script would import.
  { of: ['oracle-node/cli/backtest/'], may: ['oracle-node/cli/', 'backtests/', PACKAGES] },
  { of: ['oracle-node/'], may: ['oracle-node/', 'contracts/', 'data/', PACKAGES] },
]

/** What crosses a border all the same, each with its reason. */
const EXCEPTIONS: ReadonlyArray<readonly [string, string, string]> = [
  ['data/recorded/history.ts', 'oracle-node/app/market-config.ts', 'a history says how a node watches its markets'],
  ['data/recorded/recorded-history.ts', 'oracle-node/app/market-config.ts', 'the recording’s own such configuration'],
  ['data/synthetic/simulator.ts', 'oracle-node/app/market-config.ts', 'the simulation’s own such configuration'],
  ['data/synthetic/simulator.ts', 'oracle-node/app/live-markets.ts', 'it simulates the markets that are watched live'],
  [
    'oracle-node/adapters/evm-sender.ts',
    'oracle-node/protocol/transmission.ts',
    'it carries out what the machine decides',
  ],
]
const isException = ({ from, to }: Import): boolean => EXCEPTIONS.some(([a, b]) => a === from && b === to)

function zoneOf(path: string): Zone | undefined {
  return ZONES.find(({ of }) => of.some((prefix) => path.startsWith(prefix)))
}

function isAllowed({ from, to, typeOnly }: Import): boolean {
  const zone = zoneOf(from)
  const matches = (rule: string | RegExp): boolean => (typeof rule === 'string' ? to.startsWith(rule) : rule.test(to))
  return zone?.may.some(matches) === true || (typeOnly && zone?.mayTypes?.some(matches) === true)
}

describe('imports', () => {
  const code = under(...FOLDERS).filter(({ path }) => !path.startsWith('test/'))
  const imports = code.flatMap(importsOf)

  test('are found', () => {
    expect(imports.length).toBeGreaterThan(300)
    expect(imports.filter(({ typeOnly }) => typeOnly).length).toBeGreaterThan(80)
    const unresolved = imports.filter(
      ({ to }) => to.startsWith('oracle-node/') && !sources.some(({ path }) => path === to),
    )
    expect(unresolved).toEqual([])
  })

  test('go inwards: core ← protocol, ports ← adapters ← app, and nothing leads to a test', () => {
    const wrong = imports.filter((each) => !isAllowed(each) && !isException(each))
    expect(wrong.map(({ from, to }) => `${from} → ${to}`)).toEqual([])
  })

  test('would be caught: each zone refuses what is beyond it', () => {
    const planted: ReadonlyArray<readonly [string, string]> = [
      ['oracle-node/core/x.ts', 'node:fs'],
      ['oracle-node/core/x.ts', 'oracle-node/protocol/round.ts'],
      ['oracle-node/protocol/x.ts', 'oracle-node/adapters/wire.ts'],
      ['oracle-node/protocol/x.ts', 'zod'],
      ['oracle-node/ports/x.ts', 'oracle-node/core/units.ts'],
      ['oracle-node/adapters/x.ts', 'oracle-node/app/config.ts'],
      ['oracle-node/adapters/x.ts', 'oracle-node/protocol/round.ts'],
      ['oracle-node/app/x.ts', 'oracle-node/devnet/network.ts'],
      ['oracle-node/app/x.ts', 'data/venues/venues.ts'],
      ['oracle-node/devnet/x.ts', 'test/support/seeded-random.ts'],
      ['models/x.ts', 'oracle-node/adapters/onnx-model.ts'],
      ['contracts/script/x.ts', 'oracle-node/app/config.ts'],
    ]
    for (const [from, to] of planted) expect(isAllowed({ from, to, typeOnly: false }), `${from} → ${to}`).toBe(false)
  })

  test('have no exception that nobody needs', () => {
    const unused = EXCEPTIONS.filter(([a, b]) => !imports.some(({ from, to }) => from === a && to === b))
    expect(unused).toEqual([])
  })
})

test('ports hold types and nothing that runs', () => {
  expect(found(under(PORTS), /\b(?:const|let|function|class|enum)\b/g)).toEqual([])
})

test('nothing is left to be done later', () => {
  const later = new RegExp(`\\b(?:TO${'DO'}|FIX${'ME'}|X${'XX'}|HA${'CK'})\\b.*`, 'g')
  expect(found(sources, later, (text) => text)).toEqual([])
})

test('files stay short: under 300 lines, tests up to 400', () => {
  const long = sources
    .filter(({ path }) => !GENERATED.test(path))
    .map(({ path, text }) => ({ path, lines: text.split('\n').length - 1 }))
    .filter(({ path, lines }) => lines > (path.startsWith('test/') ? 400 : 299))
  expect(long).toEqual([])
})

test('the dashboard loads nothing from elsewhere', () => {
  const dashboard = sources.filter(({ path }) => path.startsWith('oracle-node/dashboard/'))
  expect(dashboard.length).toBeGreaterThan(5)
  // The name of a vocabulary, which nothing loads.
  const address = /(?:https?:|["'(=]\s*)\/\/(?!www\.w3\.org\/2000\/svg)[^\s"')]+/g
  expect(found(dashboard, address, (text) => text)).toEqual([])
})
