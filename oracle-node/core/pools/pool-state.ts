/** Which of a pool's two sides is traded: base is sold for quote, or base is bought with quote. */
export type Side = 'sell' | 'buy'

/** What goes into a pool, its fee included, and what comes out; raw units of the two tokens. */
export type Trade = { readonly amountIn: bigint; readonly amountOut: bigint }

/** Uniswap v2: two reserves whose product never falls (Adams, Zinsmeister, Robinson 2020). */
export type ConstantProductState = {
  readonly kind: 'constant-product'
  /** Of token 0 and token 1, raw units. */
  readonly reserves: readonly [bigint, bigint]
  /** Of token 0 and token 1. */
  readonly decimals: readonly [number, number]
  /** Which of the two tokens is priced; the other is the quote. */
  readonly base: 0 | 1
  /** When the block that this was read at was made, in unix seconds. */
  readonly blockTime: number
}

/** An initialised tick: crossing it upwards adds `liquidityNet`, downwards takes it away. */
export type TickLiquidity = { readonly index: number; readonly liquidityNet: bigint }

/** Uniswap v3 and v4: liquidity that is constant between ticks (Adams et al. 2021, section 6). */
export type ConcentratedState = {
  readonly kind: 'concentrated'
  /** √(token 1 per token 0, in raw units), times 2^96. */
  readonly sqrtPrice: bigint
  readonly tick: number
  readonly liquidity: bigint
  /** What a swap pays of its input, in millionths: of token 0, then of token 1. They differ by a v4 protocol fee only. */
  readonly fees: readonly [number, number]
  readonly tickSpacing: number
  /** The initialised ticks from `range[0]` to `range[1]`, rising. */
  readonly ticks: readonly TickLiquidity[]
  /** The ticks, both included, between which every initialised tick is in `ticks`; nothing is known outside. */
  readonly range: readonly [number, number]
  readonly decimals: readonly [number, number]
  readonly base: 0 | 1
  readonly blockTime: number
}

/** Curve's StableSwap (Egorov 2019) with any number of coins, of which two are priced. */
export type StableSwapState = {
  readonly kind: 'stable-swap'
  /** Of each coin, raw units. */
  readonly balances: readonly bigint[]
  /** Of each coin. */
  readonly decimals: readonly number[]
  /** The coefficient A times `amplificationPrecision`. */
  readonly amplification: bigint
  /** 100 for the pools since 2020, 1 for the first ones. */
  readonly amplificationPrecision: bigint
  /** What a swap pays of its output, in 10^-10. */
  readonly fee: bigint
  /** The share of the fee that leaves the pool, in 10^-10. */
  readonly adminFee: bigint
  /** Indexes of the priced coins. */
  readonly base: number
  readonly quote: number
  readonly blockTime: number
}

/** A pool at one block, as an adapter read it. Amounts are raw units. */
export type PoolState = ConstantProductState | ConcentratedState | StableSwapState
