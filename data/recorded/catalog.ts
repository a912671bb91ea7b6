import type { VenueId } from '../../oracle-node/core/market.ts'

/** One market's recording, as the replay reads it. */
export type Recording = {
  /** Path under the recorded data. */
  readonly file: string
  readonly venue: VenueId
  readonly base: string
  readonly quote: 'USD' | 'USDT' | 'USDC'
  readonly interval: '1m' | '1h'
}

/**
 * March 2023, with the days in which USDC lost its peg: every market that three venues' minutes were recorded of, but the euro's. The
 * only ETH of that month was recorded by the hour, on one venue.
 */
export const MARCH_2023: readonly Recording[] = [
  minutes('binanceus', 'BTC', 'USD'),
  minutes('binanceus', 'BTC', 'USDC'),
  minutes('binanceus', 'BTC', 'USDT'),
  minutes('binanceus', 'USDC', 'USDT'),
  minutes('coinbaseexchange', 'BTC', 'USD'),
  minutes('coinbaseexchange', 'BTC', 'USDT'),
  minutes('coinbaseexchange', 'USDT', 'USD'),
  minutes('kraken', 'BTC', 'USD'),
  minutes('kraken', 'BTC', 'USDC'),
  minutes('kraken', 'BTC', 'USDT'),
  minutes('kraken', 'USDC', 'USD'),
  minutes('kraken', 'USDC', 'USDT'),
  minutes('kraken', 'USDT', 'USD'),
  {
    file: 'ohlcv/binance_spot_1h/binance_ETHUSDT_1h_20210404_20231230.csv.gz',
    venue: 'binance',
    base: 'ETH',
    quote: 'USDT',
    interval: '1h',
  },
]

function minutes(venue: VenueId, base: string, quote: Recording['quote']): Recording {
  const name = venue === 'coinbaseexchange' ? 'coinbase' : venue
  const file = `ohlcv/multivenue_1m_2023-03/${name}_${base}${quote}_1m_20230301_20230321.csv.gz`
  return { file, venue, base, quote, interval: '1m' }
}
