import { Interface } from 'ethers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { curvePool } from '../../../oracle-node/adapters/pools/curve.ts'
import type { PoolSource } from '../../../oracle-node/core/market.ts'
import { FEE_DENOMINATOR } from '../../../oracle-node/core/pools/curve.ts'
import type { StableSwapState } from '../../../oracle-node/core/pools/pool-state.ts'
import { type UnixSeconds, unixSeconds } from '../../../oracle-node/core/units.ts'
import type { MarketFetch } from '../../../oracle-node/ports/market-source.ts'
import { exactPool, UNIT } from '../../support/exact-stable-swap.ts'
import {
  type JsonRpcChain,
  jsonRpcChain,
  type RecordedAnswer,
  type StateServer,
  stateServer,
} from '../../support/json-rpc-chain.ts'
import { type RecordedPool, recordedCurve } from '../../support/recorded-curve.ts'

const START = 1_700_000_000
const NATIVE = '0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE'
const erc20 = new Interface(['function decimals() view returns (uint8)'])
const abiOf = (index: 'uint256' | 'int128'): Interface =>
  new Interface([
    `function coins(${index} i) view returns (address)`,
    `function balances(${index} i) view returns (uint256)`,
    `function underlying_coins(${index} i) view returns (address)`,
    'function A() view returns (uint256)',
    'function A_precise() view returns (uint256)',
    'function fee() view returns (uint256)',
    'function admin_fee() view returns (uint256)',
    'function get_dy(int128 i, int128 j, uint256 dx) view returns (uint256)',
    'function gamma() view returns (uint256)',
    'function base_pool() view returns (address)',
    'function offpeg_fee_multiplier() view returns (uint256)',
  ])

let chain: JsonRpcChain
beforeAll(async () => {
  chain = await jsonRpcChain(START)
})
afterAll(() => chain.close())

/** What the pool pays, by the exact solution of its equation and not by the code under test. */
function exactQuote(state: StableSwapState, i: number, j: number, dx: bigint): bigint {
  const gross = exactPool(state).gross(i, j, dx) / UNIT
  return (gross - (gross * state.fee) / FEE_DENOMINATOR) / 10n ** BigInt(18 - (state.decimals[j] ?? 0))
}

/** All that a pool's contract answers in a state. */
function answersOf(state: StableSwapState, abi: Interface): readonly RecordedAnswer[] {
  const { balances, base, quote, amplification, amplificationPrecision } = state
  const directions = [
    [base, quote],
    [quote, base],
  ] as const
  return [
    ...balances.map((balance, i) => ({ abi, method: 'balances', args: [i], result: [balance] })),
    { abi, method: 'A', result: [amplification / amplificationPrecision] },
    ...(amplificationPrecision === 1n ? [] : [{ abi, method: 'A_precise', result: [amplification] }]),
    { abi, method: 'fee', result: [state.fee] },
    { abi, method: 'admin_fee', result: [state.adminFee] },
    ...directions.map(([i, j]) => {
      const dx = (balances[i] ?? 0n) / 100n + 1n
      return { abi, method: 'get_dy', args: [i, j, dx], result: [exactQuote(state, i, j, dx)] }
    }),
  ]
}

type Served = { readonly server: StateServer; readonly source: PoolSource; readonly abi: Interface }

async function serve(
  state: StableSwapState,
  options: { index?: 'uint256' | 'int128'; native?: boolean } = {},
): Promise<Served> {
  const abi = abiOf(options.index ?? 'uint256')
  const coins: string[] = []
  for (const [i, decimals] of state.decimals.entries()) {
    const token = await stateServer(chain.signer, [{ abi: erc20, method: 'decimals', result: [decimals] }])
    coins.push(options.native === true && i === 0 ? NATIVE : token.address)
  }
  const listed = coins.map((coin, i) => ({ abi, method: 'coins', args: [i], result: [coin] }))
  const server = await stateServer(chain.signer, [...listed, ...answersOf(state, abi)])
  const source: PoolSource = {
    venue: 'curve',
    symbol: 'BASE/QUOTE',
    quote: 'USDC',
    baseToken: coins[state.base] ?? '',
    quoteToken: coins[state.quote] ?? '',
    address: server.address,
    maxAgeSeconds: 60,
  }
  return { server, source, abi }
}

