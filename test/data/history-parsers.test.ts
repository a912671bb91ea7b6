import fc from 'fast-check'
import { expect, test } from 'vitest'
import { marketOfName } from '../../data/history/bar-interval.ts'
import { readArchive } from '../../data/history/binance-archive.ts'
import { BAR_FIELDS, columnsOf, missingFields } from '../../data/history/columns.ts'
import { unifiedSource, unifiedSymbol } from '../../data/history/market-name.ts'
import { splitLines } from '../../data/history/read-lines.ts'
import { numberOf } from '../../data/history/read-number.ts'
import { type TableRow, tableOf } from '../../data/history/read-table.ts'
import { soundBars } from '../../data/history/sound-bars.ts'
import { isoTime, parseTime, timeOfNumber } from '../../data/history/time-format.ts'
import { unzipCsv } from '../../data/history/unzip.ts'
import { checkMarketRows } from '../../oracle-node/core/market-rows.ts'
import { zipOf } from '../support/zip.ts'

const MARKET = { source: 'kraken', symbol: 'ETH/USD', interval: '1m' } as const

async function* chunks(...parts: readonly (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield typeof part === 'string' ? new TextEncoder().encode(part) : part
}

async function rowsOf(
  ...parts: readonly (string | Uint8Array)[]
): Promise<{ header: readonly string[]; rows: TableRow[] } | undefined> {
  const table = await tableOf(splitLines(chunks(...parts)))
  if (table === undefined) return undefined
  const rows: TableRow[] = []
  for await (const batch of table.rows) rows.push(...batch)
  return { header: table.header, rows }
}

test('one moment in every way of writing it is one moment', () => {
  fc.assert(
    fc.property(fc.integer({ min: 100_000_000, max: 4_294_967_295 }), (seconds) => {
      const iso = isoTime(seconds)
      const written = [
        [`${seconds}`, 's'],
        [`${seconds}000`, 'ms'],
        [`${seconds}000000`, 'us'],
        [`${seconds}000000000`, 'ns'],
        [` ${seconds}.0 `, 's'],
        [iso, 'iso'],
        [iso.replace('T', ' ').replace('Z', ''), 'iso'],
        [iso.replace('Z', '+00:00'), 'iso'],
        [iso.replace('Z', '+00'), 'iso'],
        [iso.replace('Z', '.000000 UTC'), 'iso'],
        [isoTime(seconds + 19_800).replace('Z', '+0530'), 'iso'],
      ]
      for (const [text = '', format] of written) expect(parseTime(text), text).toEqual({ seconds, format })
    }),
  )
})

test.each([
  '',
  ' ',
  '0',
  '60',
  '99999999',
  '-1700000000',
  '1e30',
  'NaN',
  '01/02/2020',
  '2020-02-30',
  '2020-13-01',
  '20200101T',
  '2020-01-01T25:00',
  'yesterday',
  '0x5f5e1000',
])('%j is no time', (text) => {
  expect(parseTime(text)).toBe(undefined)
})

test('a number is what decimal digits say, and nothing else is one', () => {
  const signs = fc.string({ unit: fc.constantFrom(...'0123456789.+-eExXbBo_ ,\tInfinityNaN'), maxLength: 8 })
  fc.assert(
    fc.property(fc.oneof(signs, fc.double().map(String), fc.string()), (text) => {
      const isDecimal = /^\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\s*$/.test(text)
      expect(numberOf(text)).toBe(isDecimal ? Number(text) : Number.NaN)
    }),
    { numRuns: 3_000 },
  )
})

test('no text makes the readers of times, names and headers throw', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.array(fc.string()), fc.double(), (text, header, number) => {
      const time = parseTime(text)
      if (time !== undefined) expect(Number.isFinite(time.seconds)).toBe(true)
      timeOfNumber(number)
      marketOfName(text)
      unifiedSource(text)
      expect(unifiedSymbol(text) ?? 'A/B').toMatch(/^[A-Z0-9]+\/[A-Z0-9]+$/)
      const columns = columnsOf(header)
      expect(missingFields(columns).length + Object.keys(columns).length).toBe(BAR_FIELDS.length)
    }),
  )
})

