import { packArrays, unpackArrays } from './pack-arrays.ts'
import type { Series } from './series.ts'

/** A series as bytes, for tasks in other threads and on other machines. */
export function encodeSeries({ asset, kind, from, ...columns }: Series): Uint8Array {
  return packArrays({ asset, kind, from }, columns)
}

/** @throws {Error} when the bytes are not a whole series. */
export function decodeSeries(bytes: Uint8Array): Series {
  const { meta, arrays } = unpackArrays(bytes, 'a series')
  const { asset, kind, from } = meta as Pick<Series, 'asset' | 'kind' | 'from'>
  const column = (name: string): Float64Array => {
    const array = arrays[name]
    if (!(array instanceof Float64Array)) throw new Error(`a series has no column ${name}`)
    return array
  }
  const { missing } = arrays
  if (!(missing instanceof Uint8Array)) throw new Error('a series has no column missing')
  return {
    asset,
    kind,
    from,
    open: column('open'),
    high: column('high'),
    low: column('low'),
    close: column('close'),
    volumeUsd: column('volumeUsd'),
    missing,
  }
}
