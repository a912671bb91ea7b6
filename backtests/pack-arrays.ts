import { createHash } from 'node:crypto'
import type { Json } from './tasks/task.ts'

/** Columns of numbers by name. */
export type Arrays = Readonly<Record<string, Float64Array | Uint8Array>>

const MAGIC = 'plimsoll-arrays-1\n'
const DIGEST_BYTES = 32
const HEADER_MAX = 16_000_000

type Header = {
  readonly meta: Json
  readonly arrays: ReadonlyArray<readonly [name: string, type: 'f64' | 'u8', length: number]>
}

/** Arrays and what belongs to them as bytes, little-endian: the same for the same content on every machine. */
export function packArrays(meta: Json, arrays: Arrays): Uint8Array {
  const names = Object.keys(arrays).sort()
  const header: Header = {
    meta,
    arrays: names.map((name) => {
      const array = arrays[name]
      return [name, array instanceof Float64Array ? 'f64' : 'u8', array?.length ?? 0] as const
    }),
  }
  const text = Buffer.from(`${JSON.stringify(header)}\n`)
  const parts = names.map((name) => bytesOf(arrays[name] ?? new Uint8Array()))
  const body = Buffer.concat([text, ...parts])
  return Buffer.concat([Buffer.from(MAGIC), createHash('sha256').update(body).digest(), body])
}

/**
 * The inverse of {@link packArrays}.
 * @param what for errors: what the bytes should have been.
 * @throws {Error} when they are not whole.
 */
export function unpackArrays(bytes: Uint8Array, what: string): { readonly meta: Json; readonly arrays: Arrays } {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const start = MAGIC.length + DIGEST_BYTES
  if (buffer.length < start || buffer.toString('latin1', 0, MAGIC.length) !== MAGIC) {
    throw new Error(`${what} is not a file of arrays: it does not begin as one`)
  }
  const body = buffer.subarray(start)
  if (!createHash('sha256').update(body).digest().equals(buffer.subarray(MAGIC.length, start))) {
    throw new Error(`${what} is damaged: its sha256 does not fit; remove it, and it is made again`)
  }
  const end = body.indexOf('\n')
  if (end < 0 || end > HEADER_MAX) throw new Error(`${what} has no header`)
  // Its hash fits, so it is as it was written.
  const header: Header = JSON.parse(body.toString('utf8', 0, end))
  const arrays: Record<string, Float64Array | Uint8Array> = {}
  let offset = end + 1
  for (const [name, type, length] of header.arrays) {
    const size = type === 'f64' ? 8 * length : length
    const part = body.subarray(offset, offset + size)
    if (part.length !== size) throw new Error(`${what} ends within its column ${name}`)
    arrays[name] = type === 'f64' ? float64sOf(part) : Uint8Array.from(part)
    offset += size
  }
  return { meta: header.meta, arrays }
}

const LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1

function bytesOf(array: Float64Array | Uint8Array): Uint8Array {
  if (array instanceof Uint8Array) return array
  const bytes = Buffer.from(array.buffer, array.byteOffset, array.byteLength)
  return LITTLE_ENDIAN ? bytes : Buffer.from(bytes).swap64()
}

function float64sOf(bytes: Uint8Array): Float64Array {
  // A copy: a Float64Array must begin at a multiple of eight.
  const own = Buffer.from(Uint8Array.from(bytes).buffer)
  if (!LITTLE_ENDIAN) own.swap64()
  return new Float64Array(own.buffer, own.byteOffset, bytes.length / 8)
}
