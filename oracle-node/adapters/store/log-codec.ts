import { crc32 } from 'node:zlib'
import { type BarInterval, checkMarketRows, type SoundRows } from '../../core/market-rows.ts'

/*
 * A frame of the log: `PLML`, the payload's length and the CRC-32 of length and payload (both little-endian), the payload. The
 * payload: the texts, then the rows of each kind with texts by their number.
 */

const MAGIC = Buffer.from('PLML')
const HEADER_BYTES = 12
/** A call of a million trades with long ids stays below; what is longer was never written. */
export const FRAME_BYTES_MAX: number = 256 * 2 ** 20
const INTERVALS: readonly BarInterval[] = ['1m', '5m', '15m', '30m', '1h', '4h', '1d']
const ROW_BYTES = { bar: 57, trade: 37, depth: 88 } as const

/** @throws {Error} when the rows take more than {@link FRAME_BYTES_MAX}. */
export function encodeFrame(rows: SoundRows): Buffer {
  const texts = new Map<string, number>()
  const textOf = (text: string): number => {
    const known = texts.get(text)
    if (known !== undefined) return known
    texts.set(text, texts.size)
    return texts.size - 1
  }
  const body = Buffer.allocUnsafe(
    12 + rows.bars.length * ROW_BYTES.bar + rows.trades.length * ROW_BYTES.trade + rows.depths.length * ROW_BYTES.depth,
  )
  writeRows(body, rows, textOf)
  const encoded = [...texts.keys()].map((text) => Buffer.from(text))
  const textBytes = encoded.reduce((sum, { length }) => sum + 2 + length, 4)
  const length = textBytes + body.length
  if (length > FRAME_BYTES_MAX) {
    throw new Error(`the rows take ${length} bytes; ${FRAME_BYTES_MAX} is the most of one call, so split it`)
  }
  const frame = Buffer.allocUnsafe(HEADER_BYTES + length)
  MAGIC.copy(frame)
  frame.writeUInt32LE(length, 4)
  let at = frame.writeUInt32LE(encoded.length, HEADER_BYTES)
  for (const text of encoded) {
    at = frame.writeUInt16LE(text.length, at)
    at += text.copy(frame, at)
  }
  body.copy(frame, at)
  frame.writeUInt32LE(checksum(frame, 0, length), 8)
  return frame
}

function writeRows(body: Buffer, { bars, trades, depths }: SoundRows, textOf: (text: string) => number): void {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength)
  let at = 0
  const whole = (value: number): void => {
    view.setUint32(at, value, true)
    at += 4
  }
  const real = (value: number): void => {
    view.setFloat64(at, value, true)
    at += 8
  }
  whole(bars.length)
  for (const row of bars) {
    whole(textOf(row.source))
    whole(textOf(row.symbol))
    view.setUint8(at++, INTERVALS.indexOf(row.interval))
    for (const value of [row.time, row.open, row.high, row.low, row.close, row.volume]) real(value)
  }
  whole(trades.length)
  for (const row of trades) {
    whole(textOf(row.source))
    whole(textOf(row.symbol))
    whole(textOf(row.id))
    view.setUint8(at++, row.side === 'buy' ? 0 : 1)
    for (const value of [row.time, row.price, row.amount]) real(value)
  }
  whole(depths.length)
  for (const row of depths) {
    whole(textOf(row.source))
    whole(textOf(row.symbol))
    for (const value of [row.time, row.mid, ...row.sell, ...row.buy]) real(value)
  }
}

export type Frames = {
  readonly calls: readonly SoundRows[]
  /** Where the last whole frame ends. */
  readonly end: number
  /** Stretches that hold no whole frame although one follows: [from, to). */
  readonly damaged: readonly (readonly [number, number])[]
}

/** Every whole frame of a log, whatever stands between them: what was good is never lost to what is damaged. */
export function readFrames(log: Buffer, from = 0): Frames {
  const calls: SoundRows[] = []
  const damaged: [number, number][] = []
  let end = from
  let at = from
  while (at >= 0 && at + HEADER_BYTES <= log.length) {
    const frame = frameAt(log, at)
    if (frame !== undefined) {
      if (at > end) damaged.push([end, at])
      calls.push(frame.rows)
      end = at + frame.bytes
    }
    at = frame === undefined ? log.indexOf(MAGIC, at + 1) : end
  }
  return { calls, end, damaged }
}

function frameAt(log: Buffer, at: number): { readonly rows: SoundRows; readonly bytes: number } | undefined {
  if (log.compare(MAGIC, 0, MAGIC.length, at, at + MAGIC.length) !== 0) return undefined
  const length = log.readUInt32LE(at + 4)
  if (length > FRAME_BYTES_MAX || at + HEADER_BYTES + length > log.length) return undefined
  if (checksum(log, at, length) !== log.readUInt32LE(at + 8)) return undefined
  const rows = decodePayload(log.subarray(at + HEADER_BYTES, at + HEADER_BYTES + length))
  return rows === undefined ? undefined : { rows, bytes: HEADER_BYTES + length }
}

function checksum(frame: Buffer, at: number, length: number): number {
  const ofLength = crc32(frame.subarray(at + 4, at + 8))
  return crc32(frame.subarray(at + HEADER_BYTES, at + HEADER_BYTES + length), ofLength)
}

/** The rows of a payload, or nothing when it is not one: a checksum says that bytes are as written, not who wrote them. */
export function decodePayload(payload: Buffer): SoundRows | undefined {
  try {
    const checked = checkMarketRows(readRows(payload))
    return checked.ok ? checked.rows : undefined
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

/** @throws {RangeError} when the payload ends before its rows do, or goes on after them. */
function readRows(payload: Buffer): unknown {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength)
  let at = 0
  const byte = (): number => view.getUint8(at++)
  const whole = (): number => {
    at += 4
    return view.getUint32(at - 4, true)
  }
  const real = (): number => {
    at += 8
    return view.getFloat64(at - 8, true)
  }
  // A count beyond what the bytes could hold would take memory for rows that cannot come.
  const list = <Item>(bytesEach: number, read: () => Item): Item[] => {
    const count = whole()
    if (count * bytesEach > payload.length - at) throw new RangeError('more items than bytes')
    return Array.from({ length: count }, read)
  }
  const texts = list(2, () => {
    const length = view.getUint16(at, true)
    at += 2 + length
    if (at > payload.length) throw new RangeError('a text past the end')
    return payload.toString('utf8', at - length, at)
  })
  const text = (): string | undefined => texts[whole()]
  const bars = list(ROW_BYTES.bar, () => {
    const [source, symbol, interval] = [text(), text(), INTERVALS[byte()]]
    return {
      source,
      symbol,
      interval,
      time: real(),
      open: real(),
      high: real(),
      low: real(),
      close: real(),
      volume: real(),
    }
  })
  const trades = list(ROW_BYTES.trade, () => {
    const [source, symbol, id, side] = [text(), text(), text(), ['buy', 'sell'][byte()]]
    return { source, symbol, id, side, time: real(), price: real(), amount: real() }
  })
  const depths = list(ROW_BYTES.depth, () => {
    const [source, symbol, time, mid] = [text(), text(), real(), real()]
    return { source, symbol, time, mid, sell: [real(), real(), real(), real()], buy: [real(), real(), real(), real()] }
  })
  if (at !== payload.length) throw new RangeError('bytes after the rows')
  return { bars, trades, depths }
}
