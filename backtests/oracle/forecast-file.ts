import { createHash } from 'node:crypto'
import { z } from 'zod'
import { SECONDS_PER_HOUR } from '../../oracle-node/core/units.ts'
import type { ForecastColumns } from './forecast-columns.ts'

/*
 * Columns as bytes, the same on every machine: magic, the header's length (u32), the header as JSON, the flags, the numbers as doubles, all
 * little-endian, and the sha256 of all that.
 */

const MAGIC = new TextEncoder().encode('plimsoll forecast columns 1\n')
const SHA_BYTES = 32
const FLAGS = ['known', 'fallback'] as const
const NUMBERS = [
  'priceUsd',
  'volatility',
  'valueAtRisk50',
  'valueAtRisk90',
  'valueAtRisk95',
  'valueAtRisk99',
  'expectedShortfall99',
  'depthUsd',
  'depthNowUsd',
  'lnMultiplier',
] as const satisfies ReadonlyArray<keyof ForecastColumns>

const headerSchema = z.strictObject({
  asset: z.string(),
  forecaster: z.string(),
  from: z.int().nonnegative().multipleOf(SECONDS_PER_HOUR),
  rows: z.int().nonnegative(),
})

/** @throws {RangeError} when the columns are not all of one length. */
export function encodeColumns(columns: ForecastColumns): Uint8Array {
  const rows = columns.known.length
  for (const name of [...FLAGS, ...NUMBERS]) {
    if (columns[name].length !== rows) {
      throw new RangeError(`column ${name} has ${columns[name].length} rows, known has ${rows}`)
    }
  }
  const { asset, forecaster, from } = columns
  const header = new TextEncoder().encode(JSON.stringify(headerSchema.parse({ asset, forecaster, from, rows })))
  const bytes = new Uint8Array(sizeOf(header.length, rows))
  const view = new DataView(bytes.buffer)
  bytes.set(MAGIC)
  view.setUint32(MAGIC.length, header.length, true)
  bytes.set(header, MAGIC.length + 4)
  let place = MAGIC.length + 4 + header.length
  for (const name of FLAGS) {
    bytes.set(columns[name], place)
    place += rows
  }
  for (const name of NUMBERS) {
    writeDoubles(view, place, columns[name])
    place += 8 * rows
  }
  bytes.set(sha256(bytes.subarray(0, place)), place)
  return bytes
}

/** @throws {Error} that says what is wrong with bytes that `encodeColumns` did not make, or that were damaged since. */
export function decodeColumns(bytes: Uint8Array): ForecastColumns {
  if (bytes.length < sizeOf(0, 0) || MAGIC.some((byte, place) => bytes[place] !== byte)) {
    throw damaged(`${bytes.length} bytes that do not begin as such a file does`)
  }
  const place = bytes.length - SHA_BYTES
  const sum = sha256(bytes.subarray(0, place))
  if (sum.some((byte, index) => bytes[place + index] !== byte)) throw damaged('its checksum is another')
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const headerBytes = view.getUint32(MAGIC.length, true)
  const { rows, ...header } = headerOf(bytes.subarray(MAGIC.length + 4, MAGIC.length + 4 + headerBytes))
  const size = sizeOf(headerBytes, rows)
  if (bytes.length !== size) throw damaged(`${bytes.length} bytes, ${rows} rows need ${size}`)
  const columnsFrom = MAGIC.length + 4 + headerBytes
  const [known, fallback] = [0, 1].map((index) =>
    bytes.slice(columnsFrom + index * rows, columnsFrom + (index + 1) * rows),
  )
  const doublesFrom = columnsFrom + FLAGS.length * rows
  const numbers = NUMBERS.map((name, index) => [name, readDoubles(view, doublesFrom + 8 * rows * index, rows)] as const)
  return { ...header, known, fallback, ...Object.fromEntries(numbers) } as ForecastColumns
}

function sizeOf(headerBytes: number, rows: number): number {
  return MAGIC.length + 4 + headerBytes + (FLAGS.length + 8 * NUMBERS.length) * rows + SHA_BYTES
}

function headerOf(bytes: Uint8Array): z.infer<typeof headerSchema> {
  try {
    return headerSchema.parse(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)))
  } catch (error) {
    throw damaged('its header cannot be read', error)
  }
}

/** The bits of NaN that every machine writes: those of a computation differ from one kind of processor to the next. */
const NAN_HIGH = 0x7ff80000

function writeDoubles(view: DataView, from: number, values: Float64Array): void {
  for (let row = 0; row < values.length; row++) {
    const value = values[row] ?? Number.NaN
    if (Number.isNaN(value)) view.setUint32(from + 8 * row + 4, NAN_HIGH, true)
    else view.setFloat64(from + 8 * row, value, true)
  }
}

function readDoubles(view: DataView, from: number, rows: number): Float64Array {
  const values = new Float64Array(rows)
  for (let row = 0; row < rows; row++) values[row] = view.getFloat64(from + 8 * row, true)
  return values
}

function sha256(bytes: Uint8Array): Uint8Array {
  return createHash('sha256').update(bytes).digest()
}

function damaged(detail: string, cause?: unknown): Error {
  return new Error(`not forecast columns, or damaged: ${detail}; delete the file to have it made anew`, { cause })
}
