import { appendFileSync, existsSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { encodeRecord } from '../../oracle-node/adapters/audit-block.ts'
import { encodeFrame, FRAME_HEADER_BYTES, scanFrames } from '../../oracle-node/adapters/audit-frames.ts'
import { type AuditNotice, fileAuditLog, readAuditLog } from '../../oracle-node/adapters/file-audit-log.ts'
import { makeWorld } from '../simulation/simulate.ts'
import { auditRecord } from '../support/audit-records.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const world = makeWorld(4)
const records = [1, 2, 3, 4, 5, 6].map((round) => auditRecord(world, round))
const blocks = records.map(encodeRecord)
const frameBytes = (blocks[0]?.bytes.length ?? 0) + FRAME_HEADER_BYTES

type Limits = { readonly keepBytes?: number; readonly segmentBytes?: number }

async function openLog(folder: string, limits: Limits = {}) {
  const notices: AuditNotice[] = []
  const log = await fileAuditLog(folder, { keepBytes: 2 ** 30, ...limits, onNotice: (each) => notices.push(each) })
  return { log, notices }
}

/** A folder that holds the first so many records, closed again. */
async function filled(count: number, limits: Limits = {}): Promise<string> {
  const folder = join(temporaryFolder(), 'audit')
  const { log } = await openLog(folder, limits)
  for (const record of records.slice(0, count)) await log.append(record)
  await log.close()
  return folder
}

const firstFile = (folder: string): string => join(folder, '00000001.audit')

test('a record that was taken is there after a restart: by round, by CID, and to the byte', async () => {
  const folder = await filled(3)
  const { log, notices } = await openLog(folder)
  expect(notices).toEqual([])
  expect(log.entries().map(({ round }) => round)).toEqual([1, 2, 3])
  expect(log.newest()).toMatchObject({ round: 3, cid: blocks[2]?.cid.toString() })
  for (const [index, block] of blocks.slice(0, 3).entries()) {
    expect(log.entryOf(index + 1)).toMatchObject({ cid: block.cid.toString(), bytes: block.bytes.length })
    expect(await log.block(block.cid.toString())).toEqual(Buffer.from(block.bytes))
  }
  expect(log.entryOf(4)).toBeUndefined()
  expect(await log.block(blocks[3]?.cid.toString() ?? '')).toBeUndefined()
  await log.close()
})

test('it is on the disk when append resolves, and twice the same is once', async () => {
  const folder = join(temporaryFolder(), 'audit')
  const { log } = await openLog(folder)
  const [first] = records
  if (first === undefined) throw new Error('a record')
  const both = await Promise.all([log.append(first), log.append(structuredClone(first))])
  expect(both[0]).toEqual(both[1])
  expect(statSync(firstFile(folder)).size).toBe(frameBytes)
  expect(statSync(firstFile(folder)).mode & 0o077).toBe(0)
  await log.close()
})

test('rounds are listed in their order, from, to and so many; of a round twice the later is shown and both are there', async () => {
  const { log } = await openLog(join(temporaryFolder(), 'audit'))
  for (const place of [3, 0, 5, 1]) await log.append(records[place] ?? (undefined as never))
  const other = auditRecord(makeWorld(7), 2)
  await log.append(other)
  expect(log.entries().map(({ round }) => round)).toEqual([1, 2, 4, 6])
  expect(log.entries({ from: 2, to: 5 }).map(({ round }) => round)).toEqual([2, 4])
  expect(log.entries({ from: 2, limit: 2 }).map(({ round }) => round)).toEqual([2, 4])
  expect(log.entries({ from: 7 })).toEqual([])
  expect(log.entryOf(2)?.cid).toBe(encodeRecord(other).cid.toString())
  expect(await log.block(blocks[1]?.cid.toString() ?? '')).toBeDefined()
  await log.close()
})

describe('a torn tail', () => {
  test('of any length is cut off and reported, and what was whole is kept and appended to', async () => {
    const whole = encodeFrame(3, blocks[2]?.bytes ?? new Uint8Array())
    for (const length of [1, 3, FRAME_HEADER_BYTES - 1, FRAME_HEADER_BYTES, whole.length - 1]) {
      const folder = await filled(2)
      appendFileSync(firstFile(folder), whole.subarray(0, length))
      const { log, notices } = await openLog(folder)
      expect(notices).toEqual([{ kind: 'torn', file: '00000001.audit', bytes: length }])
      expect(statSync(firstFile(folder)).size).toBe(2 * frameBytes)
      await log.append(records[2] ?? (undefined as never))
      await log.close()
      const again = await openLog(folder)
      expect(again.notices).toEqual([])
      expect(again.log.entries().map(({ round }) => round)).toEqual([1, 2, 3])
      await again.log.close()
    }
  })

  test('is passed over by a reader, who changes nothing', async () => {
    const folder = await filled(2)
    truncateSync(firstFile(folder), 2 * frameBytes - 5)
    const notices: AuditNotice[] = []
    const log = await readAuditLog(folder, (each) => notices.push(each))
    expect(log.entries().map(({ round }) => round)).toEqual([1])
    expect(notices).toMatchObject([{ kind: 'torn' }])
    expect(statSync(firstFile(folder)).size).toBe(2 * frameBytes - 5)
  })
})

describe('bytes that were changed', () => {
  const change = (folder: string, at: number): void => {
    const content = readFileSync(firstFile(folder))
    content[at] = (content[at] ?? 0) ^ 1
    writeFileSync(firstFile(folder), content)
  }

  test.each([
    ['a block', FRAME_HEADER_BYTES + 100],
    ['a length', 5],
    ['a round', 9],
    ['a magic', 0],
  ])('%s: that record is lost and named, the others are found, nothing is cut', async (_, at) => {
    const folder = await filled(3)
    change(folder, frameBytes + at)
    const { log, notices } = await openLog(folder)
    expect(notices).toEqual([{ kind: 'damaged', file: '00000001.audit', from: frameBytes, to: 2 * frameBytes }])
    expect(log.entries().map(({ round }) => round)).toEqual([1, 3])
    expect(statSync(firstFile(folder)).size).toBe(3 * frameBytes)
    await log.append(records[1] ?? (undefined as never))
    expect(log.entries().map(({ round }) => round)).toEqual([1, 2, 3])
    await log.close()
  })

  test('while the log is open are not handed out as what they were', async () => {
    const folder = await filled(1)
    const { log } = await openLog(folder)
    change(folder, FRAME_HEADER_BYTES + 7)
    await expect(log.block(blocks[0]?.cid.toString() ?? '')).rejects.toThrow(`is damaged at byte ${FRAME_HEADER_BYTES}`)
    await log.close()
  })
})

describe('a log that is full', () => {
  test('leaves out whole files, the oldest first, and says so', async () => {
    const folder = join(temporaryFolder(), 'audit')
    const { log, notices } = await openLog(folder, { segmentBytes: 2 * frameBytes, keepBytes: 4 * frameBytes })
    for (const record of records) await log.append(record)
    expect(readdirSync(folder).sort()).toEqual(['00000002.audit', '00000003.audit'])
    expect(notices).toEqual([{ kind: 'dropped', file: '00000001.audit', bytes: 2 * frameBytes }])
    expect(log.entries().map(({ round }) => round)).toEqual([3, 4, 5, 6])
    expect(await log.block(blocks[0]?.cid.toString() ?? '')).toBeUndefined()
    await log.close()
    const again = await openLog(folder, { segmentBytes: 2 * frameBytes, keepBytes: 4 * frameBytes })
    expect(again.log.entries().map(({ round }) => round)).toEqual([3, 4, 5, 6])
    await again.log.close()
  })

  test('keeps the newest though it alone is more', async () => {
    const folder = join(temporaryFolder(), 'audit')
    const { log } = await openLog(folder, { segmentBytes: 1, keepBytes: 1 })
    for (const record of records) await log.append(record)
    expect(log.entries().map(({ round }) => round)).toEqual([6])
    await log.close()
  })

  test('has its damage named in a file that is closed', async () => {
    const folder = await filled(4, { segmentBytes: 2 * frameBytes })
    truncateSync(firstFile(folder), 2 * frameBytes - 1)
    const { log, notices } = await openLog(folder)
    expect(notices).toEqual([{ kind: 'damaged', file: '00000001.audit', from: frameBytes, to: 2 * frameBytes - 1 }])
    expect(log.entries().map(({ round }) => round)).toEqual([1, 3, 4])
    await log.close()
  })
})

test('a folder that is not there reads as empty, and is not made', async () => {
  const folder = join(temporaryFolder(), 'nowhere')
  const log = await readAuditLog(folder, () => undefined)
  expect([log.entries(), log.newest()]).toEqual([[], undefined])
  expect(existsSync(folder)).toBe(false)
})

test('whatever the files hold, frames are found or named, and none that was not written', () => {
  const sound = Buffer.concat(blocks.slice(0, 3).map(({ bytes, round }) => encodeFrame(round, bytes)))
  const check = (content: Buffer): void => {
    const { frames, damaged, end } = scanFrames(content)
    const covered = frames.reduce((sum, { length }) => sum + length + FRAME_HEADER_BYTES, 0)
    const lost = damaged.reduce((sum, { from, to }) => sum + to - from, 0)
    expect(covered + lost).toBe(end)
    for (const { offset, length } of frames) {
      const block = content.subarray(offset, offset + length)
      expect(blocks.some(({ bytes }) => block.equals(bytes)) || length === 0).toBe(true)
    }
  }
  const at = fc.nat(sound.length - 1)
  const noise = fc.uint8Array({ minLength: 1, maxLength: 60 })
  fc.assert(
    fc.property(at, noise, (place, bytes) => {
      const content = Buffer.from(sound)
      content.set(bytes.subarray(0, content.length - place), place)
      check(content)
      check(Buffer.concat([sound.subarray(0, place), Buffer.from(bytes), sound.subarray(place)]))
      check(sound.subarray(0, place))
    }),
    { numRuns: 200 },
  )
})
