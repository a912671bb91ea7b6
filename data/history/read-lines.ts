import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'

/** No row of any kind that we know is longer; the longest recorded message of a venue is 4 MB. */
const LINE_CHARACTERS_MAX = 16 * 1_024 * 1_024
/** Ten years of minutes are 0.4 GB of text; a file that unpacks to more than this is no market's history. */
const UNPACKED_BYTES_MAX = 8 * 1_024 * 1_024 * 1_024

/**
 * Lines of a text file, gzipped or not, in batches, without their line ends.
 * @throws {Error} that names the file when it cannot be unpacked, or is past a limit.
 */
export async function* linesOf(path: string): AsyncGenerator<readonly string[]> {
  const packed = await isGzip(path)
  const file = createReadStream(path, { highWaterMark: 1 << 20 })
  const stream: Readable = packed ? file.pipe(createGunzip({ chunkSize: 1 << 18 })) : file
  // What breaks the file must break what is read through it, too.
  if (packed) file.on('error', (error) => stream.destroy(error))
  try {
    yield* splitLines(stream)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new Error(`${path} cannot be read${packed ? ' as gzip' : ''}: ${why}. Is it whole?`, { cause: error })
  } finally {
    stream.destroy()
    file.destroy()
  }
}

/** Lines of chunks of bytes, in batches; a byte order mark at the start is not part of the first. */
export async function* splitLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<readonly string[]> {
  const decoder = new TextDecoder()
  let rest = ''
  let bytes = 0
  for await (const chunk of chunks) {
    bytes += chunk.byteLength
    if (bytes > UNPACKED_BYTES_MAX) throw new Error(`it unpacks to more than ${UNPACKED_BYTES_MAX} bytes`)
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    if (rest.length > LINE_CHARACTERS_MAX) throw new Error(`a line is longer than ${LINE_CHARACTERS_MAX} characters`)
    if (lines.length > 0) yield lines.map(withoutReturn)
  }
  rest += decoder.decode()
  if (rest !== '') yield [withoutReturn(rest)]
}

function withoutReturn(line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line
}

async function isGzip(path: string): Promise<boolean> {
  const file = await open(path)
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(2), 0, 2, 0)
    return bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b
  } finally {
    await file.close()
  }
}
