import { FetchFault } from './fetch-pieces.ts'

export type DownloadLimits = { readonly bytesMax: number; readonly timeoutMs: number; readonly signal: AbortSignal }

/**
 * The bytes at an address; undefined where there is nothing (404).
 * @throws {FetchFault} on any other answer than 200, on silence, and past the limits.
 */
export async function download(url: string, limits: DownloadLimits): Promise<Buffer | undefined> {
  const signal = AbortSignal.any([limits.signal, AbortSignal.timeout(limits.timeoutMs)])
  try {
    const response = await fetch(url, { redirect: 'error', signal, headers: { 'user-agent': 'plimsoll' } })
    if (response.status !== 200) {
      await response.body?.cancel()
      if (response.status === 404) return undefined
      throw statusFault(url, response.status)
    }
    return await bodyOf(url, response, limits.bytesMax)
  } catch (error) {
    if (error instanceof FetchFault) throw error
    limits.signal.throwIfAborted()
    throw transportFault(url, error, limits.timeoutMs)
  }
}

async function bodyOf(url: string, response: Response, bytesMax: number): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength
    if (bytes > bytesMax) throw new FetchFault(`${url} is longer than ${bytesMax} bytes`, { passing: false })
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function statusFault(url: string, status: number): FetchFault {
  const passing = status >= 500 || status === 429 || status === 408
  const hint = status === 403 || status === 451 ? ': the venue refuses this address, or this place' : ''
  return new FetchFault(`${url} answered HTTP ${status}${hint}`, { passing })
}

function transportFault(url: string, error: unknown, timeoutMs: number): FetchFault {
  const { name, message, cause } = error instanceof Error ? error : new Error(String(error))
  if (name === 'TimeoutError') {
    return new FetchFault(`${url} was not there whole within ${timeoutMs} ms`, { passing: true, cause: error })
  }
  const why = cause instanceof Error ? `${message}: ${cause.message}` : message
  return new FetchFault(`${url} could not be read: ${why}`, { passing: true, cause: error })
}
