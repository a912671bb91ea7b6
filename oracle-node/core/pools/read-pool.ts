import type { Ladder, MarketTick, PoolSource, RawMarket, Rejection } from '../market.ts'
import { CLOCK_LEAD_MAX_SECONDS, isAmount, isPrice, shown } from '../market-bars.ts'
import { shallowness } from '../market-book.ts'
import { type UnixSeconds, unixSeconds } from '../units.ts'
import { type Checked, checkConcentrated, checkConstantProduct, type Fault, fieldsOf } from './check-uniswap.ts'
import { stableSwapLadder, stableSwapMid } from './curve-depth.ts'
import { validateStableSwap } from './curve-state.ts'
import { ladderOf, midOf } from './pool-depth.ts'
import type { PoolState } from './pool-state.ts'

export type ParsedPool =
  | { readonly ok: true; readonly tick: MarketTick }
  | { readonly ok: false; readonly reason: Rejection; readonly detail: string }

/**
 * A pool's state, checked: the only door by which a pool's data enters. A chain's answer is as hostile as a venue's, so all
 * that the contracts hold to is held to here. The price is the pool's own, between buying and selling; its time is the
 * block's. Never throws, whatever `raw` holds.
 */
export function parsePool(args: {
  readonly source: PoolSource
  readonly raw: RawMarket
  readonly now: UnixSeconds
}): ParsedPool {
  const { source, raw, now } = args
  const checked = checkPool(raw.pool)
  if (!checked.ok) return checked
  const { blockTime } = checked.state
  if (blockTime > now + CLOCK_LEAD_MAX_SECONDS)
    return no('from-the-future', `the block is of ${blockTime}; it is ${now}`)
  if (now - blockTime > source.maxAgeSeconds) {
    return no('stale', `the block is ${now - blockTime} s old; ${source.maxAgeSeconds} s is the most`)
  }
  const { price, ladder } = pricesOf(checked.state)
  if (!isPrice(price)) return no('malformed', `a price of ${price} is no market's; are the tokens' decimals right?`)
  if (!isSound(ladder)) return no('malformed', 'the pool holds more than a market could')
  return (
    shallowness(ladder, price) ?? { ok: true, tick: { source, price, time: unixSeconds(blockTime), bars: [], ladder } }
  )
}

function checkPool(raw: unknown): Checked<PoolState> {
  const fields = fieldsOf(raw)
  switch (fields?.['kind']) {
    case 'constant-product':
      return checkConstantProduct(fields)
    case 'concentrated':
      return checkConcentrated(fields)
    case 'stable-swap':
      return validateStableSwap(raw)
    default:
      return no('malformed', `a pool's state was needed, got ${shown(fields?.['kind'] ?? raw)}`)
  }
}

function pricesOf(state: PoolState): { readonly price: number; readonly ladder: Ladder } {
  return state.kind === 'stable-swap'
    ? { price: stableSwapMid(state), ladder: stableSwapLadder(state) }
    : { price: midOf(state), ladder: ladderOf(state) }
}

function isSound({ bids, asks }: Ladder): boolean {
  return [...bids, ...asks].every(([price, amount]) => isPrice(price) && isAmount(amount))
}

function no(reason: Rejection, detail: string): Fault {
  return { ok: false, reason, detail }
}
