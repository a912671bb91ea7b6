import type { Rejection } from '../market.ts'
import { isPrice } from '../market-bars.ts'
import { powerOfTen } from '../power-of-ten.ts'
import { curveOf, FEE_DENOMINATOR, getDy, type StableSwapCurve } from './curve.ts'
import { stableSwapMid } from './curve-depth.ts'
import type { StableSwapState } from './pool-state.ts'

export const COINS_MIN = 2
export const COINS_MAX = 4
/** The contract itself lets A not be larger. */
export const AMPLIFICATION_MAX = 1_000_000n
/** The contract itself lets the fee not be larger: one half. */
export const FEE_MAX: bigint = FEE_DENOMINATOR / 2n
/** With 18 decimals: 10^15 whole tokens, far above any supply, and no product overflows the contract's 256 bits in vain. */
export const BALANCE_MAX: bigint = 10n ** 33n
/** Larger against smaller balance: beyond it the smaller coin is gone, and what is left prices nothing. */
export const IMBALANCE_MAX = 1_000_000n

export type ValidStableSwap =
  | { readonly ok: true; readonly state: StableSwapState }
  | { readonly ok: false; readonly reason: Rejection; readonly detail: string }

/** What a pool's own `get_dy(i, j, dx)` answered; raw units. */
export type PoolQuote = { readonly i: number; readonly j: number; readonly dx: bigint; readonly dy: bigint }

/**
 * What an RPC says of a plain StableSwap pool, checked. `malformed` says that no such pool can be, `empty` that a coin is missing,
 * `thin-book` that one is all but gone, or that the invariant is not found for it. Never throws, whatever `raw` holds.
 */
export function validateStableSwap(raw: unknown): ValidStableSwap {
  const state = stateFrom(raw)
  if (typeof state === 'string') return no('malformed', `a stable-swap pool: ${state}`)
  if (state.balances.some((balance) => balance === 0n)) return no('empty', 'the pool holds none of one of its coins')
  const x = state.balances.map((balance, k) => balance * powerOfTen(18 - (state.decimals[k] ?? 0)))
  const rising = [...x].sort((one, other) => (one < other ? -1 : 1))
  const [least = 0n] = rising
  const most = rising.at(-1) ?? 0n
  if (most > BALANCE_MAX) return no('malformed', `a balance of ${most} with 18 decimals; ${BALANCE_MAX} is the most`)
  if (most > least * IMBALANCE_MAX) {
    return no('thin-book', `one coin's balance is ${most / least} times another's; ${IMBALANCE_MAX} is the most`)
  }
  if (curveOf(state) === undefined) return no('thin-book', 'the invariant does not converge')
  const mid = stableSwapMid(state)
  return isPrice(mid) ? { ok: true, state } : no('malformed', `a marginal price of ${mid}`)
}

/**
 * Whether a pool prices as a plain StableSwap pool of this state does: its own quotes must be ours. This is what finds out a pool
 * of another kind (lending pools and metapools multiply balances by rates of their own, others move their fee) whatever its
 * contract calls itself. `undefined` when it does, else what differs.
 */
export function quoteMismatch(state: StableSwapState, quotes: readonly PoolQuote[]): string | undefined {
  const curve = curveOf(state)
  if (curve === undefined) return 'the invariant does not converge'
  const wrong = quotes.find((quote) => !isSame(curve, quote))
  if (wrong === undefined) return undefined
  const ours = getDy(curve, wrong.i, wrong.j, wrong.dx)
  return `for ${wrong.dx} of coin ${wrong.i} the pool pays ${wrong.dy} of coin ${wrong.j}, a plain StableSwap pool ${ours}`
}

/** The pools' versions round in different orders, by a few units; 10^-12 of the amount is far below any other rule's difference. */
function isSame(curve: StableSwapCurve, { i, j, dx, dy }: PoolQuote): boolean {
  const ours = getDy(curve, i, j, dx)
  if (ours === undefined) return false
  const apart = ours > dy ? ours - dy : dy - ours
  return apart <= 4n + dy / 10n ** 12n
}

/** The state, or what is wrong with it. */
function stateFrom(raw: unknown): StableSwapState | string {
  const { kind, balances, decimals, base, quote, blockTime, ...rates } = fields(raw)
  if (kind !== 'stable-swap') return 'its kind is another'
  if (!isListOf(balances, isUnsigned)) return `${COINS_MIN} to ${COINS_MAX} balances from 0 are needed`
  if (!isListOf(decimals, isWithin(0, 18)) || decimals.length !== balances.length) {
    return 'each coin needs its decimals, 0 to 18'
  }
  const parameters = parametersFrom(rates)
  if (typeof parameters === 'string') return parameters
  const isCoin = isWithin(0, balances.length - 1)
  if (!isCoin(base) || !isCoin(quote) || base === quote) return 'base and quote are two different coins of the pool'
  if (!isWithin(0, 2 ** 32 - 1)(blockTime)) return 'a block time in unix seconds is needed'
  return { kind, balances, decimals, ...parameters, base, quote, blockTime }
}

type Parameters = Pick<StableSwapState, 'amplification' | 'amplificationPrecision' | 'fee' | 'adminFee'>

function parametersFrom(raw: Readonly<Partial<Record<keyof Parameters, unknown>>>): Parameters | string {
  const { amplification, amplificationPrecision, fee, adminFee } = raw
  if (amplificationPrecision !== 1n && amplificationPrecision !== 100n) return "A's precision is 1 or 100"
  const amplificationMax = AMPLIFICATION_MAX * amplificationPrecision
  if (!isUnsigned(amplification) || amplification < amplificationPrecision || amplification > amplificationMax) {
    return `A is from 1 to ${AMPLIFICATION_MAX}`
  }
  if (!isUnsigned(fee) || fee > FEE_MAX) return `the fee is from 0 to ${FEE_MAX}, in 10^-10`
  if (!isUnsigned(adminFee) || adminFee > FEE_DENOMINATOR) return `the admin's share is from 0 to ${FEE_DENOMINATOR}`
  return { amplification, amplificationPrecision, fee, adminFee }
}

function fields(raw: unknown): Readonly<Partial<Record<keyof StableSwapState, unknown>>> {
  return typeof raw === 'object' && raw !== null ? raw : {}
}

function isUnsigned(value: unknown): value is bigint {
  return typeof value === 'bigint' && value >= 0n
}

function isWithin(low: number, high: number): (value: unknown) => value is number {
  return (value): value is number => Number.isInteger(value) && Number(value) >= low && Number(value) <= high
}

function isListOf<T>(value: unknown, is: (each: unknown) => each is T): value is readonly T[] {
  return Array.isArray(value) && value.length >= COINS_MIN && value.length <= COINS_MAX && value.every(is)
}

function no(reason: Rejection, detail: string): ValidStableSwap {
  return { ok: false, reason, detail }
}
