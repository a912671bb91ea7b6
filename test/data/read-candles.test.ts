import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, expect, test } from 'vitest'
import { readCandles } from '../../data/recorded/read-candles.ts'

const folder = mkdtempSync(join(tmpdir(), 'plimsoll-'))
afterAll(() => rmSync(folder, { recursive: true }))

function fileOf(text: string | Buffer): string {
  const path = join(folder, 'candles.csv.gz')
  writeFileSync(path, typeof text === 'string' ? gzipSync(text) : text)
  return path
}

test('columns are found by their names, rows come oldest first, blank lines are nothing', () => {
  const path = fileOf('volume,ts,open,high,low,close,more\r\n7,120,1,4,0.5,2,x\r\n\r\n0,60,1e0,1,1,1,y\r\n')
  expect(readCandles(path)).toEqual([
    { ts: 60, open: 1, high: 1, low: 1, close: 1, volume: 0 },
    { ts: 120, open: 1, high: 4, low: 0.5, close: 2, volume: 7 },
  ])
})

test('what is not a candle file is refused with the file, the line and the column', () => {
  const header = 'ts,open,high,low,close,volume\n'
  expect(() => readCandles(fileOf('a,b\n1,2\n'))).toThrow(/candles\.csv\.gz lacks ts, open.*it has a, b/)
  expect(() => readCandles(fileOf(header))).toThrow(/holds no rows/)
  expect(() => readCandles(fileOf(`${header}60,1,1,1,1,1\n120,1,1,one,1,1\n`))).toThrow(/line 3: low is "one"/)
  expect(() => readCandles(fileOf(`${header}60,1,1,1,1\n`))).toThrow(/line 2: volume is ""/)
  expect(() => readCandles(fileOf(`${header}60,"1",1,1,1,1\n`))).toThrow(/open is/)
  expect(() => readCandles(fileOf(`${header}60,NaN,1,1,1,1\n`))).toThrow(/open is "NaN"/)
  expect(() => readCandles(fileOf(Buffer.from('not gzip')))).toThrow(/cannot be unpacked/)
})
