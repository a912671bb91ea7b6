import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  checkMarketRows,
  ENCODED_NAME_MAX,
  encodedName,
  nameProblem,
  ROWS_PER_CALL_MAX,
} from '../../oracle-node/core/market-rows.ts'
import { anyRows, bar, DAY, depth, trade } from '../support/market-rows.ts'

const bars = (over: object) => ({ bars: [bar(DAY), { ...bar(DAY), ...over }] })
const trades = (over: object) => ({ trades: [{ ...trade(5, 'a'), ...over }] })
const depths = (over: object) => ({ depths: [depth(5), { ...depth(5), ...over }] })

const UNSOUND: ReadonlyArray<readonly [string, unknown]> = [
  ['{ bars?, trades?, depths? } was needed, got undefined', undefined],
  ['bars: a list was needed, got object', { bars: {} }],
  ['bars[0] is object; a row was needed', { bars: [null] }],
  ['bars[1].source is empty', bars({ source: '' })],
  ['bars[1].source is 7; a name was needed', bars({ source: 7 })],
  ['bars[1].symbol "BTC\\u0000" holds a control character', bars({ symbol: 'BTC\0' })],
  ['bars[1].symbol "\\ud800" holds a control character or half of a surrogate pair', bars({ symbol: '\ud800' })],
  ['bars[1].symbol has 100000 characters; 240 is the most', bars({ symbol: 'A'.repeat(100_000) })],
  ['bars[1].symbol has 270 characters once encoded', bars({ symbol: '币'.repeat(30) })],
  ['bars[1].interval "1M" is none of 1m, 5m, 15m, 30m, 1h, 4h, 1d', bars({ interval: '1M' })],
  ['bars[1].interval "toString" is none of', bars({ interval: 'toString' })],
  [`bars[1].time ${DAY}.5 is not whole seconds`, bars({ time: DAY + 0.5 })],
  ['bars[1].time -60 is not whole seconds', bars({ time: -60 })],
  ['bars[1].time NaN is not whole seconds', bars({ time: Number.NaN })],
  ['bars[1].time 4294967340 is not whole seconds since 1970, before 2106', bars({ time: 4_294_967_340 })],
  [`bars[1].time "${DAY}" is not whole seconds`, bars({ time: `${DAY}` })],
  [`bars[1].time ${DAY + 1} is not the start of a bar of 1m`, bars({ time: DAY + 1 })],
  ['bars[1].open NaN is not a number in 1e-12..1000000000000', bars({ open: Number.NaN })],
  ['bars[1].high Infinity is not', bars({ high: Number.POSITIVE_INFINITY })],
  ['bars[1].low 0 is not', bars({ low: 0 })],
  ['bars[1].close "100" is not', bars({ close: '100' })],
  ['bars[1].high 99 is below open 100 or close 100', bars({ high: 99 })],
  ['bars[1].low 100.5 is above open 100 or close 100', bars({ low: 100.5 })],
  ['bars[1].volume -1 is not a number in 0..1000000000000000000', bars({ volume: -1 })],
  ['trades[0].id "" is not 1 to 128 printable characters', trades({ id: '' })],
  ['trades[0].id 12 is not', trades({ id: 12 })],
  ['trades[0].id "aaaaaaaaaaaaaaaaaaaa" is not', trades({ id: 'a'.repeat(129) })],
  ['trades[0].time 1.5 is not whole milliseconds', trades({ time: 1.5 })],
  ['trades[0].side "long" is neither buy nor sell', trades({ side: 'long' })],
  ['trades[0].price undefined is not', trades({ price: undefined })],
  ['trades[0].amount -0.1 is not', trades({ amount: -0.1 })],
  ['depths[1].mid 0 is not', depths({ mid: 0 })],
  ['depths[1].sell object is not four amounts', depths({ sell: [1, 2, 3] })],
  ['depths[1].buy[2] NaN is not', depths({ buy: [1, 2, Number.NaN, 4] })],
  ['depths[1].sell[0] Infinity is not', depths({ sell: [Number.POSITIVE_INFINITY, 2, 3, 4] })],
  [`${ROWS_PER_CALL_MAX + 1} bars; ${ROWS_PER_CALL_MAX} rows are the most`, { bars: new Array(ROWS_PER_CALL_MAX + 1) }],
]
test.each(UNSOUND)('refuses with: %s', (message, rows) => {
  const checked = checkMarketRows(rows)
  expect(checked.ok ? 'sound' : checked.detail).toContain(message)
  expect(checked.ok ? 0 : checked.detail.length).toBeLessThan(200)
})

test('takes sound rows, as copies without a field more and without a zero that is negative', () => {
  fc.assert(
    fc.property(anyRows, (rows) => {
      expect(checkMarketRows(rows)).toEqual({ ok: true, rows })
    }),
  )
  const given = { ...bar(DAY), volume: -0, extra: 1 }
  const checked = checkMarketRows({ bars: [given] })
  expect(checked).toEqual({ ok: true, rows: { bars: [{ ...bar(DAY), volume: 0 }], trades: [], depths: [] } })
  given.close = Number.NaN
  expect(checked.ok && checked.rows.bars[0]?.close).toBe(100)
})

test('never throws, whatever it is given', () => {
  const field = fc.oneof(fc.anything(), fc.double(), fc.constantFrom('1m', 'buy', DAY))
  const row = fc.dictionary(fc.constantFrom(...Object.keys({ ...bar(0), ...trade(0, 'a'), ...depth(0) })), field)
  const anything = fc.oneof(
    fc.anything(),
    fc.dictionary(fc.constantFrom('bars', 'trades', 'depths'), fc.array(fc.oneof(row, fc.anything()))),
  )
  fc.assert(fc.property(anything, (rows) => typeof checkMarketRows(rows).ok === 'boolean'))
})

test('a name is encoded as one safe part of a path, and no two names alike', () => {
  const name = fc
    .string({ unit: 'binary', minLength: 1, maxLength: 30 })
    .filter((each) => nameProblem(each) === undefined)
  fc.assert(
    fc.property(name, name, (a, b) => {
      expect(encodedName(a)).toMatch(/^[A-Za-z0-9_%-]+$/)
      expect(encodedName(a).length).toBeLessThanOrEqual(ENCODED_NAME_MAX)
      expect(decodeURIComponent(encodedName(a))).toBe(a)
      expect(encodedName(a) === encodedName(b)).toBe(a === b)
    }),
  )
  expect(encodedName('../BTC/USDT')).toBe('%2E%2E%2FBTC%2FUSDT')
})
