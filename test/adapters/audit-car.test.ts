import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { CarWriter } from '@ipld/car'
import * as dagCbor from '@ipld/dag-cbor'
import fc from 'fast-check'
import type { CID } from 'multiformats/cid'
import { expect, test } from 'vitest'
import { type AuditBlock, cidOf, encodeRecord } from '../../oracle-node/adapters/audit-block.ts'
import { readCar, writeCar } from '../../oracle-node/adapters/audit-car.ts'
import { makeWorld } from '../simulation/simulate.ts'
import { auditRecord } from '../support/audit-records.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const world = makeWorld(4)
const blocks = [3, 1, 2].map((round) => encodeRecord(auditRecord(world, round)))
const blockOf = (cid: CID): AuditBlock | undefined => blocks.find((each) => each.cid.equals(cid))

async function written(): Promise<Uint8Array> {
  const path = join(temporaryFolder(), 'rounds.car')
  await writeCar(path, { rounds: blocks, block: async (cid) => blockOf(cid)?.bytes ?? new Uint8Array() })
  return readFileSync(path)
}

/** A CAR file of blocks as they are given, whatever they are. */
async function carOf(
  root: CID,
  given: ReadonlyArray<{ readonly cid: CID; readonly bytes: Uint8Array }>,
): Promise<Uint8Array> {
  const { writer, out } = CarWriter.create([root])
  const fill = async (): Promise<void> => {
    for (const each of given) await writer.put(each)
    await writer.close()
  }
  const [content] = await Promise.all([buffer(Readable.from(out)), fill()])
  return content
}

test('the records come back as they were, by round', async () => {
  const { blocks: read } = await readCar(await written())
  expect(read.map(({ round }) => round)).toEqual([1, 2, 3])
  for (const { cid, bytes } of read) expect(Buffer.compare(bytes, blockOf(cid)?.bytes ?? bytes.slice(1))).toBe(0)
})

test('a file that can’t be finished is not there, and what was there before is', async () => {
  const folder = temporaryFolder()
  const path = join(folder, 'rounds.car')
  writeFileSync(path, 'before')
  let given = 0
  const block = async (cid: CID): Promise<Uint8Array> => {
    given += 1
    if (given === 2) throw new Error('the disk is gone')
    return blockOf(cid)?.bytes ?? new Uint8Array()
  }
  await expect(writeCar(path, { rounds: blocks, block })).rejects.toThrow('the disk is gone')
  expect(readdirSync(folder)).toEqual(['rounds.car'])
  expect(readFileSync(path, 'utf8')).toBe('before')
})

test('a block under another’s CID, a stranger beside the records and a root of another kind are named', async () => {
  const [first, second] = blocks as [AuditBlock, AuditBlock]
  const stranger = dagCbor.encode({ not: 'a record' })
  const cases: ReadonlyArray<readonly [Uint8Array, string]> = [
    [
      await carOf(first.cid, [{ cid: first.cid, bytes: second.bytes }]),
      `block ${first.cid} of the CAR file is not what`,
    ],
    [await carOf(first.cid, [first, { cid: cidOf(stranger), bytes: stranger }]), 'is no record: kind'],
    [await carOf(cidOf(stranger), [{ cid: cidOf(stranger), bytes: stranger }]), 'neither a record nor an index'],
  ]
  for (const [content, said] of cases) await expect(readCar(content)).rejects.toThrow(said)
})

test('whatever the file holds, only blocks that are what their CIDs are of come out of it', async () => {
  const sound = await written()
  const noise = fc.tuple(fc.nat(sound.length - 1), fc.uint8Array({ minLength: 1, maxLength: 8 }))
  await fc.assert(
    fc.asyncProperty(noise, fc.boolean(), async ([at, bytes], cuts) => {
      const content = Uint8Array.from(cuts ? sound.subarray(0, at) : sound)
      if (!cuts) content.set(bytes.subarray(0, content.length - at), at)
      const read = await readCar(content).catch((error: unknown) => error)
      if (read instanceof Error) return
      for (const { cid } of (read as Awaited<ReturnType<typeof readCar>>).blocks) expect(blockOf(cid)).toBeDefined()
    }),
    { numRuns: 200 },
  )
})
