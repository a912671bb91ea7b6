import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { aaveV3Market } from '../../oracle-node/adapters/lending-aave-v3.ts'
import { curvePool } from '../../oracle-node/adapters/pools/curve.ts'
import { chainReader } from '../../oracle-node/adapters/pools/json-rpc.ts'
import { aggregatorFeed } from '../../oracle-node/adapters/reference-feed.ts'
import { parseReserve } from '../../oracle-node/core/lending.ts'
import { parseReference } from '../../oracle-node/core/reference.ts'
import { unixSeconds } from '../../oracle-node/core/units.ts'

const ADDRESS = '0x00000000000000000000000000000000000000AA'
const OTHER = '0x00000000000000000000000000000000000000bb'
const NOW = unixSeconds(1_700_000_000)

let server: Server | undefined
afterEach(async () => {
  if (server === undefined) return
  const done = once(server, 'close')
  server.close()
  server.closeAllConnections()
  server = undefined
  await done
})

async function serve(handler: RequestListener): Promise<string> {
  server = createServer(handler)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return `http://127.0.0.1:${address.port}`
}

/** The three adapters, each with its endpoint and time limit; what each makes of an answer, by name. */
const READS: ReadonlyArray<readonly [string, (rpcUrl: string, timeoutMs: number) => Promise<string>]> = [
  [
    'a Curve pool',
    async (rpcUrl, timeoutMs) => {
      const tokens = { symbol: 'A/B', quote: 'USDC', baseToken: ADDRESS, quoteToken: OTHER, maxAgeSeconds: 60 } as const
      const pool = curvePool({ rpcUrl, timeoutMs, source: { venue: 'curve', address: ADDRESS, ...tokens } })
      const fetched = await pool.fetch(NOW)
      pool.close()
      return fetched.ok ? 'accepted' : fetched.reason
    },
  ],
  [
    'a reference feed',
    async (rpcUrl, timeoutMs) => {
      const chain = chainReader({ rpcUrl, timeoutMs })
      const fetched = await aggregatorFeed(chain, { address: ADDRESS, timeoutMs }).fetch()
      chain.close()
      if (!fetched.ok) return fetched.reason
      const parsed = parseReference(fetched.raw, NOW, 60)
      return parsed.ok ? 'accepted' : parsed.reason
    },
  ],
  [
    'an Aave market',
    async (rpcUrl, timeoutMs) => {
      const chain = chainReader({ rpcUrl, timeoutMs })
      const fetched = await aaveV3Market(chain, { dataProvider: ADDRESS, timeoutMs }).reserve(OTHER)
      chain.close()
      if (!fetched.ok) return fetched.reason
      const parsed = parseReserve(fetched.raw, NOW, 60)
      return parsed.ok ? 'accepted' : parsed.reason
    },
  ],
]

type Call = { readonly id: number; readonly method: string }
/** An RPC whose newest block is honest and whose calls answer with whatever is next. */
const lying =
  (next: () => unknown): RequestListener =>
  async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    const answer = ({ id, method }: Call): unknown => {
      if (method !== 'eth_call') return { jsonrpc: '2.0', id, result: { number: '0x1', timestamp: '0x6553f100' } }
      const result = next()
      return result === undefined
        ? { jsonrpc: '2.0', id, error: { code: 3, message: 'reverted' } }
        : { jsonrpc: '2.0', id, result }
    }
    const asked: Call | Call[] = JSON.parse(body)
    response.end(JSON.stringify(Array.isArray(asked) ? asked.map(answer) : answer(asked)))
  }

describe.each(READS)('%s', (_, read) => {
  test('from an endpoint that answers whatever it likes is a named rejection', async () => {
    const word = fc.oneof(
      fc.constantFrom(0n, 1n, 2n, 6n, 18n, 2n ** 256n - 1n, BigInt(ADDRESS), BigInt(OTHER), 10n ** 27n, 10_000n),
      fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }),
    )
    const words = fc
      .array(word, { minLength: 1, maxLength: 14 })
      .map((all) => `0x${all.map((each) => each.toString(16).padStart(64, '0')).join('')}`)
    const answer = fc.oneof(
      { weight: 8, arbitrary: words },
      { weight: 1, arbitrary: fc.constantFrom(undefined, '0x', '0xzz', null, 5, {}, 'x'.repeat(70)) },
    )
    let answers: readonly unknown[] = []
    let used = 0
    const rpcUrl = await serve(lying(() => answers[used++ % answers.length]))
    const seen = new Set<string>()
    await fc.assert(
      fc.asyncProperty(fc.array(answer, { minLength: 1, maxLength: 12 }), async (list) => {
        answers = list
        used = 0
        seen.add(await read(rpcUrl, 2_000))
      }),
      { numRuns: 60 },
    )
    expect([...seen].every((name) => /^(refused|malformed|empty|stale|thin-book|from-the-future)$/.test(name))).toBe(
      true,
    )
  })

  test('from an endpoint that never answers ends in time', async () => {
    const rpcUrl = await serve(() => undefined)
    const start = performance.now()
    expect(await read(rpcUrl, 200)).toBe('timeout')
    expect(performance.now() - start).toBeLessThan(1_500)
  })

  test.each<[string, RequestListener, string]>([
    ['no JSON', (_request, response) => void response.end('<html>'), 'malformed'],
    ['an endless answer', (_request, response) => void response.end('x'.repeat(5_000_000)), 'malformed'],
    ['too many requests', (_request, response) => void response.writeHead(429).end('slow down'), 'rate-limited'],
    ['an error of its own', (_request, response) => void response.writeHead(503).end('busy'), 'server-error'],
  ])('from an endpoint with %s is named', async (_name, handler, reason) => {
    expect(await read(await serve(handler), 2_000)).toBe(reason)
  })
})
