import type { History } from '../../data/recorded/history.ts'
import { restlessBooks } from '../../data/synthetic/book.ts'
import { syntheticHistory } from '../../data/synthetic/simulator.ts'

/** A simulated history whose books change every tenth of a second, the same on every venue as on Binance. */
export function everywhere(): History {
  const history = restlessBooks(syntheticHistory({ seed: 'everywhere', hours: 2 }))
  return {
    ...history,
    markets: () => history.markets('binance'),
    bars: (query) => history.bars({ ...query, venue: 'binance' }),
    book: (query) => history.book?.({ ...query, venue: 'binance' }),
  }
}
