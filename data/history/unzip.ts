import type { Readable } from 'node:stream'
import { type Entry, fromBufferPromise, type ZipFile } from 'yauzl'

/** A month of minutes is 6 MB; a file that says or turns out to be larger than this is an attack. */
const UNPACKED_BYTES_MAX = 64 * 1_024 * 1_024

/**
 * The one CSV file in a ZIP archive, as chunks.
 * @throws {Error} when it is no ZIP archive, holds anything else, or unpacks to more than the limit.
 */
export async function* unzipCsv(zip: Buffer, bytesMax: number = UNPACKED_BYTES_MAX): AsyncGenerator<Uint8Array> {
  const archive = await fromBufferPromise(zip, { lazyEntries: true, validateEntrySizes: true })
  try {
    const stream: Readable = await archive.openReadStreamPromise(await onlyEntry(archive, bytesMax))
    let bytes = 0
    for await (const chunk of stream) {
      if (!(chunk instanceof Uint8Array)) throw new Error('it did not unpack to bytes')
      bytes += chunk.byteLength
      if (bytes > bytesMax) throw new Error(`it unpacks to more than ${bytesMax} bytes`)
      yield chunk
    }
  } finally {
    archive.close()
  }
}

async function onlyEntry(archive: ZipFile, bytesMax: number): Promise<Entry> {
  if (archive.entryCount !== 1) throw new Error(`it holds ${archive.entryCount} files; one CSV file was needed`)
  for await (const entry of archive.eachEntry()) {
    if (!entry.fileName.endsWith('.csv'))
      throw new Error(`it holds ${entry.fileName.slice(0, 80)}; a CSV file was needed`)
    if (entry.isEncrypted()) throw new Error('it is encrypted')
    if (entry.uncompressedSize > bytesMax) {
      throw new Error(`it says to unpack to ${entry.uncompressedSize} bytes; ${bytesMax} are the most`)
    }
    return entry
  }
  throw new Error('it holds no file')
}
