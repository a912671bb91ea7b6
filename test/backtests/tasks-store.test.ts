import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { folderResults } from '../../backtests/tasks/folder-results.ts'
import { layered } from '../../backtests/tasks/result-store.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const KEY = 'ab'.repeat(32)
const BYTES = Uint8Array.of(1, 2, 3, 250)

test('a result is read as it was written, also an empty one', async () => {
  const store = folderResults(join(temporaryFolder(), 'new', 'folder'))
  expect(await store.read(KEY)).toBeUndefined()
  await store.write(KEY, BYTES)
  expect([...((await store.read(KEY)) ?? [])]).toEqual([...BYTES])
  await store.write(KEY, new Uint8Array(0))
  expect((await store.read(KEY))?.length).toBe(0)
})

test('a file that is cut off, changed or empty is as if it were not there, and can be written anew', async () => {
  const folder = temporaryFolder()
  const store = folderResults(folder)
  await store.write(KEY, BYTES)
  const path = join(folder, 'ab', `${KEY}.result`)
  const whole = readFileSync(path)
  for (let length = 0; length < whole.length; length += 1) {
    writeFileSync(path, whole.subarray(0, length))
    expect(await store.read(KEY), `${length} bytes`).toBeUndefined()
  }
  for (let place = 0; place < whole.length; place += 1) {
    const changed = Buffer.from(whole)
    changed[place] = (changed[place] ?? 0) ^ 1
    writeFileSync(path, changed)
    expect(await store.read(KEY), `byte ${place}`).toBeUndefined()
  }
  await store.write(KEY, BYTES)
  expect(readFileSync(path).equals(whole)).toBe(true)
})

test('many who write the same leave one whole file and nothing else', async () => {
  const folder = temporaryFolder()
  await Promise.all(Array.from({ length: 20 }, () => folderResults(folder).write(KEY, BYTES)))
  expect(readdirSync(join(folder, 'ab'))).toEqual([`${KEY}.result`])
  expect([...((await folderResults(folder).read(KEY)) ?? [])]).toEqual([...BYTES])
})

test.each(['../../etc/passwd', '', `${KEY}0`, KEY.toUpperCase(), `${KEY.slice(1)}/`])('%s is no key', async (key) => {
  const store = folderResults(temporaryFolder())
  await expect(store.read(key)).rejects.toThrow(/64 hex digits/)
  await expect(store.write(key, BYTES)).rejects.toThrow(/64 hex digits/)
})

test('a folder that cannot be one is named', async () => {
  const file = join(temporaryFolder(), 'file')
  writeFileSync(file, '')
  await expect(folderResults(file).write(KEY, BYTES)).rejects.toThrow(file)
  await expect(folderResults(file).read(KEY)).rejects.toThrow(file)
})

test('of two layers the near one is asked first, and keeps what only the far one had', async () => {
  const [near, far] = [folderResults(temporaryFolder()), folderResults(temporaryFolder())]
  const both = layered(near, far)
  await far.write(KEY, BYTES)
  expect(await near.read(KEY)).toBeUndefined()
  expect([...((await both.read(KEY)) ?? [])]).toEqual([...BYTES])
  expect([...((await near.read(KEY)) ?? [])]).toEqual([...BYTES])
  await far.write(KEY, Uint8Array.of(9))
  expect([...((await both.read(KEY)) ?? [])]).toEqual([...BYTES])
  const other = 'cd'.repeat(32)
  await both.write(other, BYTES)
  expect((await near.read(other))?.length).toBe(4)
  expect((await far.read(other))?.length).toBe(4)
})
