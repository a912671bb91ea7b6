import { Contract } from 'ethers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { send } from '../../../contracts/script/artifacts.ts'
import { createPair, deployUniswapV2 } from '../../../contracts/script/deploy-uniswap.ts'
import { uniswapPool } from '../../../oracle-node/adapters/pools/uniswap-pool.ts'
import { checkConstantProduct, fieldsOf } from '../../../oracle-node/core/pools/check-uniswap.ts'
import { amountInFor, amountOutOf } from '../../../oracle-node/core/pools/constant-product.ts'
import { amountToPrice } from '../../../oracle-node/core/pools/pool-depth.ts'
import type { ConstantProductState, Side } from '../../../oracle-node/core/pools/pool-state.ts'
import { type SeededRandom, seededRandom } from '../../support/seeded-random.ts'
import { type UniswapChain, uniswapChain } from '../../support/uniswap-chain.ts'

const BPS = 10_000n

describe('uniswap v2', () => {
  let chain: UniswapChain
  let pair: Contract
  beforeAll(async () => {
    chain = await uniswapChain()
    const factory = await deployUniswapV2(chain.signer)
    pair = await createPair(chain.signer, factory, { tokens: chain.tokens, amounts: chain.totals })
  })
  afterAll(() => chain.close())

  async function read(): Promise<ConstantProductState> {
    const source = chain.sourceOf({ venue: 'uniswap-v2', address: await pair.getAddress() })
    const adapter = uniswapPool({ rpcUrl: chain.rpcUrl, source, timeoutMs: 20_000 })
    const fetched = await adapter.fetch(await chain.now())
    adapter.close()
    if (!fetched.ok) throw new Error(`${fetched.reason}: ${fetched.detail}`)
    const checked = checkConstantProduct(fieldsOf(fetched.raw.pool) ?? {})
    if (!checked.ok) throw new Error(`${checked.reason}: ${checked.detail}`)
    return checked.state
  }

  /** Pays in and asks out, as a router does. @throws {Error} where the pair finds its product smaller. */
  async function swapOnChain(input: 0 | 1, amountIn: bigint, amountOut: bigint): Promise<void> {
    const abi = ['function transfer(address to, uint256 amount) returns (bool)']
    const token = new Contract(chain.tokens[input], abi, chain.signer)
    await send(token, 'transfer', [await pair.getAddress(), amountIn])
    const outs = input === 0 ? [0n, amountOut] : [amountOut, 0n]
    await send(pair, 'swap', [...outs, chain.signer.address, '0x'])
  }

  test('200 random swaps: the pair gives what we say and not a unit more', async () => {
    const random = seededRandom('v2 swaps')
    let { reserves } = await read()
    let made = 0
    while (made < 200) {
      const input = random.chance(0.5) ? 0 : 1
      const output = input === 0 ? 1 : 0
      const [reserveIn, reserveOut] = [reserves[input], reserves[output]]
      const amountIn = randomAmount(random, reserveIn)
      const amountOut = amountOutOf({ amountIn, reserveIn, reserveOut })
      if (amountOut === 0n) continue
      const before = await chain.snapshot()
      await expect(swapOnChain(input, amountIn, amountOut + 1n)).rejects.toThrow(/K/)
      await chain.revert(before)
      await swapOnChain(input, amountIn, amountOut)
      expectLeastInput({ amountOut, reserveIn, reserveOut })
      const after: [bigint, bigint] = [reserves[0], reserves[1]]
      after[input] += amountIn
      after[output] -= amountOut
      reserves = after
      made += 1
    }
    expect((await read()).reserves).toEqual(reserves)
  })

  test.each([50, 100, 200, 500].flatMap((bps) => [['sell', bps] as const, ['buy', bps] as const]))(
    'what it takes to %s until the price has moved by %i bps does so on chain, and a unit less does not',
    async (side, bps) => {
      const state = await read()
      const trade = amountToPrice(state, { side, bps })
      if (trade === undefined) throw new Error('every move has a trade')
      const before = await chain.snapshot()
      const input = side === 'sell' ? state.base : state.base === 0 ? 1 : 0
      await swapOnChain(input, trade.amountIn, trade.amountOut)
      expect(hasMoved(state, await read(), { side, bps })).toBe(true)
      await chain.revert(before)
      const amountIn = trade.amountIn - 1n
      const [reserveIn, reserveOut] = [state.reserves[input], state.reserves[input === 0 ? 1 : 0]]
      const again = await chain.snapshot()
      await swapOnChain(input, amountIn, amountOutOf({ amountIn, reserveIn, reserveOut }))
      expect(hasMoved(state, await read(), { side, bps })).toBe(false)
      await chain.revert(again)
    },
  )

  test('an output that the reserve does not hold has no input', () => {
    expect(amountInFor({ amountOut: 100n, reserveIn: 100n, reserveOut: 100n })).toBeUndefined()
  })
})

function randomAmount(random: SeededRandom, reserve: bigint): bigint {
  const digits = reserve.toString().length - random.below(random.chance(0.5) ? 3 : 8)
  return (10n ** BigInt(digits) * BigInt(1 + random.below(1_000_000))) / 1_000_000n + 1n
}

/** The input that we name for an output gives it, and one unit less does not. */
function expectLeastInput(args: { amountOut: bigint; reserveIn: bigint; reserveOut: bigint }): void {
  const amountIn = amountInFor(args)
  if (amountIn === undefined) throw new Error('the reserve holds the output')
  expect(amountOutOf({ ...args, amountIn })).toBeGreaterThanOrEqual(args.amountOut)
  if (amountIn > 1n) expect(amountOutOf({ ...args, amountIn: amountIn - 1n })).toBeLessThan(args.amountOut)
}

/** Whether quote per base in the reserves fell (sell) or rose (buy) by so much at least, in whole numbers. */
function hasMoved(
  from: ConstantProductState,
  to: ConstantProductState,
  { side, bps }: { readonly side: Side; readonly bps: number },
): boolean {
  const quote = from.base === 0 ? 1 : 0
  const after = to.reserves[quote] * from.reserves[from.base] * BPS
  const before = from.reserves[quote] * to.reserves[from.base]
  return side === 'sell' ? after <= before * (BPS - BigInt(bps)) : after >= before * (BPS + BigInt(bps))
}
