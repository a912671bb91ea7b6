import { InvalidArgumentError } from 'commander'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseDate, parseInterval, parseSymbol } from '../../oracle-node/cli/data/market-options.ts'
import { isInterval } from '../../oracle-node/core/market-rows.ts'

/** What a parser makes of a text; its refusal says what was given and what to give. */
function outcome<Value>(parse: (text: string) => Value, text: string): Value | undefined {
  try {
    return parse(text)
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidArgumentError)
    expect(String(error)).toContain(`got ${JSON.stringify(text)}; give `)
    return undefined
  }
}

test('whatever stands behind an option, it is understood or refused by what to give', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('', '-1', '1e9', '2020-01-01', '2020-01-01T00:00:00.5Z', 'ETHUSDT', '1h', '1H'),
  )
  fc.assert(
    fc.property(text, (given) => {
      const date = outcome(parseDate, given)
      if (date !== undefined) expect(Number.isSafeInteger(date) && date >= 1e8 && date < 2 ** 32).toBe(true)
      const symbol = outcome(parseSymbol, given)
      if (symbol !== undefined) expect(symbol).toMatch(/^[A-Z0-9]+\/[A-Z0-9]+$/)
      const interval = outcome(parseInterval, given)
      if (interval !== undefined) expect(isInterval(interval)).toBe(true)
    }),
    { numRuns: 500 },
  )
})

test('what people write is understood', () => {
  expect(['2020-01-01', '2020-01-01T12:00', '1577880000', '2020-01-01 13:00+01:00'].map(parseDate)).toEqual([
    1_577_836_800, 1_577_880_000, 1_577_880_000, 1_577_880_000,
  ])
  expect(['ethusdt', 'ETH-USDT', 'eth/usdt'].map(parseSymbol)).toEqual(['ETH/USDT', 'ETH/USDT', 'ETH/USDT'])
  expect(parseInterval('15m')).toBe('15m')
})
