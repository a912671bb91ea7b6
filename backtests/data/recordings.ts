import { SERIES } from '../../models/training/series.ts'
import type { Series } from '../series.ts'

/** One file of the recorded market data, and what of it counts. */
export type Recording = {
  readonly asset: string
  readonly kind: Series['kind']
  /** Path under the folder of recorded data. */
  readonly file: string
  /** Bars with volume; closes of hours; or prices at odd times. The last two know no volume. */
  readonly form: 'bars' | 'closes' | 'prices'
  /** Unix seconds: rows before or from these are left out. */
  readonly from?: number
  readonly until?: number
  /** Unix seconds, [from, to): when volumes of its bars are in the quote currency, not in the asset. */
  readonly quoteVolume?: ReadonlyArray<readonly [from: number, to: number]>
}

const at = (iso: string): number => Date.parse(iso) / 1_000

/** Its hours go from millions to hundreds and back: USD, and BTC between and after. Nothing in the file says so. */
const BITSTAMP_BTC = /\/bitstamp_BTCUSD_1h_/
const IN_USD = [
  [at('2019-01-01T00:00:00Z'), at('2019-03-03T01:00:00Z')],
  [at('2019-04-13T17:00:00Z'), at('2020-10-12T09:00:00Z')],
] as const

/** Files with a name of their own in training, because they follow one another there apart. */
const SECOND_FILE = /-(?:2020|bitstamp|bitfinex)$/
const OTHER_VENUE = /-(?:bitstamp|bitfinex)$/

const USDC_IN_USDT = 'binance_spot_1h/binance_USDCUSDT_1h_20210404_20231230.csv.gz'

const bars = (
  asset: string,
  kind: Series['kind'],
  file: string,
  range: Pick<Recording, 'from' | 'until'> = {},
): Recording => ({ asset, kind, file: `ohlcv/${file}`, form: 'bars', ...range })
const closes = (asset: string, from = '20240101', kind: Series['kind'] = 'volatile'): Recording => ({
  asset,
  kind,
  file: `close/binance_spot_1h_close/binance_${asset}USDT_1h_close_${from}_20250613.csv.gz`,
  form: 'closes',
})
const prices = (
  asset: string,
  kind: Series['kind'],
  start = '20210101',
  end = '20230225',
  set = 'coingecko',
): Recording => ({
  asset,
  kind,
  file: `price/coingecko_1h/${set}_${asset}USD_1h-irreg_price_${start}_${end}.csv.gz`,
  form: 'prices',
})
const tokenOfEther = (asset: string, start: string): Recording =>
  prices(asset, 'volatile', start, '20241105', 'coingecko-compset')

/**
 * What is recorded of each asset, by file; of two files that know one hour the one that begins later counts. Beside what models are
 * trained on: closes of 2024 and 2025, prices of lending collateral, earlier hours, and USDC in USD by the minute in March 2023, when
 * its pair with USDT was not listed for most of the fall. Perpetuals and bars of four hours are left out.
 */
export const RECORDINGS: readonly Recording[] = [
  ...SERIES.filter(({ asset }) => asset !== 'USDC').map(
    ({ asset, ...rest }): Recording => ({
      ...rest,
      asset: asset.replace(SECOND_FILE, ''),
      form: 'bars',
      // Training stops at midnight; here no hour is lost between the two venues.
      ...(BITSTAMP_BTC.test(rest.file) && { quoteVolume: IN_USD }),
      ...(OTHER_VENUE.test(asset) && { until: at('2021-04-04T20:00:00Z') }),
    }),
  ),
  bars('UNI', 'volatile', 'binance_spot_1h/binance_UNIUSDT-ext_1h_20200917_20260304.csv.gz', {
    until: at('2021-04-04T21:00:00Z'),
  }),
  bars('LUNA', 'volatile', 'binance_spot_30m/binance_LUNAUSDT_30m_20200821_20220605.csv.gz', {
    until: at('2021-04-04T21:00:00Z'),
  }),
  bars('USTC', 'volatile', 'binance_spot_1h/binance_USTCUSDT_1h_20230310_20231230.csv.gz'),
  { ...prices('USDC', 'stable'), until: at('2021-04-04T21:00:00Z') },
  bars('USDC', 'stable', USDC_IN_USDT, { until: at('2022-09-26T03:00:00Z') }),
  { ...prices('USDC', 'stable'), from: at('2022-09-26T03:00:00Z') },
  bars('USDC', 'stable', 'multivenue_1m_2023-03/kraken_USDCUSD_1m_20230301_20230321.csv.gz'),
  bars('USDC', 'stable', USDC_IN_USDT, { from: at('2023-03-22T00:00:00Z') }),
  ...['BTC', 'ETH', 'LINK', 'AAVE', 'AVAX', 'BNB', 'COMP', 'MKR', 'SOL', 'SUSHI', 'YFI', 'PAXG'].map((asset) =>
    closes(asset),
  ),
  closes('EIGEN', '20241001'),
  closes('ETHFI', '20240318'),
  ...['USDC', 'TUSD', 'FDUSD'].map((asset) => closes(asset, '20240101', 'stable')),
  prices('stETH', 'volatile'),
  prices('xSUSHI', 'volatile', '20210121'),
  prices('RAI', 'volatile', '20210217'),
  ...['DAI', 'FRAX', 'GUSD', 'sUSD', 'USDT'].map((asset) => prices(asset, 'stable')),
  prices('LUSD', 'stable', '20210405'),
  prices('FEI', 'stable', '20210403'),
  tokenOfEther('wstETH', '20240628'),
  tokenOfEther('cbETH', '20230113'),
  tokenOfEther('rETH', '20231018'),
  tokenOfEther('weETH', '20240621'),
  tokenOfEther('ezETH', '20240708'),
]

/** Assets that something is recorded of, in the order of the alphabet. */
export const RECORDED_ASSETS: readonly string[] = [...new Set(RECORDINGS.map(({ asset }) => asset))].toSorted()