test.each([
  ['binance_ETHUSDT_1h_20210404_20231230.csv.gz', { source: 'binance', symbol: 'ETHUSDT', interval: '1h' }],
  ['/a/b/binance_ETHUSDT-ext_1h_20240513_20260513.csv.gz', { source: 'binance', symbol: 'ETHUSDT', interval: '1h' }],
  ['binance_ADAUSDT-2020_1h_20200101_20210404.csv', { source: 'binance', symbol: 'ADAUSDT', interval: '1h' }],
  [
    'uniswapv3_polygon_USDCWETH-5bp_1m_20230813.csv.gz',
    { source: 'uniswapv3_polygon', symbol: 'USDCWETH-5bp', interval: '1m' },
  ],
  ['ETHUSDT-1m-2020-01.csv', { source: 'binance', symbol: 'ETHUSDT', interval: '1m' }],
  ['ETHUSDT-4h-2020-01-31.zip', { source: 'binance', symbol: 'ETHUSDT', interval: '4h' }],
  ['coingecko_AAVEUSD_1h-irreg_price_20210101_20230225.csv.gz', {}],
  ['curve_3crv_balances_daily.csv.gz', {}],
  ['MANIFEST.csv', {}],
])('what the name %s says', (name, market) => {
  expect(marketOfName(name)).toEqual(market)
})

test.each([
  ['ETHUSDT', 'ETH/USDT'],
  ['eth-usd', 'ETH/USD'],
  ['USDTUSD', 'USDT/USD'],
  ['USDCUSDT', 'USDC/USDT'],
  ['BNBUSD', 'BNB/USD'],
  ['ARBUSD', 'ARB/USD'],
  ['BTCBUSD', 'BTC/BUSD'],
  ['BTCTUSD', 'BTC/TUSD'],
  ['USTUSD', 'UST/USD'],
  ['XAUTUSD', 'XAUT/USD'],
  ['ETHBTC', 'ETH/BTC'],
  ['USDT', undefined],
  ['', undefined],
])('the market %s is %s', (text, symbol) => {
  expect(unifiedSymbol(text)).toBe(symbol)
})

const cell = fc.oneof(
  fc.constantFrom(
    '1700000040',
    '1700000040000',
    '2023-11-14T22:14:00Z',
    '100',
    '101.5',
    '99',
    '',
    'NaN',
    '-1',
    '1e400',
    '0x10',
    '∞',
    '"',
    '"a,b"',
    ' 100 ',
  ),
  fc.string(),
)
const text = fc.array(
  fc.array(cell, { maxLength: 9 }).map((cells) => cells.join(',')),
  { maxLength: 30 },
)

test('any rows come apart into sound bars and bad rows: none is lost, and a store takes all that are sound', async () => {
  await fc.assert(
    fc.asyncProperty(text, async (lines) => {
      const read = await rowsOf(`ts,open,high,low,close,volume\n${lines.join('\n')}`)
      const filled = lines.flatMap((line) => line.split('\n')).filter((line) => line.trim() !== '')
      expect(read?.rows).toHaveLength(filled.length)
      const { bars, bad } = soundBars(read?.rows ?? [], {
        market: MARKET,
        columns: columnsOf(read?.header ?? []),
        width: 6,
      })
      expect(bars.length + bad.length).toBe(filled.length)
      expect(checkMarketRows({ bars }).ok).toBe(true)
      expect(bad.every(({ reason }) => reason !== '')).toBe(true)
    }),
  )
})

