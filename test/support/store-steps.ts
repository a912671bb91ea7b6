import fc from 'fast-check'
import { expect } from 'vitest'
import type { MarketRows } from '../../oracle-node/core/market-rows.ts'
import type { Holding, MarketStore } from '../../oracle-node/ports/market-store.ts'
import { anyRows, barsOf, DAY, DAY_SECONDS } from './market-rows.ts'
import type { modelStore } from './model-store.ts'

export const KINDS = ['bars', 'trades', 'depths'] as const

/** What may be done with a store. Days are counted from {@link DAY}. */
export type StoreStep =
  | { readonly do: 'append'; readonly rows: MarketRows }
  | { readonly do: 'flush' }
  | { readonly do: 'compact' }
  | { readonly do: 'reopen' }
  | { readonly do: 'retain'; readonly kind: Holding['kind']; readonly day: number }
  | { readonly do: 'read'; readonly from: number; readonly days: number }

export const READ_ALL: StoreStep = { do: 'read', from: -2, days: 9 }

export const anyStep: fc.Arbitrary<StoreStep> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('append' as const), rows: anyRows }) },
  { weight: 1, arbitrary: fc.constant({ do: 'flush' as const }) },
  { weight: 2, arbitrary: fc.constant({ do: 'compact' as const }) },
  { weight: 2, arbitrary: fc.constant({ do: 'reopen' as const }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('retain' as const),
      kind: fc.constantFrom(...KINDS),
      day: fc.integer({ min: -1, max: 4 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('read' as const),
      from: fc.integer({ min: -2, max: 4 }),
      days: fc.integer({ min: 0, max: 3 }),
    }),
  },
)

/** Does a step with both, and compares what they answer. */
export async function expectSame(
  step: Exclude<StoreStep, { readonly do: 'reopen' }>,
  store: MarketStore,
  model: ReturnType<typeof modelStore>,
): Promise<void> {
  switch (step.do) {
    case 'append':
      await store.append(step.rows)
      model.append(step.rows)
      break
    case 'flush':
      await store.flush()
      break
    case 'compact':
      await store.compact()
      break
    case 'retain': {
      const before = DAY + step.day * DAY_SECONDS
      expect(await store.retain(step.kind, before)).toEqual({ days: model.retain(step.kind, before) })
      break
    }
    case 'read': {
      const filter = { from: DAY + step.from * DAY_SECONDS, to: DAY + (step.from + step.days) * DAY_SECONDS }
      for (const interval of ['1m', '5m'] as const) {
        expect(barsOf(await store.bars({ ...filter, interval }))).toEqual(model.bars({ ...filter, interval }))
      }
      expect(await store.trades(filter)).toEqual(model.trades(filter))
      const ofOne = { ...filter, source: 'kraken' }
      expect(await store.depths(ofOne)).toEqual(model.depths(ofOne))
    }
  }
}

/** Rows of each market and interval, as the model counts them. */
export async function countsOf(store: MarketStore): Promise<Map<string, number>> {
  const held = await store.holdings()
  return new Map(
    held.map(({ kind, source, symbol, interval = '', rows }) => [[kind, source, symbol, interval].join('|'), rows]),
  )
}
