import { InvalidArgumentError } from 'commander'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { VENUE_FAULTS } from '../../data/venues/faults.ts'
import {
  parseCount,
  parseDuration,
  parseNodeIncident,
  parsePort,
  parseSpeed,
  parseTime,
  parseVenueFault,
} from '../../oracle-node/devnet/options.ts'

const PARSERS = {
  parseCount,
  parseDuration,
  parsePort,
  parseSpeed,
  parseTime,
  kill: parseNodeIncident('kill'),
  parseVenueFault,
}

test.each([
  ['10s', 10],
  ['90s', 90],
  ['15m', 900],
  ['1h', 3_600],
  ['24h', 86_400],
  ['1d', 86_400],
])('%s is a duration of %d seconds', (text, seconds) => {
  expect(parseDuration(text)).toBe(seconds)
})

test.each([
  ['2023-03-11T00:00:00Z', 1_678_492_800],
  ['2023-03-11T00:00', 1_678_492_800],
  ['2023-03-11', 1_678_492_800],
  ['2023-03-11T01:00:00+01:00', 1_678_492_800],
  ['2023-03-10T19:00:00-0500', 1_678_492_800],
  ['2023-03-11T00:00:00.999Z', 1_678_492_800],
])('%s is a time, in UTC where it names no zone', (text, seconds) => {
  expect(parseTime(text)).toBe(seconds)
})

test('counts, ports and speeds are numbers in their bounds', () => {
  expect([parseCount('1'), parseCount('100000'), parsePort('65535'), parseSpeed('0.5')]).toEqual([
    1, 100_000, 65_535, 0.5,
  ])
})

describe('an incident', () => {
  test('of a node is NODE@ROUND, added to those before it', () => {
    const kill = parseNodeIncident('kill')
    const first = kill('2@3')
    expect(first).toEqual([{ kind: 'kill', node: 2, round: 3 }])
    expect(parseNodeIncident('restart')('2@5', first)).toEqual([...first, { kind: 'restart', node: 2, round: 5 }])
    expect(first).toHaveLength(1)
  })

  test('of a venue is VENUE:FAULT@ROUND, and none mends it', () => {
    for (const fault of VENUE_FAULTS) {
      expect(parseVenueFault(`kraken:${fault}@4`)).toEqual([{ kind: 'fault', venue: 'kraken', fault, round: 4 }])
    }
    expect(parseVenueFault('coinbase:none@9')).toEqual([
      { kind: 'fault', venue: 'coinbaseexchange', fault: null, round: 9 },
    ])
  })
})

test.each<readonly [keyof typeof PARSERS, readonly string[]]>([
  ['parseDuration', ['', '9s', '2d', '15', 'm', '1.5h', '-5m', '15 m', '15M', '1w', '1e3s', '99999999999999999999d']],
  ['parseTime', ['', 'soon', '2023-13-01', '2023-02-31T25:00', '11.03.2023T', '2023-03-11T00:00:00+99:99']],
  ['parseCount', ['', '0', '-1', '1.5', '100001', 'four', 'NaN', 'Infinity']],
  ['parsePort', ['', '0', '65536', '80.5', 'http']],
  ['parseSpeed', ['', '0', '-1', 'fast', 'Infinity', 'NaN']],
  ['kill', ['', '2', '2@', '@3', '2@3@4', 'two@3', '-2@3', '2@-3', '2.0@3']],
  [
    'parseVenueFault',
    ['', 'kraken', 'kraken:silent', 'bitfinex:silent@3', 'kraken:tired@3', 'kraken:silent@x', 'KRAKEN:silent@3'],
  ],
])('%s refuses what it does not understand, and says what it was given', (name, texts) => {
  for (const text of texts) {
    expect(() => PARSERS[name](text), text).toThrow(InvalidArgumentError)
    expect(() => PARSERS[name](text), text).toThrow(JSON.stringify(text))
  }
})

test('no text makes a parser give anything but its own kind of value or its own error', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[0-9:@a-z.-]{0,12}$/)), (text) => {
      for (const parse of Object.values(PARSERS)) {
        try {
          const value = parse(text)
          if (typeof value === 'number') expect(Number.isFinite(value)).toBe(true)
          else expect(value).toHaveLength(1)
        } catch (error) {
          expect(error).toBeInstanceOf(InvalidArgumentError)
        }
      }
    }),
    { numRuns: 500 },
  )
})
