import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { folderCache } from '../../models/evaluation/forecast-cache.ts'
import { sourceHash } from '../../models/evaluation/source-hash.ts'
import { walkForward } from '../../models/evaluation/walk.ts'
import { type Candidate, expandingFolds } from '../../models/training/walk-forward.ts'
import { RISK_OUTPUT_COUNT } from '../../oracle-node/core/prediction.ts'
import { DAY, FIRST_DAY, wanderingDays } from './walk-samples.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'plimsoll-walk-cache-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const samples = wanderingDays('A', 40, 1)
const foldsOf = (from: typeof samples) =>
  expandingFolds(from, {
    refits: [10, 20, 30].map((day) => FIRST_DAY + day * DAY),
    isFitted: () => true,
    isTested: () => true,
  })

/** Counts its fits; from one fold on it fails where told. */
function counting(failsFrom = Number.POSITIVE_INFINITY): { candidate: Candidate; fits: () => number } {
  let fits = 0
  const module = join(folder, 'module.ts')
  writeFileSync(module, 'export const decay = 0.94\n')
  const candidate: Candidate = {
    id: 'counting',
    module: pathToFileURL(module),
    forecast: ({ train, test: tested }) => {
      if (fits >= failsFrom) throw new Error('stopped')
      fits++
      return tested.map(({ loss }) => new Float64Array(RISK_OUTPUT_COUNT).fill(loss + train.length))
    },
  }
  return { candidate, fits: () => fits }
}

describe('a walk with a cache', () => {
  const walk = (candidate: Candidate, from = samples) =>
    walkForward({ candidates: [candidate], folds: foldsOf(from), cache: folderCache(join(folder, 'kept')) })

  test('that was stopped goes on with the folds that are missing, to the same forecasts', async () => {
    const whole = await walkForward({ candidates: [counting().candidate], folds: foldsOf(samples) })
    const stopped = counting(2)
    await expect(walk(stopped.candidate)).rejects.toThrow('stopped')
    const rest = counting()
    expect(await walk(rest.candidate)).toEqual(whole)
    expect(rest.fits()).toBe(1)
  })

  test('does a fold anew when a sample of it, the code or the recipe is another', async () => {
    await walk(counting().candidate)
    const moved = counting()
    await walk(
      moved.candidate,
      samples.map((sample, day) => (day === 25 ? { ...sample, loss: 0.1 } : sample)),
    )
    // Day 25 is tested in the second fold and fitted in the third.
    expect(moved.fits()).toBe(2)
    const recipe = counting()
    await walk({ ...recipe.candidate, recipe: 'decay 0.9' })
    expect(recipe.fits()).toBe(3)
    const code = counting()
    writeFileSync(code.candidate.module, 'export const decay = 0.9\n')
    await walk(code.candidate)
    expect(code.fits()).toBe(3)
  })

  test('does not believe a file that was cut off or changed', async () => {
    await walk(counting().candidate)
    const [cut = '', flipped = ''] = readdirSync(join(folder, 'kept')).map((name) => join(folder, 'kept', name))
    writeFileSync(cut, readFileSync(cut).subarray(0, -8))
    const bytes = readFileSync(flipped)
    bytes.writeUInt8(bytes.readUInt8(40) ^ 1, 40)
    writeFileSync(flipped, bytes)
    const again = counting()
    await walk(again.candidate)
    expect(again.fits()).toBe(2)
  })

  test('refuses a candidate that forecasts fewer samples than it was given', async () => {
    const { candidate } = counting()
    await expect(walk({ ...candidate, forecast: () => [] })).rejects.toThrow(/counting gave 0 forecasts of 10 samples/)
  })
})

describe('a module’s hash', () => {
  test('changes with any module that it imports or starts as a worker, and with no other', () => {
    const write = (name: string, text: string): void => writeFileSync(join(folder, name), text)
    write('a.ts', "import { b } from './b.ts'\nnew URL('./worker.ts', import.meta.url)\n")
    write('b.ts', "export type { C } from './c.ts'\n")
    write('c.ts', 'export type C = 1\n')
    write('worker.ts', '1\n')
    write('other.ts', '1\n')
    const hash = (): string => sourceHash(pathToFileURL(join(folder, 'a.ts')))
    const first = hash()
    write('other.ts', '2\n')
    expect(hash()).toBe(first)
    write('c.ts', 'export type C = 2\n')
    const second = hash()
    expect(second).not.toBe(first)
    write('worker.ts', '2\n')
    expect(hash()).not.toBe(second)
  })
})
