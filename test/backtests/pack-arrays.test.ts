import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Arrays, packArrays, unpackArrays } from '../../backtests/pack-arrays.ts'
import type { Series } from '../../backtests/series.ts'
import { decodeSeries, encodeSeries } from '../../backtests/series-bytes.ts'
import type { Json } from '../../backtests/tasks/task.ts'

const column = fc.oneof(
  fc.float64Array({ maxLength: 40 }),
  fc.array(fc.constantFrom(Number.NaN, -0, 0, Number.NEGATIVE_INFINITY, 5e-324)).map((all) => Float64Array.from(all)),
  fc.uint8Array({ maxLength: 40 }),
)
// Columns are ours to name.
const names = fc.string().filter((name) => name !== '__proto__')
const arrays: fc.Arbitrary<Arrays> = fc.dictionary(names, column, { maxKeys: 5, noNullPrototype: true })
// What JSON cannot say, such as −0, is not promised.
const meta = fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)) as Json)

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

describe('arrays as bytes', () => {
  test('come back as they were, to the bit', () => {
    fc.assert(
      fc.property(meta, arrays, (given, columns) => {
        const found = unpackArrays(packArrays(given, columns), 'it')
        expect(found.meta).toEqual(given)
        expect(Object.keys(found.arrays).toSorted()).toEqual(Object.keys(columns).toSorted())
        for (const [name, array] of Object.entries(columns)) {
          const own = found.arrays[name]
          expect(own?.constructor).toBe(array.constructor)
          expect(hex(bytesOf(own))).toBe(hex(bytesOf(array)))
        }
      }),
    )
  })

  test('are the same for the same content, in whatever order and out of whatever memory', () => {
    fc.assert(
      fc.property(arrays, (columns) => {
        const turned = Object.fromEntries(
          Object.entries(columns)
            .toReversed()
            .map(([name, array]) => [name, within(array)]),
        )
        expect(hex(packArrays(null, turned))).toBe(hex(packArrays(null, columns)))
      }),
    )
  })

  test('can be read from any place in a buffer', () => {
    const packed = packArrays({ a: 1 }, { x: Float64Array.of(1, Number.NaN, -0) })
    for (const shift of [1, 3, 8]) {
      const buffer = new Uint8Array(packed.length + shift)
      buffer.set(packed, shift)
      const { x } = unpackArrays(buffer.subarray(shift), 'it').arrays
      expect(Object.is(x?.[2], -0) && Number.isNaN(x?.[1])).toBe(true)
    }
  })

  test('are little-endian: these bytes, on every machine', () => {
    const packed = packArrays({ b: [1] }, { y: Uint8Array.of(7), x: Float64Array.of(1) })
    const body = `${JSON.stringify({
      meta: { b: [1] },
      arrays: [
        ['x', 'f64', 1],
        ['y', 'u8', 1],
      ],
    })}\n`
    const expected = Buffer.concat([Buffer.from(body), Buffer.from('000000000000f03f07', 'hex')])
    const digest = createHash('sha256').update(expected).digest()
    expect(hex(packed)).toBe(hex(Buffer.concat([Buffer.from('plimsoll-arrays-1\n'), digest, expected])))
  })

  test('are refused when any byte of them is another, is missing or too many', () => {
    const packed = packArrays({ asset: 'ETH' }, { x: Float64Array.of(1, 2), y: Uint8Array.of(3) })
    for (let place = 0; place < packed.length; place++) {
      const spoiled = Uint8Array.from(packed)
      spoiled[place] = (spoiled[place] ?? 0) ^ (1 << (place % 8))
      expect(() => unpackArrays(spoiled, 'the file'), `byte ${place}`).toThrow(/^the file is /)
      expect(() => unpackArrays(packed.subarray(0, place), 'the file'), `${place} bytes`).toThrow(/^the file is /)
    }
    expect(() => unpackArrays(Buffer.concat([packed, Uint8Array.of(0)]), 'the file')).toThrow(
      /^the file is damaged: its sha256 does not fit; remove it/,
    )
    expect(() => unpackArrays(new Uint8Array(), 'nothing')).toThrow(/^nothing is not a file of arrays/)
  })
})

const series = (hours: number): Series => ({
  asset: 'ETH',
  kind: 'volatile',
  from: 1_600_000_000 - (1_600_000_000 % 3_600),
  open: Float64Array.from({ length: hours }, (_, hour) => 100 + hour),
  high: Float64Array.from({ length: hours }, (_, hour) => 102 + hour),
  low: Float64Array.from({ length: hours }, (_, hour) => 99 + hour),
  close: Float64Array.from({ length: hours }, (_, hour) => 101 + hour),
  volumeUsd: Float64Array.from({ length: hours }, (_, hour) => 1e6 / (1 + hour)),
  missing: Uint8Array.from({ length: hours }, (_, hour) => hour % 2),
})

describe('a series as bytes', () => {
  test.each([0, 1, 50])('of %i hours comes back as it was', (hours) => {
    expect(decodeSeries(encodeSeries(series(hours)))).toEqual(series(hours))
  })

  test('is the same out of a view of a longer one', () => {
    const long = series(50)
    const view = { ...long, close: long.close.subarray(3, 9), missing: long.missing.subarray(3, 9) }
    const copy = { ...long, close: long.close.slice(3, 9), missing: long.missing.slice(3, 9) }
    expect(hex(encodeSeries(view))).toBe(hex(encodeSeries(copy)))
  })

  test.each(['open', 'high', 'low', 'close', 'volumeUsd', 'missing'] as const)(
    'without its column %s is none',
    (name) => {
      const { asset, kind, from, ...columns } = series(3)
      const { [name]: _, ...others } = columns
      expect(() => decodeSeries(packArrays({ asset, kind, from }, others))).toThrow(`a series has no column ${name}`)
      const other = name === 'missing' ? new Float64Array(3) : new Uint8Array(3)
      expect(() => decodeSeries(packArrays({ asset, kind, from }, { ...others, [name]: other }))).toThrow(
        `a series has no column ${name}`,
      )
    },
  )
})

function bytesOf(array: Arrays[string] | undefined): Uint8Array {
  return array === undefined ? new Uint8Array() : new Uint8Array(array.buffer, array.byteOffset, array.byteLength)
}

/** The same array in the middle of a larger buffer. */
function within(array: Arrays[string]): Arrays[string] {
  const size = array.BYTES_PER_ELEMENT
  const buffer = new ArrayBuffer(array.byteLength + 3 * size)
  const view =
    array instanceof Uint8Array
      ? new Uint8Array(buffer, size, array.length)
      : new Float64Array(buffer, size, array.length)
  new Uint8Array(buffer, size, array.byteLength).set(bytesOf(array))
  return view
}