async function fetchOnce(source: PoolSource, rpcUrl = chain.rpcUrl, timeoutMs = 10_000): Promise<MarketFetch> {
  const pool = curvePool({ rpcUrl, source, timeoutMs })
  try {
    return await pool.fetch(unixSeconds(START) satisfies UnixSeconds)
  } finally {
    pool.close()
  }
}

describe('states of real pools, as recorded', () => {
  test.each<[RecordedPool, number, number, { index?: 'int128'; native?: boolean }]>([
    ['3crv', 1, 2, {}],
    ['stETH', 1, 0, { native: true }],
    ['sUSD', 3, 1, { index: 'int128' }],
  ])('%s is read to the unit, day after day', async (name, base, quote, options) => {
    const days = recordedCurve(name, { base, quote }).filter((_, day) => day % 60 === 0)
    expect(days.length).toBeGreaterThan(4)
    const [first] = days
    if (first === undefined) throw new Error('no day')
    const { server, source, abi } = await serve(first, options)
    const pool = curvePool({ rpcUrl: chain.rpcUrl, source, timeoutMs: 10_000 })
    for (const day of days) {
      await server.record(answersOf(day, abi))
      const blockTime = await chain.now()
      expect(await pool.fetch(unixSeconds(blockTime))).toEqual({ ok: true, raw: { pool: { ...day, blockTime } } })
    }
    pool.close()
  })
})

describe('what is refused', () => {
  const day = (): StableSwapState => {
    const last = recordedCurve('3crv', { base: 1, quote: 2 }).at(-1)
    if (last === undefined) throw new Error('no day')
    return last
  }
  const refused = (detail: string): object => ({
    ok: false,
    reason: 'refused',
    detail: expect.stringContaining(detail),
  })

  test.each<[string, unknown, string]>([
    ['gamma', 1n, 'a crypto pool'],
    ['base_pool', NATIVE, 'a metapool'],
    ['offpeg_fee_multiplier', 1n, 'fee moves'],
  ])('a pool that has %s', async (method, result, detail) => {
    const { server, source, abi } = await serve(day())
    await server.record([{ abi, method, result: [result] }])
    expect(await fetchOnce(source)).toEqual(refused(detail))
  })

  test('a pool over lent coins, and none whose underlying coins are its own', async () => {
    const { server, source, abi } = await serve({ ...day(), base: 0 })
    await server.record([{ abi, method: 'underlying_coins', args: [0], result: [NATIVE] }])
    expect(await fetchOnce(source)).toEqual(refused('a lending pool'))
    await server.record([{ abi, method: 'underlying_coins', args: [0], result: [source.baseToken] }])
    expect(await fetchOnce(source)).toMatchObject({ ok: true })
  })

  test('a pool whose own quote is another than a plain pool’s', async () => {
    const { server, source, abi } = await serve(day())
    await server.record([{ abi, method: 'fee', result: [1_000_100n] }])
    expect(await fetchOnce(source)).toEqual(refused('not a plain StableSwap pool'))
  })

  test('an A that is not what A_precise says', async () => {
    const { server, source, abi } = await serve({ ...day(), amplification: 200_000n, amplificationPrecision: 100n })
    expect(await fetchOnce(source)).toMatchObject({ ok: true })
    await server.record([{ abi, method: 'A', result: [2_001n] }])
    expect(await fetchOnce(source)).toEqual(refused('A_precise'))
  })

  test('coins that the pool does not have', async () => {
    const { source } = await serve(day())
    expect(await fetchOnce({ ...source, baseToken: NATIVE })).toEqual(refused("the pool's coins are"))
    expect(await fetchOnce({ ...source, baseToken: source.quoteToken })).toEqual(refused("the pool's coins are"))
  })

  test('an address without a pool', async () => {
    const { source } = await serve(day())
    expect(await fetchOnce({ ...source, address: NATIVE })).toEqual(refused('there is no contract with coins'))
  })

  test('a coin that the pool has run out of, by its name', async () => {
    const { server, source, abi } = await serve(day())
    await server.record([{ abi, method: 'balances', args: [0], result: [0n] }])
    expect(await fetchOnce(source)).toMatchObject({ ok: false, reason: 'empty' })
  })
})

test('a dead endpoint is unreachable', async () => {
  const { source } = await serve({ ...(recordedCurve('stETH', { base: 1, quote: 0 })[0] as StableSwapState) })
  expect(await fetchOnce(source, 'http://127.0.0.1:1')).toMatchObject({ ok: false, reason: 'unreachable' })
})