test('however its bytes are cut, a file reads the same; a byte order mark, blank lines and returns are nothing', async () => {
  const file = new TextEncoder().encode(
    '\ufeff\r\n\r\nTime;Open;High;Low;Close;Vol\r\n"2024-01-01";1;2;0,5;1;"3"\r\n\r\n1704067260;1;2;0.5;1;é\r\n',
  )
  const whole = await rowsOf(file)
  expect(whole?.header).toEqual(['Time', 'Open', 'High', 'Low', 'Close', 'Vol'])
  expect(whole?.rows.map(({ line, fields }) => [line, fields?.[5]])).toEqual([
    [4, '3'],
    [6, 'é'],
  ])
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(file.length), { maxLength: 9 }), async (cuts) => {
      const at = [0, ...cuts.toSorted((a, b) => a - b), file.length]
      expect(await rowsOf(...at.slice(1).map((end, part) => file.slice(at[part], end)))).toEqual(whole)
    }),
  )
})

test('a line without an end is refused before it fills the memory', async () => {
  const endless = async function* (): AsyncGenerator<Uint8Array> {
    for (;;) yield new Uint8Array(1 << 20).fill(49)
  }
  await expect(tableOf(splitLines(endless()))).rejects.toThrow(/a line is longer than/)
})

const csv = `${Array.from({ length: 50 }, (_, minute) => `${1_577_836_800_000 + minute * 60_000},1,3,0.5,2,7,0,0,0,0,0,0`).join('\n')}\n`
const january = { from: 1_577_836_800, to: 1_580_515_200 }

test('whatever is changed in an archive, it is read as it was or refused, or rows are named', async () => {
  const sound = zipOf({ name: 'ETHUSDT-1m-2020-01.csv', content: csv })
  expect((await readArchive(sound, MARKET, january)).bars).toHaveLength(50)
  const changes = fc.array(fc.tuple(fc.nat(sound.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 })
  await fc.assert(
    fc.asyncProperty(changes, fc.nat(sound.length), async (bytes, length) => {
      const changed = Buffer.from(sound)
      for (const [at, value] of bytes) changed[at] = value
      for (const zip of [changed, sound.subarray(0, length)]) {
        const read = await readArchive(zip, MARKET, january).catch((error: unknown) => error)
        if (read instanceof Error) expect(read.message).not.toBe('')
        else expect(read).toMatchObject({ bars: expect.any(Array), bad: expect.any(Array) })
      }
    }),
    { numRuns: 200 },
  )
})

test('rows of another month than the file is named for are left out, and said to be', async () => {
  const sound = zipOf({ name: 'ETHUSDT-1m-2020-02.csv', content: csv })
  const { bars, bad } = await readArchive(sound, MARKET, { from: january.from + 1_800, to: january.to })
  expect(bars).toHaveLength(20)
  expect(bad).toHaveLength(30)
  expect(bad[0]).toMatchObject({ line: 1, reason: 'time 1577836800 is outside of the file’s own period' })
})

test('an archive of two files, of none, of another kind, or larger than it says is refused', async () => {
  const all = async (zip: Buffer, bytesMax?: number): Promise<number> => {
    let bytes = 0
    for await (const chunk of unzipCsv(zip, bytesMax)) bytes += chunk.byteLength
    return bytes
  }
  const entry = { name: 'a.csv', content: csv }
  expect(await all(zipOf(entry))).toBe(csv.length)
  await expect(all(zipOf(entry, { ...entry, name: 'b.csv' }))).rejects.toThrow(/holds 2 files/)
  await expect(all(zipOf())).rejects.toThrow(/holds 0 files/)
  await expect(all(zipOf({ ...entry, name: 'a.exe' }))).rejects.toThrow(/holds a\.exe; a CSV file was needed/)
  await expect(all(zipOf({ ...entry, name: '../a.csv' }))).rejects.toThrow(/relative path/)
  await expect(all(zipOf(entry), 100)).rejects.toThrow(/says to unpack to \d+ bytes; 100 are the most/)
  await expect(all(zipOf({ ...entry, saidSize: 99 }), 100)).rejects.toThrow(/too many bytes/)
})
