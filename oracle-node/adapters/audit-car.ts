import { createWriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { CarReader, CarWriter } from '@ipld/car'
import * as dagCbor from '@ipld/dag-cbor'
import { CID } from 'multiformats/cid'
import { z } from 'zod'
import { type AuditBlock, cidOf, decodeRecord } from './audit-block.ts'

/*
 * Records as one CAR file (version 1): first the index, which is its root and links every record by its round, then the records.
 * Who pins the root pins them all.
 */

/** Rounds of one file: the index is one block, and IPFS passes on blocks of 2 MiB at most. */
export const CAR_ROUNDS_MAX = 20_000
/** What a reader takes into memory. */
export const CAR_BYTES_MAX: number = 512 * 2 ** 20
const KIND = 'plimsoll-audit-index'
const indexSchema = z.strictObject({
  kind: z.literal(KIND),
  version: z.literal(1),
  rounds: z.array(z.tuple([z.int().min(0), z.instanceof(CID)])).max(CAR_ROUNDS_MAX),
})

/** What a file is to hold; `block` is asked for each record in turn, so that they need not be in memory together. */
export type CarContent = {
  readonly rounds: ReadonlyArray<{ readonly round: number; readonly cid: CID }>
  readonly block: (cid: CID) => Promise<Uint8Array>
}

/**
 * Writes a file whole or not at all; the same records make the same bytes.
 * @returns The root's CID.
 */
export async function writeCar(path: string, { rounds, block }: CarContent): Promise<CID> {
  const index = dagCbor.encode({ kind: KIND, version: 1, rounds: rounds.map(({ round, cid }) => [round, cid]) })
  const root = cidOf(index)
  const { writer, out } = CarWriter.create([root])
  const fill = async (): Promise<void> => {
    try {
      await writer.put({ cid: root, bytes: index })
      for (const { cid } of rounds) await writer.put({ cid, bytes: await block(cid) })
    } finally {
      await writer.close()
    }
  }
  const temporary = `${path}.${process.pid}.tmp`
  const written = pipeline(Readable.from(out), createWriteStream(temporary, { flush: true }))
  try {
    await Promise.all([fill(), written])
    await rename(temporary, path)
  } catch (error) {
    // Only then is nothing of it written any more.
    await written.catch(() => undefined)
    await rm(temporary, { force: true })
    throw error
  }
  return root
}

/**
 * The records of a CAR file's content, by round, each block compared with its CID.
 * @throws {Error} that says which block is not what it should be.
 */
export async function readCar(content: Uint8Array): Promise<{ readonly root: CID; readonly blocks: AuditBlock[] }> {
  if (content.length > CAR_BYTES_MAX) throw new Error(`${content.length} bytes; ${CAR_BYTES_MAX} at most are read`)
  const reader = await CarReader.fromBytes(content)
  const [root] = await reader.getRoots()
  if (root === undefined) throw new Error('a CAR file without a root')
  const blocks: AuditBlock[] = []
  for await (const { cid, bytes } of reader.blocks()) {
    if (!cidOf(bytes).equals(cid)) throw new Error(`block ${cid} of the CAR file is not what its CID is of`)
    const decoded = decodeRecord(bytes)
    if (decoded.ok) blocks.push({ cid, bytes, round: decoded.message.report.round })
    else if (!cid.equals(root)) throw new Error(`block ${cid} of the CAR file is no record: ${decoded.detail}`)
    else checkIndex(bytes)
  }
  return { root, blocks: blocks.sort((a, b) => a.round - b.round) }
}

function checkIndex(bytes: Uint8Array): void {
  const index = indexSchema.safeParse(dagCbor.decode(bytes))
  if (!index.success) throw new Error('the root of the CAR file is neither a record nor an index of records')
}
