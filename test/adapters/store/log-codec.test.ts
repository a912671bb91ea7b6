import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodePayload, encodeFrame, readFrames } from '../../../oracle-node/adapters/store/log-codec.ts'
import { anyRows } from '../../support/market-rows.ts'
import { numberedRows } from '../../support/numbered-rows.ts'

const calls = [0, 1, 2, 3].map(numberedRows)
const frames = calls.map(encodeFrame)
const log = Buffer.concat(frames)
const ends = frames.map((_, index) => Buffer.concat(frames.slice(0, index + 1)).length)

test('a log gives back every call, whole and in order', () => {
  fc.assert(
    fc.property(fc.array(anyRows, { maxLength: 5 }), (given) => {
      const written = Buffer.concat(given.map(encodeFrame))
      expect(readFrames(written)).toEqual({ calls: given, end: written.length, damaged: [] })
    }),
  )
})

test('a log cut at any byte gives every call before the cut, and where the last of them ends', () => {
  for (let cut = 0; cut <= log.length; cut++) {
    const whole = ends.filter((end) => end <= cut).length
    expect(readFrames(log.subarray(0, cut))).toEqual({
      calls: calls.slice(0, whole),
      end: ends[whole - 1] ?? 0,
      damaged: [],
    })
  }
})

test('a log with any one bit flipped gives every call but the one that holds it, and says where', () => {
  for (let at = 0; at < log.length; at++) {
    const flipped = Buffer.from(log)
    flipped[at] = (flipped[at] ?? 0) ^ (1 << (at % 8))
    const hit = ends.findIndex((end) => at < end)
    const found = readFrames(flipped)
    expect(found.calls, `byte ${at}`).toEqual(calls.filter((_, index) => index !== hit))
    const isLast = hit === calls.length - 1
    expect(found.damaged).toEqual(isLast ? [] : [[ends[hit - 1] ?? 0, ends[hit]]])
    expect(found.end).toBe(isLast ? ends[hit - 1] : log.length)
  }
})

test('calls are found behind any rubbish, also such as looks like a frame', () => {
  const rubbish = fc.oneof(
    fc.uint8Array({ maxLength: 60 }),
    fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.concat([Buffer.from('PLML'), bytes])),
  )
  fc.assert(
    fc.property(rubbish, rubbish, (before, after) => {
      const [first = Buffer.alloc(0), second = Buffer.alloc(0)] = frames
      const found = readFrames(Buffer.concat([before, first, after, second]))
      expect(found.calls).toEqual(calls.slice(0, 2))
    }),
  )
})

test('no payload makes the decoder throw or take what is unsound', () => {
  const [payload = Buffer.alloc(0)] = frames.map((frame) => frame.subarray(12))
  const changed = fc
    .tuple(fc.nat(payload.length - 1), fc.uint8Array({ maxLength: 9 }))
    .map(([at, bytes]) => Buffer.concat([payload.subarray(0, at), bytes, payload.subarray(at + bytes.length)]))
  const any = fc.oneof(
    fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
    changed,
  )
  fc.assert(
    fc.property(any, (bytes) => {
      const rows = decodePayload(bytes)
      for (const bar of rows?.bars ?? []) expect(bar.low).toBeLessThanOrEqual(bar.high)
    }),
    { numRuns: 2_000 },
  )
})
