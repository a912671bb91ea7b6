import { SECONDS_PER_HOUR } from '../../oracle-node/core/units.ts'

/** One asset's recording, as training reads it. */
export type Series = {
  readonly asset: string
  /** Path under the recorded data. */
  readonly file: string
  /** Stablecoins are counted apart in the metrics. */
  readonly kind: 'volatile' | 'stable'
  /** Bars before or from these times are left out (unix seconds). */
  readonly from?: number
  readonly until?: number
}

const at = (iso: string): number => Date.parse(`${iso}T00:00:00Z`) / 1_000

/** Training ends, and validation begins, here; test data begin at the second. */
export const VALIDATION_START: number = at('2023-01-01')
export const TEST_START: number = at('2024-01-01')
/** A label reaches 24 h ahead, so training samples of the last day before a boundary are purged. */
export const HORIZON_SECONDS: number = 24 * SECONDS_PER_HOUR
/** Features reach seven days back, so the first seven days after a boundary are left out. */
export const EMBARGO_SECONDS: number = 168 * SECONDS_PER_HOUR

const BINANCE_2021 = (asset: string, kind: Series['kind'], start = '20210404', end = '20231230'): Series => ({
  asset,
  kind,
  file: `ohlcv/binance_spot_1h/binance_${asset}USDT_1h_${start}_${end}.csv.gz`,
})
const BINANCE_2020 = (asset: string): Series => ({
  asset: `${asset}-2020`,
  kind: 'volatile',
  file: `ohlcv/binance_spot_1h/binance_${asset}USDT-2020_1h_20200101_20210404.csv.gz`,
})
const BINANCE_2024 = (asset: string, start: string): Series => ({
  asset,
  kind: 'volatile',
  file: `ohlcv/binance_spot_30m/binance_${asset}USDT_30m_${start}_20260302.csv.gz`,
  from: TEST_START,
})

/** What models are trained, validated and tested on. Every row of every file is USDT, USD or a stablecoin's price in USDT. */
export const SERIES: readonly Series[] = [
  ...['BTC', 'ETH', 'LINK', 'AAVE', 'AVAX', 'BNB', 'COMP', 'MATIC', 'MKR', 'SOL', 'SUSHI', 'UNI', 'YFI', 'PAXG'].map(
    (asset) => BINANCE_2021(asset, 'volatile'),
  ),
  BINANCE_2021('ARB', 'volatile', '20230323'),
  BINANCE_2021('OP', 'volatile', '20220601'),
  BINANCE_2021('LDO', 'volatile', '20220509'),
  BINANCE_2021('LUNC', 'volatile', '20220909'),
  BINANCE_2021('WBTC', 'volatile', '20230428'),
  // The pair halted in the crash of May 2022 and came back as another asset.
  { ...BINANCE_2021('LUNA', 'volatile'), until: at('2022-05-14') },
  ...['ADA', 'ATOM', 'BAT', 'BNB', 'ENJ', 'LTC', 'MATIC', 'REN'].map(BINANCE_2020),
  // 2019 to the start of the files above: March 2020 is in them.
  {
    asset: 'BTC-bitstamp',
    kind: 'volatile',
    file: 'ohlcv/multivenue_1h/bitstamp_BTCUSD_1h_20190101_20220820.csv.gz',
    until: at('2021-04-04'),
  },
  {
    asset: 'ETH-bitfinex',
    kind: 'volatile',
    file: 'ohlcv/multivenue_1h/bitfinex_ETHUSD_1h_20190101_20230117.csv.gz',
    until: at('2021-04-04'),
  },
  BINANCE_2021('USDC', 'stable'),
  BINANCE_2021('TUSD', 'stable'),
  BINANCE_2021('USDP', 'stable', '20210910'),
  BINANCE_2021('BUSD', 'stable', '20210404', '20231215'),
  BINANCE_2021('UST', 'stable', '20211224', '20220513'),
  {
    asset: 'ETH',
    kind: 'volatile',
    file: 'ohlcv/binance_spot_1h/binance_ETHUSDT-ext_1h_20240513_20260513.csv.gz',
    from: TEST_START,
  },
  {
    asset: 'UNI',
    kind: 'volatile',
    file: 'ohlcv/binance_spot_1h/binance_UNIUSDT-ext_1h_20200917_20260304.csv.gz',
    from: TEST_START,
  },
  ...['ARB', 'LDO', 'OP', 'WBTC'].map((asset) => BINANCE_2024(asset, '20240101')),
  BINANCE_2024('ENA', '20240402'),
  BINANCE_2024('POL', '20240913'),
  {
    asset: 'USDE',
    kind: 'stable',
    file: 'ohlcv/binance_spot_1m/binance_USDEUSDT_1m_20250909_20251130.csv.gz',
    from: TEST_START,
  },
]

/** BTC, from the recordings that follow one another: what the market's features are made of. WBTC stands for it from 2024 on. */
export const MARKET_SERIES: readonly Series[] = [
  {
    asset: 'market',
    kind: 'volatile',
    file: 'ohlcv/multivenue_1h/bitstamp_BTCUSD_1h_20190101_20220820.csv.gz',
    until: at('2021-04-04'),
  },
  { ...BINANCE_2021('BTC', 'volatile'), asset: 'market' },
  { ...BINANCE_2024('WBTC', '20240101'), asset: 'market' },
]
