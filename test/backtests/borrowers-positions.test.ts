import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { DuckDBInstance } from '@duckdb/node-api'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { PositionsError, readPositions, withUse } from '../../backtests/lending/read-positions.ts'

const folder = mkdtempSync(join(tmpdir(), 'plimsoll-test-'))
afterAll(() => rmSync(folder, { recursive: true }))
let files = 0
function fileOf(content: string | Uint8Array, ending = 'csv'): string {
  files += 1
  const path = join(folder, `positions-${files}.${ending}`)
  writeFileSync(path, content)
  return path
}

const CSV = 'account,collateral,debt\n0xAb,10,12000.5\nbob,2.5,0\n'

describe('positions', () => {
  test('are read from CSV, gzipped or not, with columns in any order and others beside', async () => {
    const plain = await readPositions(fileOf(CSV))
    expect(plain.accounts).toEqual(['0xAb', 'bob'])
    expect([...plain.collateral]).toEqual([10, 2.5])
    expect([...plain.debt]).toEqual([12_000.5, 0])
    expect(plain.use.every(Number.isNaN)).toBe(true)
    expect(await readPositions(fileOf(gzipSync(CSV), 'csv.gz'))).toEqual(plain)
    const mixed = 'Debt;note; Collateral ;use;ACCOUNT\r\n12000.5;"a; b";1e1;;0xAb\r\n\r\n0;;2.5;.75;bob\r\n'
    const { accounts, collateral, debt, use } = await readPositions(fileOf(mixed))
    expect({ accounts, collateral, debt }).toEqual({
      accounts: plain.accounts,
      collateral: plain.collateral,
      debt: plain.debt,
    })
    expect([...use]).toEqual([Number.NaN, 0.75])
  })

  test('are read from Parquet', async () => {
    const path = join(folder, 'positions.parquet')
    const rows = "(VALUES ('0xAb', 10, 12000.5, NULL), ('bob', 2.5, 0, .75)) AS t(account, collateral, debt, use)"
    await writeParquet(`SELECT account, collateral::DOUBLE AS collateral, debt, use FROM ${rows}`, path)
    const { accounts, collateral, debt, use } = await readPositions(path)
    expect(accounts).toEqual(['0xAb', 'bob'])
    expect([[...collateral], [...debt], [...use]]).toEqual([
      [10, 2.5],
      [12_000.5, 0],
      [Number.NaN, 0.75],
    ])
  })

  test('of nothing are left out, and one beyond any threshold is kept', async () => {
    const { accounts } = await readPositions(fileOf('account,collateral,debt\na,0,0\nb,1,1e12\nc,-0,0\n'))
    expect(accounts).toEqual(['b'])
  })

  test.each<[string, string, RegExp]>([
    ['nothing', '', /is empty; rows of account, collateral, debt are needed/],
    ['a header alone', 'account,collateral,debt\n', /holds no position/],
    ['no debts', 'account,collateral\na,1\n', /has no column debt, but "account, collateral"; a header with/],
    ['no header', '1,2,3\n', /has no column account/],
    ['two debts', 'account,debt,debt,collateral\n', /has two columns debt/],
    ['a short row', `${CSV}c,1\n`, /, line 4 has 2 columns and the header 3/],
    ['an open quote', `${CSV}"c,1,2\n`, /, line 4 cannot be taken apart/],
    ['an account without a name', `${CSV} ,1,2\n`, /, line 4, column account: it is empty/],
    ['an account twice', `${CSV}bob,1,2\n`, /, line 4, column account: "bob" is in line 3 already/],
    ['an address twice', `${CSV}0xaB,1,2\n`, /, line 4, column account: "0xaB" is in line 2 already/],
    ['a closed account twice', 'account,collateral,debt\na,0,0\na,1,1\n', /, line 3, column account: "a" is in line 2/],
    ['a negative debt', `${CSV}c,1,-2\n`, /, line 4, column debt: "-2" is no amount/],
    ['words', `${CSV}c,lots,2\n`, /, line 4, column collateral: "lots" is no amount; a decimal number/],
    ['no number', `${CSV}c,NaN,2\n`, /, line 4, column collateral: "NaN"/],
    ['what is too large', `${CSV}c,1e999,2\n`, /, line 4, column collateral: "1e999" is no amount/],
    ['an empty amount', `${CSV}c,,2\n`, /, line 4, column collateral: "" is no amount/],
    ['debt without collateral', `${CSV}c,0,2\n`, /, line 4, column collateral: 0 against a debt of 2/],
    ['use of more than all', 'account,collateral,debt,use\nc,1,2,1.5\n', /, line 2, column use: "1.5" is no use/],
  ])('in a file with %s are refused, naming file, line and column', async (_, content, message) => {
    const path = fileOf(content)
    const refused = readPositions(path)
    await expect(refused).rejects.toThrow(message)
    await expect(refused).rejects.toThrow(path)
    await expect(refused).rejects.toBeInstanceOf(PositionsError)
  })

  test('in no file, a folder, a torn gzip or a Parquet that is none are refused by name', async () => {
    const torn = fileOf(gzipSync(CSV.repeat(50)).subarray(0, 60), 'csv.gz')
    for (const path of [join(folder, 'none.csv'), folder, torn, fileOf(CSV, 'parquet')]) {
      const refused = readPositions(path)
      await expect(refused, path).rejects.toBeInstanceOf(PositionsError)
      await expect(refused, path).rejects.toThrow(path)
    }
  })

  test('of any bytes are positions or refused, never anything else', async () => {
    const number = fc.oneof(
      fc.double({ min: 0 }).map(String),
      fc.constantFrom('', '0', '-1', '1e5', 'NaN', '0x10', '1,5', '"', ' 7 ', '９'),
    )
    const row = fc
      .tuple(fc.string({ maxLength: 8, unit: 'binary' }), number, number, number)
      .map((cells) => cells.join(','))
    const table = fc
      .tuple(
        fc.constantFrom('account,collateral,debt,use', 'use,debt,collateral,account', 'account,debt'),
        fc.array(row),
      )
      .map(([header, rows]) => [header, ...rows].join('\n'))
    const simple = fc
      .array(fc.tuple(fc.nat(1e6), fc.nat(1e6)), { minLength: 1, maxLength: 20 })
      .map((rows) => `account,collateral,debt\n${rows.map(([a, b], i) => `u${i},${a + 1},${b}`).join('\n')}`)
    let read = 0
    await fc.assert(
      fc.asyncProperty(fc.oneof(table, simple, fc.string({ unit: 'binary' }), fc.uint8Array()), async (content) => {
        try {
          const { accounts, collateral, debt, use } = await readPositions(fileOf(content))
          read += 1
          expect([collateral.length, debt.length, use.length]).toEqual(new Array(3).fill(accounts.length))
          expect(new Set(accounts).size).toBe(accounts.length)
          expect(collateral.every((each) => each > 0 && Number.isFinite(each))).toBe(true)
          expect(debt.every((each) => each >= 0 && Number.isFinite(each))).toBe(true)
          expect(use.every((each) => Number.isNaN(each) || (each >= 0 && each <= 1))).toBe(true)
        } catch (error) {
          expect(error).toBeInstanceOf(PositionsError)
        }
      }),
      { seed: 41, numRuns: 600 },
    )
    expect(read).toBeGreaterThan(100)
  }, 20_000)
})

describe('the use of a position', () => {
  const positions = {
    collateral: Float64Array.of(10, 10, 10, 10, 5e-324),
    debt: Float64Array.of(4_000, 99_999, 0, 4_000, 0),
    use: Float64Array.of(Number.NaN, Number.NaN, Number.NaN, 0.9, Number.NaN),
  }

  test('follows from its debt and power, at most all, where the file did not say it', () => {
    expect([...withUse(positions, 800).use]).toEqual([0.5, 1, 0, 0.9, 0])
    expect(withUse(positions, 800)).toMatchObject({ collateral: positions.collateral, debt: positions.debt })
    expect([...withUse(positions, 1e-9).use]).toEqual([1, 1, 0, 0.9, 0])
  })

  test.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])('is refused for a power of %d', (power) => {
    expect(() => withUse(positions, power)).toThrow(`the borrowing power of a token must be above 0, got ${power}`)
  })
})

async function writeParquet(query: string, path: string): Promise<void> {
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  await connection.run(`COPY (${query}) TO '${path}' (FORMAT parquet)`)
  connection.closeSync()
  instance.closeSync()
}
