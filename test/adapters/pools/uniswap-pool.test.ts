import type { ServerResponse } from 'node:http'
import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { uniswapPool } from '../../../oracle-node/adapters/pools/uniswap-pool.ts'
import { POOL_KINDS, type PoolKind, type PoolSource } from '../../../oracle-node/core/market.ts'
import { parsePool } from '../../../oracle-node/core/pools/read-pool.ts'
import { sqrtPriceAtTick } from '../../../oracle-node/core/pools/tick-math.ts'
import { unixSeconds } from '../../../oracle-node/core/units.ts'
import type { MarketFetch } from '../../../oracle-node/ports/market-source.ts'
import { answerEach, type RpcCall, type RpcServer, rpcServer } from '../../support/rpc-server.ts'

const NOW = unixSeconds(1_700_000_000)
const TIMEOUT_MS = 400
const KINDS = POOL_KINDS.filter((kind) => kind !== 'curve')
const BASE = `0x${'0a'.repeat(20)}`
const QUOTE = `0x${'0b'.repeat(20)}`

const sourceOf = (venue: PoolKind): PoolSource => ({
  ...{ venue, symbol: 'WETH/USDC', quote: 'USDC', baseToken: BASE, quoteToken: QUOTE, address: `0x${'0c'.repeat(20)}` },
  ...{ poolId: `0x${'0d'.repeat(32)}`, maxAgeSeconds: 60 },
})

describe('a uniswap pool behind a hostile node', () => {
  let server: RpcServer | undefined
  afterEach(async () => {
    await server?.close()
  })

  async function fetchFrom(
    answer: (calls: readonly RpcCall[], response: ServerResponse) => void,
    venue: PoolKind = 'uniswap-v3',
  ): Promise<MarketFetch> {
    server = await rpcServer(answer)
    const pool = uniswapPool({ rpcUrl: server.url, source: sourceOf(venue), timeoutMs: TIMEOUT_MS })
    const fetched = await pool.fetch(NOW)
    pool.close()
    return fetched
  }

  test.each<[string, string, RegExp, (calls: readonly RpcCall[], response: ServerResponse) => void]>([
    ['server-error', 'an error of the server', /HTTP 503/, (_, response) => response.writeHead(503).end('busy')],
    ['rate-limited', 'too many requests', /HTTP 429/, (_, response) => response.writeHead(429).end('slow down')],
    ['refused', 'no access', /HTTP 401/, (_, response) => response.writeHead(401).end('a key is needed')],
    ['malformed', 'no JSON', /not an answer of JSON-RPC/, (_, response) => response.end('<html>')],
    ['malformed', 'JSON of another shape', /not an answer of JSON-RPC/, (_, response) => response.end('[null]')],
    ['malformed', 'nothing', /not an answer of JSON-RPC/, (_, response) => response.end()],
    ['malformed', 'five megabytes', /longer than 4194304 bytes/, (_, response) => response.end('x'.repeat(5_000_000))],
    ['timeout', 'silence', /no answer within 400 ms/, () => undefined],
    [
      'malformed',
      'a block that is null',
      /no number or no timestamp/,
      (calls, to) => answerEach(calls, to, () => null),
    ],
    [
      'malformed',
      'a block of the year 10^18',
      /no number or no timestamp/,
      (calls, to) => answerEach(calls, to, () => ({ number: '0x1', timestamp: `0x${'f'.repeat(16)}` })),
    ],
    [
      'refused',
      'an error of JSON-RPC',
      /the node refused: header not found/,
      ([call], to) => to.end(JSON.stringify({ id: call?.id, error: { code: -32_000, message: 'header not found' } })),
    ],
    [
      'refused',
      'no contract there',
      /token0: there is no contract/,
      (calls, to) => answerEach(calls, to, (call) => (isBlock(call) ? block(1) : '0x')),
    ],
    [
      'malformed',
      'bytes that do not decode',
      /does not decode/,
      (calls, to) => answerEach(calls, to, (call) => (isBlock(call) ? block(1) : '0x1234')),
    ],
    [
      'refused',
      'other tokens',
      /the pool's tokens are .*, not 0x0a/,
      (calls, to) => answerEach(calls, to, (call) => (isBlock(call) ? block(1) : word(7n))),
    ],
  ])('%s: %s', async (reason, _, detail, answer) => {
    const started = performance.now()
    const fetched = await fetchFrom(answer)
    expect(fetched).toMatchObject({ ok: false, reason })
    if (!fetched.ok) expect(fetched.detail).toMatch(detail)
    expect(performance.now() - started).toBeLessThan(TIMEOUT_MS + 1_000)
  })

  test('unreachable: nothing listens, or it sends us elsewhere', async () => {
    const gone = await rpcServer(() => undefined)
    await gone.close()
    const pool = uniswapPool({ rpcUrl: gone.url, source: sourceOf('uniswap-v2'), timeoutMs: TIMEOUT_MS })
    expect(await pool.fetch(NOW)).toMatchObject({ ok: false, reason: 'unreachable' })
    pool.close()
    const moved = await fetchFrom((_, response) => response.writeHead(307, { location: gone.url }).end())
    expect(moved).toMatchObject({ ok: false, reason: 'unreachable' })
  })

  test('options that describe no pool are an error of the operator', () => {
    const make = (venue: PoolKind, reach: number) => () =>
      uniswapPool({ rpcUrl: 'http://127.0.0.1:1', source: sourceOf(venue), timeoutMs: TIMEOUT_MS, reach })
    expect(make('curve', 0.1)).toThrow(/is a curve pool; this adapter reads Uniswap's/)
    for (const reach of [0, 1, -0.1, Number.NaN]) expect(make('uniswap-v3', reach)).toThrow(/reach is a share/)
  })

  test('facts that could not be read are asked for again at the next fetch', async () => {
    let healthy = false
    server = await rpcServer((calls, to) => {
      if (healthy) answerEach(calls, to, honestPair)
      else to.writeHead(500).end()
    })
    const source = sourceOf('uniswap-v2')
    const pool = uniswapPool({ rpcUrl: server.url, source, timeoutMs: TIMEOUT_MS })
    expect(await pool.fetch(NOW)).toMatchObject({ ok: false, reason: 'server-error' })
    healthy = true
    const fetched = await pool.fetch(NOW)
    if (!fetched.ok) throw new Error(fetched.detail)
    expect(parsePool({ source, raw: fetched.raw, now: NOW })).toMatchObject({ ok: true, tick: { price: 2_000 } })
    pool.close()
  })

  test('all of one answer is of one block, in few requests, though the chain goes on', async () => {
    let height = 100
    const calls = async (): Promise<RpcCall[][]> => {
      const before = server?.requests.length ?? 0
      const fetched = await pool.fetch(NOW)
      if (!fetched.ok) throw new Error(fetched.detail)
      return server?.requests.slice(before) ?? []
    }
    server = await rpcServer((batch, to) => {
      height += 1
      answerEach(batch, to, (call) => honestPool(call, height))
    })
    const pool = uniswapPool({ rpcUrl: server.url, source: sourceOf('uniswap-v3'), timeoutMs: TIMEOUT_MS })
    await calls()
    const second = await calls()
    pool.close()
    const heights = new Set(second.flat().flatMap((call) => (isBlock(call) ? [] : [call.params[1]])))
    expect(heights.size).toBe(1)
    // Block, price, words, ticks: each a request, and no fact of the pool is asked for again.
    expect(second).toHaveLength(4)
  })

  test.each(KINDS)('%s: whatever a node answers, fetch does not throw and parsing names it', async (venue) => {
    const word256 = fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }).map(word)
    const anyResult = fc.oneof(
      fc.jsonValue(),
      word256,
      fc.array(word256, { maxLength: 8 }).map((words) => `0x${words.map((each) => each.slice(2)).join('')}`),
    )
    await fc.assert(
      fc.asyncProperty(fc.infiniteStream(anyResult), fc.boolean(), async (results, honestStart) => {
        const isStart = (call: RpcCall): boolean =>
          isBlock(call) || /0x0dfe1681|0xd21220a7|0x313ce567/.test(dataOf(call))
        const lying = await rpcServer((calls, to) =>
          answerEach(calls, to, (call) => (honestStart && isStart(call) ? honestPair(call) : results.next().value)),
        )
        const source = sourceOf(venue)
        const pool = uniswapPool({ rpcUrl: lying.url, source, timeoutMs: TIMEOUT_MS })
        try {
          const fetched = await pool.fetch(NOW)
          if (fetched.ok) parsePool({ source, raw: fetched.raw, now: NOW })
          else expect(fetched.detail.length).toBeLessThan(400)
        } finally {
          pool.close()
          await lying.close()
        }
      }),
      { numRuns: 150 },
    )
  })
})

