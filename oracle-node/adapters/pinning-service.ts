import { z } from 'zod'
import { boundedBody, jsonOf } from './bounded-body.ts'

/*
 * IPFS Pinning Service API 1.0 (https://ipfs.github.io/pinning-services-api-spec/): asks a service to fetch a CID and what it links
 * from the IPFS network, and to keep it.
 */

const TIMEOUT_MS = 30_000
const ANSWER_BYTES_MAX = 1_000_000

export type PinStatus = {
  readonly requestId: string
  readonly status: 'queued' | 'pinning' | 'pinned' | 'failed'
  /** Addresses of the service's peers, which whoever has the blocks should connect to. */
  readonly delegates: readonly string[]
}

export type PinningService = {
  add(pin: { readonly cid: string; readonly name?: string; readonly origins?: readonly string[] }): Promise<PinStatus>
  get(requestId: string): Promise<PinStatus>
}

const statusSchema = z.object({
  requestid: z.string().min(1).max(500),
  status: z.enum(['queued', 'pinning', 'pinned', 'failed']),
  delegates: z.array(z.string().max(500)).max(100).default([]),
})
const failureSchema = z.object({ error: z.object({ reason: z.string(), details: z.string().optional() }) })

/**
 * @param options.endpoint For instance `https://api.pinata.cloud/psa`; `/pins` is put behind it.
 * @throws {Error} when a token would travel without TLS to another machine.
 */
export function pinningService(options: { readonly endpoint: string; readonly token: string }): PinningService {
  const { endpoint, token } = options
  const base = new URL(endpoint.endsWith('/') ? endpoint : `${endpoint}/`)
  const isLocal = ['127.0.0.1', '[::1]', 'localhost'].includes(base.hostname)
  if (base.protocol !== 'https:' && !(base.protocol === 'http:' && isLocal)) {
    throw new Error(`the pinning service ${endpoint} needs https: the token would be readable on the way`)
  }
  const ask = async (path: string, body?: unknown): Promise<PinStatus> => {
    const response = await fetch(new URL(path, base), {
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      // Another address is not the one that the token was given for.
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    }).catch((cause: unknown) => {
      throw new Error(`the pinning service ${base.origin} can't be reached`, { cause })
    })
    return await statusFrom(response, base.origin)
  }
  return {
    add: ({ cid, name, origins }) =>
      ask('pins', { cid, ...(name !== undefined && { name }), ...(origins !== undefined && { origins }) }),
    get: (requestId) => ask(`pins/${encodeURIComponent(requestId)}`),
  }
}

async function statusFrom(response: Response, origin: string): Promise<PinStatus> {
  const bytes = await boundedBody(response, ANSWER_BYTES_MAX)
  const json = jsonOf(bytes)
  const text = Buffer.from(bytes).toString('utf8')
  if (!response.ok) {
    const failure = failureSchema.safeParse(json)
    const said = failure.success
      ? [failure.data.error.reason, failure.data.error.details].filter(Boolean).join(': ')
      : text
    throw new Error(`the pinning service ${origin} answered ${response.status}: ${said.slice(0, 300)}`)
  }
  const status = statusSchema.safeParse(json)
  if (!status.success) {
    throw new Error(
      `the pinning service ${origin} answered ${JSON.stringify(text.slice(0, 200))}, a pin status was needed`,
    )
  }
  const { requestid: requestId, status: now, delegates } = status.data
  return { requestId, status: now, delegates }
}
