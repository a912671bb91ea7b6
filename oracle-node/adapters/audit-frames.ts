import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { BLOCK_BYTES_MAX } from './audit-block.ts'

/*
 * A frame of the audit log: `PLMA`, the block's length, its round (64 bits) and its SHA-256, the CRC-32 of these, the block.
 * Numbers are little-endian. The SHA-256 is the CID's, so that the index needs no decoding.
 */

const MAGIC = Buffer.from('PLMA')
const CHECKSUM_AT = 48
export const FRAME_HEADER_BYTES = 52

/** A block in a file: where it begins and what it must be. */
export type Frame = {
  readonly round: number
  readonly sha256: Buffer
  /** Of the block, behind its header. */
  readonly offset: number
  readonly length: number
}

export type FrameScan = {
  readonly frames: readonly Frame[]
  /** Bytes between sound frames, or a whole frame with another block than it says: somebody or something changed the file. */
  readonly damaged: ReadonlyArray<{ readonly from: number; readonly to: number }>
  /** Where the last whole frame ends; what follows was never finished. */
  readonly end: number
}

export function encodeFrame(round: number, block: Uint8Array): Buffer {
  const frame = Buffer.alloc(FRAME_HEADER_BYTES + block.length)
  MAGIC.copy(frame)
  frame.writeUInt32LE(block.length, 4)
  frame.writeBigUInt64LE(BigInt(round), 8)
  sha256Of(block).copy(frame, 16)
  frame.writeUInt32LE(crc32(frame.subarray(0, CHECKSUM_AT)), CHECKSUM_AT)
  frame.set(block, FRAME_HEADER_BYTES)
  return frame
}

/** Every frame of a file's content; what is between them is passed over and named. */
export function scanFrames(content: Buffer): FrameScan {
  const frames: Frame[] = []
  const damaged: Array<{ from: number; to: number }> = []
  let [at, end] = [0, 0]
  while (at < content.length) {
    const frame = frameAt(content, at)
    if (frame === undefined) {
      const next = content.indexOf(MAGIC, at + 1)
      at = next < 0 ? content.length : next
      continue
    }
    if (at > end) damaged.push({ from: end, to: at })
    const stop = frame.offset + frame.length
    if (sha256Of(content.subarray(frame.offset, stop)).equals(frame.sha256)) frames.push(frame)
    else damaged.push({ from: at, to: stop })
    at = stop
    end = stop
  }
  return { frames, damaged, end }
}

/** Undefined unless the header is sound and its block ends within the content. */
function frameAt(content: Buffer, at: number): Frame | undefined {
  const header = content.subarray(at, at + FRAME_HEADER_BYTES)
  if (header.length < FRAME_HEADER_BYTES || !header.subarray(0, MAGIC.length).equals(MAGIC)) return undefined
  if (crc32(header.subarray(0, CHECKSUM_AT)) !== header.readUInt32LE(CHECKSUM_AT)) return undefined
  const length = header.readUInt32LE(4)
  const offset = at + FRAME_HEADER_BYTES
  if (length > BLOCK_BYTES_MAX || offset + length > content.length) return undefined
  return {
    round: Number(header.readBigUInt64LE(8)),
    sha256: Buffer.from(header.subarray(16, CHECKSUM_AT)),
    offset,
    length,
  }
}

function sha256Of(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest()
}