const isBlock = (call: RpcCall): boolean => call.method === 'eth_getBlockByNumber'
const block = (height: number): unknown => ({ number: `0x${height.toString(16)}`, timestamp: `0x${NOW.toString(16)}` })
const word = (value: bigint): string => `0x${BigInt.asUintN(256, value).toString(16).padStart(64, '0')}`

function dataOf(call: RpcCall): string {
  const [first] = call.params
  return typeof first === 'object' && first !== null && 'data' in first ? String(first.data) : ''
}

/** A pair of 1,000 base and 2,000,000 quote tokens, both of 18 decimals. */
function honestPair(call: RpcCall): unknown {
  if (isBlock(call)) return block(1)
  const selector = dataOf(call).slice(0, 10)
  if (selector === '0x0dfe1681') return word(BigInt(BASE))
  if (selector === '0xd21220a7') return word(BigInt(QUOTE))
  if (selector === '0x313ce567') return word(18n)
  return word(10n ** 21n) + word(2n * 10n ** 24n).slice(2) + word(0n).slice(2)
}

/** A v3 pool at a price of one with a position from tick −60 to tick 60. */
function honestPool(call: RpcCall, height: number): unknown {
  if (isBlock(call)) return block(height)
  const selector = dataOf(call).slice(0, 10)
  const argument = BigInt.asIntN(256, BigInt(`0x${dataOf(call).slice(10, 74) || '0'}`))
  switch (selector) {
    case '0xddca3f43':
      return word(3_000n)
    case '0xd0c93a7c':
      return word(60n)
    case '0x3850c7bd':
      return [sqrtPriceAtTick(0), 0n, 0n, 0n, 0n, 0n, 1n]
        .map((each) => word(each).slice(2))
        .reduce((a, b) => a + b, '0x')
    case '0x1a686502':
      return word(10n ** 18n)
    case '0x5339c296':
      return word(argument === 0n ? 2n : argument === -1n ? 1n << 255n : 0n)
    case '0xf30dba93':
      return [10n ** 18n, argument < 0n ? 10n ** 18n : -(10n ** 18n), 0n, 0n, 0n, 0n, 0n, 1n]
        .map((each) => word(each).slice(2))
        .reduce((a, b) => a + b, '0x')
    default:
      return honestPair(call)
  }
}
