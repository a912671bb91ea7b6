import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { depthsByHour, readDepths } from '../../backtests/data/read-depths.ts'

const folder = mkdtempSync(join(tmpdir(), 'plimsoll-depths-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function file(content: string): string {
  const path = join(folder, 'depths.csv')
  writeFileSync(path, content)
  return path
}

describe('measured depths', () => {
  test('are read with times of any kind', async () => {
    const read = await readDepths(file('time,depth_usd,more\n1700000000,5e6,x\n2023-11-14T23:00:00Z,4000000,y\n'))
    expect([...read.time]).toEqual([1_700_000_000, Date.parse('2023-11-14T23:00:00Z') / 1_000])
    expect([...read.depthUsd]).toEqual([5e6, 4e6])
  })

  test.each([
    ['', /empty/],
    ['time,depth\n1700000000,1\n', /no column depth_usd, but time, depth/],
    ['time,depth_usd\n1700000000,1\n1700000000,2\n', /line 3: its time is not after/],
    ['time,depth_usd\n1700000000,-1\n', /line 2, column depth_usd: "-1" is no number of USD/],
    ['time,depth_usd\nsoon,1\n', /line 2, column time: "soon" is no time/],
    ['time,depth_usd\n1700000000\n', /line 2, column depth_usd: "" is no number/],
  ])('refuses %j', async (content, message) => {
    await expect(readDepths(file(content))).rejects.toThrow(message)
  })

  test('whatever the file holds, is read or refused with its name', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 200 }), async (text) => {
        const path = file(`time,depth_usd\n${text}`)
        try {
          expect((await readDepths(path)).time.every(Number.isFinite)).toBe(true)
        } catch (error) {
          expect(String(error)).toContain(path)
        }
      }),
      { numRuns: 200, seed: 3 },
    )
  })

  test('count for a day, each until the next', () => {
    const hour = 3_600
    const from = 1_700_002_800
    const depths = { time: Float64Array.of(from - hour, from + 2 * hour + 60), depthUsd: Float64Array.of(7, 9) }
    const by = depthsByHour(depths, from, 30)
    expect([...by.subarray(0, 4)]).toEqual([7, 7, 7, 9])
    expect(by[26]).toBe(9)
    expect(by[27]).toBeNaN()
    expect(depthsByHour(depths, from - 2 * hour, 1)[0]).toBeNaN()
  })
})
