import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { ConfigError, parseConfig, readConfig } from '../../backtests/config/read-config.ts'
import { spoiled } from '../support/hostile-json.ts'
import { folderWith, smallConfig } from './run-inputs.ts'

const EXAMPLES = fileURLToPath(new URL('../../backtests/examples/', import.meta.url))

const LINES = [
  'name: t', // 1
  'data: { recorded: data }', // 2
  'lending:', // 3
  '  periods:', // 4
  '    - id: a', // 5
  '      title: A', // 6
  '      from: 2022-01-01', // 7
  '      to: 2022-02-01', // 8
  '      assets: [ETH]', // 9
  '    - { crisis: 2020-03-12, assets: [ETH] }', // 10
  '  markets:', // 11
  '    ETH: { demandUsd: 1000 }', // 12
  '  policies:', // 13
  '    - { kind: static, knobs: [0, 100] }', // 14
  'forecast:', // 15
  '  assets: [BTC, ETH]', // 16
  '  models: [ewma-94]', // 17
] as const
const VALID = LINES.join('\n')

/** The valid text with a piece of it replaced. */
function changed(piece: string, by: string): string {
  expect(VALID.split(piece), piece).toHaveLength(2)
  return VALID.replace(piece, by)
}

function messageOf(text: string): string {
  try {
    parseConfig(text, 'my.yaml')
  } catch (error) {
    if (error instanceof ConfigError) return error.message
    throw error
  }
  return 'it was taken'
}

describe('a config that can be used', () => {
  test.each(readdirSync(EXAMPLES).filter((name) => name.endsWith('.yaml')))('the example %s is one', (name) => {
    const { config, folder, text } = readConfig(join(EXAMPLES, name))
    expect(folder).toBe(EXAMPLES.replace(/\/$/, ''))
    expect(text).toContain(`name: ${config.name}`)
    expect(config.lending ?? config.forecast).toBeDefined()
  })

  test('has its defaults filled in, and may be JSON or say things once', () => {
    const { lending, forecast, seed, data } = parseConfig(VALID, 'my.yaml')
    expect({ seed, gap: data.gapHoursMax, market: data.marketAsset }).toEqual({ seed: 1, gap: 48, market: 'BTC' })
    expect(lending).toMatchObject({
      beforeDays: 60,
      defaults: { demandOverLiquidity: 10 },
      oracle: { nodes: 4, liars: 0, priceFeed: { deviationBps: 50 } },
      borrowers: { count: 10_000, use: { distribution: 'beta' } },
      verdict: { policy: 'plimsoll', against: { static: 0.5, ewma: 1 } },
    })
    expect(forecast).toMatchObject({ fit: 'pooled', split: { kind: 'walk-forward', refitEveryDays: 182 } })
    const given = smallConfig()
    expect(parseConfig(JSON.stringify(given), 'json')).toEqual(parseConfig(stringify(given), 'yaml'))
    const merged = changed('ETH: { demandUsd: 1000 }', 'ETH: &e { demandUsd: 1000 }\n    BTC: { <<: *e, depthUsd: 5 }')
    expect(parseConfig(merged, 'my.yaml').lending?.markets['BTC']).toEqual({ demandUsd: 1_000, depthUsd: 5 })
  })
})

