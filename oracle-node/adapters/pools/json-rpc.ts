import { FetchRequest, type GetUrlResponse, type Interface, isError, JsonRpcProvider, Network } from 'ethers'
import { VenueFault } from '../venue-http.ts'

/** The longest honest answer is a batch of 100 words or ticks, some 60 kB. */
export const RPC_BYTES_MAX: number = 4 * 1_024 * 1_024
/** Public endpoints refuse larger batches. */
const BATCH_MAX = 100
/** Calls that are made in one go leave together, and nothing waits longer for others. */
const BATCH_WAIT_MS = 1

/** The newest block of the chain: all reads of one answer are at its number. */
export type Block = { readonly number: string; readonly time: number }

/** One view call: what it decodes to is the ABI's result, still unchecked. */
export type ViewCall = {
  readonly to: string
  readonly abi: Interface
  readonly method: string
  readonly args?: readonly unknown[]
}

/** A log's topics and data, as the node gave them. */
export type Log = { readonly topics: readonly string[]; readonly data: string }

/** A chain that is only read. Each method makes one attempt, and throws nothing but {@link VenueFault}. */
export type ChainReader = {
  latestBlock(): Promise<Block>
  /** Results in the order of the calls, all at one block; they leave in batches. */
  views(calls: readonly ViewCall[], block: Block): Promise<readonly unknown[][]>
  logs(filter: {
    readonly address: string
    readonly topics: readonly string[]
    readonly to: Block
  }): Promise<readonly Log[]>
  close(): void
}

/** Reads a chain over JSON-RPC, with a limit on every answer's time and size. */
export function chainReader(options: {
  readonly rpcUrl: string
  readonly timeoutMs: number
  readonly bytesMax?: number
}): ChainReader {
  const request = new FetchRequest(options.rpcUrl)
  request.timeout = options.timeoutMs
  // The round that asks is over before a second attempt could help it.
  request.setThrottleParams({ maxAttempts: 1 })
  request.getUrlFunc = boundedPost(options.timeoutMs, options.bytesMax ?? RPC_BYTES_MAX)
  // Which chain it is plays no part in a read; left to itself, ethers would ask for it until it has an answer, forever.
  const provider = new JsonRpcProvider(request, undefined, {
    staticNetwork: new Network('read', 0n),
    batchMaxCount: BATCH_MAX,
    batchStallTime: BATCH_WAIT_MS,
    cacheTimeout: -1,
  })
  const ask = async (method: string, params: unknown[]): Promise<unknown> => {
    try {
      return await provider.send(method, params)
    } catch (error) {
      throw faultOf(error, options.timeoutMs)
    }
  }
  return {
    latestBlock: async () => blockOf(await ask('eth_getBlockByNumber', ['latest', false])),
    views: (calls, block) => Promise.all(calls.map((call) => view(ask, call, block))),
    logs: async ({ address, topics, to }) => {
      const filter = { address, topics, fromBlock: '0x0', toBlock: to.number }
      return logsOf(await ask('eth_getLogs', [filter]))
    },
    close: () => provider.destroy(),
  }
}

async function view(
  ask: (method: string, params: unknown[]) => Promise<unknown>,
  { to, abi, method, args = [] }: ViewCall,
  block: Block,
): Promise<unknown[]> {
  const answer = await ask('eth_call', [{ to, data: abi.encodeFunctionData(method, args) }, block.number])
  if (answer === '0x') throw new VenueFault('refused', `${method}: there is no contract at ${to}, or not of this kind`)
  if (!isHex(answer)) throw new VenueFault('malformed', `${method} of ${to} answered no bytes`)
  try {
    return [...abi.decodeFunctionResult(method, answer)]
  } catch {
    throw new VenueFault('malformed', `${method} of ${to} answered ${answer.slice(0, 66)}, which does not decode`)
  }
}

/** A number of an ABI's result, of whatever width. @throws {VenueFault} where it is none. */
export function integer(value: unknown): bigint {
  if (typeof value === 'bigint') return value
  throw new VenueFault('malformed', `a whole number was needed, got ${typeof value}`)
}

function boundedPost(timeoutMs: number, bytesMax: number): (request: FetchRequest) => Promise<GetUrlResponse> {
  return async (request) => {
    const { method, headers, body } = request
    const signal = AbortSignal.timeout(timeoutMs)
    const init = { method, headers, redirect: 'error', signal } as const
    const response = await fetch(request.url, body === null ? init : { ...init, body: new Uint8Array(body) })
    const bytes = await bytesOf(response, bytesMax)
    // A busy node is a rejection to count, not a reason to wait: ethers would sleep and ask again.
    if (response.status === 429) throw new VenueFault('rate-limited', `HTTP 429 ${response.statusText}`)
    return { statusCode: response.status, statusMessage: response.statusText, headers: {}, body: bytes }
  }
}

async function bytesOf(response: Response, bytesMax: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength
    if (bytes > bytesMax) throw new VenueFault('malformed', `the answer is longer than ${bytesMax} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function faultOf(error: unknown, timeoutMs: number): VenueFault {
  if (error instanceof VenueFault) return error
  if (isError(error, 'SERVER_ERROR')) {
    const status = error.response?.statusCode ?? 500
    return new VenueFault(status >= 500 ? 'server-error' : 'refused', `HTTP ${status}`)
  }
  if (isError(error, 'CALL_EXCEPTION')) return new VenueFault('refused', `the call reverts: ${error.shortMessage}`)
  const { name, message, cause } = error instanceof Error ? error : new Error(String(error))
  if (isError(error, 'TIMEOUT') || name === 'TimeoutError' || name === 'AbortError') {
    return new VenueFault('timeout', `no answer within ${timeoutMs} ms`)
  }
  if (name === 'TypeError' && message === 'fetch failed') {
    return new VenueFault('unreachable', cause instanceof Error ? `${message}: ${cause.message}` : message)
  }
  const refusal = refusalOf(error)
  return refusal === undefined
    ? new VenueFault('malformed', `not an answer of JSON-RPC: ${message.slice(0, 120)}`)
    : new VenueFault('refused', refusal)
}

/** What a node said in a JSON-RPC error, which ethers keeps inside its own. */
function refusalOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('error' in error)) return undefined
  const inner = error.error
  if (typeof inner !== 'object' || inner === null || !('message' in inner)) return undefined
  return `the node refused: ${String(inner.message).slice(0, 120)}`
}

function blockOf(raw: unknown): Block {
  if (typeof raw === 'object' && raw !== null && 'number' in raw && 'timestamp' in raw) {
    const { number, timestamp } = raw
    // 16^11 seconds and blocks are past any chain's, and still exact as a double.
    if (isHex(number) && isHex(timestamp) && number.length <= 13 && timestamp.length <= 13) {
      return { number, time: Number(timestamp) }
    }
  }
  throw new VenueFault('malformed', 'the newest block has no number or no timestamp')
}

function logsOf(raw: unknown): readonly Log[] {
  if (!Array.isArray(raw)) throw new VenueFault('malformed', 'a list of logs was needed')
  return raw.map((log: unknown) => {
    if (typeof log === 'object' && log !== null && 'topics' in log && 'data' in log) {
      const { topics, data } = log
      if (Array.isArray(topics) && topics.every(isHex) && isHex(data)) return { topics, data }
    }
    throw new VenueFault('malformed', 'a log has no topics or no data')
  })
}

function isHex(value: unknown): value is string {
  return typeof value === 'string' && /^0x[0-9a-fA-F]+$/.test(value)
}