describe('a config that cannot be used is refused by file, line and field', () => {
  test.each([
    ['a typo at the top', 'forecast:', 'forcast:', /line 15: `forcast` is no field there; a typo\?/],
    ['a typo in a list', '      title: A', '      titel: A', /line 6, lending\.periods\.0: `titel` is no field/],
    ['a typo in a crisis', 'crisis: 2020-03-12,', 'crisis: 2020-03-12, befor: 3,', /line 10, .*periods\.1: `befor` is/],
    ['a typo in a policy', 'knobs: [0, 100]', 'knob: [0, 100]', /line 14, lending\.policies\.0: `knob` is no field/],
    [
      'a word for a number',
      'demandUsd: 1000',
      'demandUsd: much',
      /line 12, lending\.markets\.ETH\.demandUsd: .*number/,
    ],
    ['a number for a word', 'title: A', 'title: 7', /line 6, lending\.periods\.0\.title: .*expected string/],
    ['an unknown kind', 'kind: static', 'kind: statik', /line 14, lending\.policies\.0\.kind: .*'smart-ltv'/],
    ['another step', 'models: [', 'stepHours: 7\n  models: [', /line 17, forecast\.stepHours: .*1\|6\|12\|24/],
    [
      'no such distribution',
      '  markets:',
      '  borrowers: { use: { distribution: normal } }\n  markets:',
      /borrowers\.use\.dist.*'beta'/,
    ],
    [
      'demand twice',
      'demandUsd: 1000',
      'demandUsd: 1000, demandOverLiquidity: 3',
      /ETH\.demandUsd: .*the same thing twice/,
    ],
    ['no data', '{ recorded: data }', '{}', /line 2, data: names no data: give recorded or files/],
    [
      'an end before the start',
      'to: 2022-02-01',
      'to: 2021-02-01',
      /line 8, lending\.periods\.0\.to: is not after from/,
    ],
    ['an end at the start', 'to: 2022-02-01', 'to: 2022-01-01', /line 8, lending\.periods\.0\.to: is not after from/],
    ['no day', 'to: 2022-02-01', 'to: 2022-02-31', /line 8, lending\.periods\.0\.to: is no day of the calendar/],
    ['half a day', 'to: 2022-02-01', 'to: "2022-02"', /periods\.0\.to: needs a day such as/],
    ['no month', 'models: [ewma-94]', 'models: [ewma-94]\n  from: 2022-13-01', /line 18, forecast\.from: is no day/],
    [
      'from after to',
      'models: [ewma-94]',
      'from: 2023-01-01\n  to: 2022-01-01\n  models: [x]',
      /line 18, forecast\.to: is not/,
    ],
    [
      'a model shown that is none',
      'models: [ewma-94]',
      'models: [x]\n  shown: y',
      /line 18, forecast\.shown: is not among/,
    ],
    ['an asset twice', '[BTC, ETH]', '[BTC, BTC]', /line 16, forecast\.assets: names something twice/],
    [
      'a market twice',
      'assets: [ETH]\n    -',
      'assets: [ETH, ETH]\n    -',
      /line 9, lending\.periods\.0\.assets: names something/,
    ],
    ['a knob twice', '[0, 100]', '[0, 0]', /line 14, lending\.policies\.0\.knobs: names something twice/],
    ['no asset', 'assets: [ETH]\n    -', 'assets: []\n    -', /line 9, lending\.periods\.0\.assets: /],
    ['an asset that none is', 'ETH: {', '"E TH": {', /line 12, lending\.markets\.E TH: /],
    [
      'more liars than nodes',
      '  markets:',
      '  oracle: { nodes: 4, liars: 5 }\n  markets:',
      /line 11, lending\.oracle\.liars: are more/,
    ],
    ['a key twice', '  policies:', '  policies: []\n  policies:', /is not YAML: Map keys must be unique at line 14/],
    ['no YAML', 'assets: [BTC', 'assets: [BTC: [', /is not YAML: .* at line/],
    ['an unknown alias', 'name: t', 'name: *t', /is not YAML that can be used: Unresolved alias/],
    ['two documents', 'forecast:', '---\nforecast:', /is not YAML: .*multiple documents/],
  ])('%s', (_, piece, by, message) => {
    expect(messageOf(changed(piece, by))).toMatch(/^my\.yaml is not /)
    expect(messageOf(changed(piece, by))).toMatch(message)
  })

  test.each([
    ['a gap of everything', 'fall: 1', /stress\.0\.fall: Too big: expected number to be <1/],
    ['a recovery in no time', 'fall: 0.3, recover: 0.5', /stress\.0\.recoverHours: is needed where recover is not 0/],
  ])('%s', (_, gap, message) => {
    const stress = `assets: [ETH]\n      stress: [{ kind: gap, at: "2022-01-09T00:00Z", ${gap} }]\n    -`
    expect(messageOf(changed('assets: [ETH]\n    -', stress))).toMatch(message)
    const half = stress.replace('T00:00', 'T00:30')
    expect(messageOf(changed('assets: [ETH]\n    -', half))).toMatch(/stress\.0\.at: needs a full hour/)
  })

  test('says all that is wrong at once, a line each', () => {
    const message = messageOf(
      changed('demandUsd: 1000', 'ltvBps: 99999').replace('[0, 100]', '[a]').replace('name: t', 'nam: t'),
    )
    expect(message.split('\n').slice(1)).toEqual([
      expect.stringMatching(/^ {2}line 1, name: /),
      expect.stringMatching(/^ {2}line 12, lending\.markets\.ETH\.ltvBps: /),
      expect.stringMatching(/^ {2}line 14, lending\.policies\.0\.knobs\.0: /),
      expect.stringMatching(/^ {2}line 1: `nam` /),
    ])
  })

  test('that asks for nothing, is nothing, is too long, or is a bomb', () => {
    expect(messageOf('name: t\ndata: { recorded: x }')).toMatch(/asks for nothing: give lending or forecast/)
    expect(messageOf('')).toMatch(/expected object, received null/)
    expect(messageOf('just words')).toMatch(/line 1: .*expected object, received string/)
    expect(messageOf(`name: ${'x'.repeat(1_000_001)}`)).toMatch(/^my\.yaml is longer than 1000000 characters/)
    const bomb = Array.from({ length: 9 }, (_, level) => `a${level + 1}: &a${level + 1} [${`*a${level},`.repeat(9)}]`)
    expect(messageOf(['a0: &a0 [x]', ...bomb].join('\n'))).toMatch(/is not YAML that can be used: Excessive alias/)
    const merges = Array.from(
      { length: 40 },
      (_, level) => `a${level + 1}: &a${level + 1} { <<: [${`*a${level},`.repeat(30)}] }`,
    )
    expect(messageOf(['a0: &a0 { x: 1 }', ...merges].join('\n'))).toMatch(/is not /)
    expect(messageOf(`a: ${'['.repeat(20_000)}`)).toMatch(/^my\.yaml is not YAML/)
  })

  test('that is no file', () => {
    const folder = folderWith({ 'a.yaml': 'name: 3' })
    expect(() => readConfig(join(folder, 'b.yaml'))).toThrow(/can't read the config .*b\.yaml: there is no such file/)
    expect(() => readConfig(folder)).toThrow(ConfigError)
    expect(() => readConfig(join(folder, 'a.yaml'))).toThrow(/a\.yaml is not a backtest's config:\n {2}line 1, name: /)
  })
})

describe('whatever comes', () => {
  const refusedOrTaken = (text: string): void => {
    try {
      parseConfig(text, 'fuzz')
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
    }
  }

  test('text is taken or refused with a ConfigError', () => {
    const yamlish = fc
      .array(
        fc.constantFrom(
          ...LINES,
          '&a',
          '*a',
          '<<: *a',
          '- ',
          '? ',
          ': ',
          '{',
          '}',
          '[',
          ']',
          '!!binary',
          '|',
          '"',
          '\t',
        ),
      )
      .map((pieces) => pieces.join('\n'))
    fc.assert(fc.property(fc.oneof(fc.string({ unit: 'binary' }), yamlish), refusedOrTaken), { numRuns: 400 })
  })

  test('a sound config with hostile values in it is taken or refused with a ConfigError', () => {
    const sound = parseConfig(VALID, 'my.yaml')
    fc.assert(
      fc.property(spoiled(sound), (value) => refusedOrTaken(JSON.stringify(value) ?? '')),
      { numRuns: 400 },
    )
  })
})
