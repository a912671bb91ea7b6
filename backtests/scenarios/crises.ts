import { isoTime } from '../../data/history/time-format.ts'
import { SECONDS_PER_DAY } from '../../oracle-node/core/market-rows.ts'
import type { Period } from '../result.ts'
import type { Series } from '../series.ts'
import { checkFact, type Fact, type FactCheck } from './facts.ts'

/** A crisis of the past by name: chosen by the calendar of events, and described by what is known of it, not by any backtest. */
export type Crisis = {
  readonly id: string
  readonly title: string
  /** What happened, and why. */
  readonly story: string
  /** Unix seconds, [from, to): the days that it is about. */
  readonly from: number
  readonly to: number
  /** Days that a backtest begins before and ends after it, unless told otherwise; as many as the recordings allow. */
  readonly beforeDays: number
  readonly afterDays: number
  /** Recorded with prices and volumes over all of that. */
  readonly assets: readonly string[]
  /** Recorded by price alone: whoever backtests these must say what depth they had. */
  readonly priceOnlyAssets: readonly string[]
  /** Hours of a hole that some recording of these days has, where it is more than usual. */
  readonly gapHoursMax?: number
  readonly facts: readonly Fact[]
  /** Why it cannot be had from the recordings; the facts then hold for data of the user's own. */
  readonly unavailable?: string
}

const day = (iso: string): number => Date.parse(`${iso}T00:00:00Z`) / 1_000

export const NAMED_CRISES: readonly Crisis[] = [
  {
    id: '2020-03-12',
    title: 'March 2020: Black Thursday',
    story:
      'Ether lost half of its value within a day as all markets sold off over the pandemic. Ethereum was too congested for price updates and bids to come through, so liquidators won collateral at auctions for nothing and MakerDAO was left with millions in bad debt.',
    from: day('2020-03-08'),
    to: day('2020-03-21'),
    beforeDays: 60,
    afterDays: 14,
    assets: ['ETH', 'BTC', 'ADA', 'ATOM', 'BAT', 'BNB', 'ENJ', 'LTC', 'MATIC', 'REN'],
    priceOnlyAssets: [],
    facts: [
      { kind: 'fall', asset: 'ETH', hours: 24, atLeast: 0.4 },
      { kind: 'fall', asset: 'BTC', hours: 24, atLeast: 0.35 },
      { kind: 'low', asset: 'ETH', atMost: 100 },
    ],
  },
  {
    id: '2021-05-19',
    title: 'May 2021: China and leverage',
    story:
      'Ether fell by 40 % within a day after China repeated its ban on crypto payments to financial firms. Highly leveraged longs were liquidated on exchanges and in lending protocols at once, and venues went down under the load.',
    from: day('2021-05-12'),
    to: day('2021-05-26'),
    // Most recordings begin on 2021-04-04.
    beforeDays: 37,
    afterDays: 14,
    assets: ['ETH', 'BTC', 'AAVE', 'AVAX', 'BNB', 'COMP', 'LINK', 'MATIC', 'MKR', 'SOL', 'SUSHI', 'UNI', 'YFI'],
    priceOnlyAssets: ['stETH', 'xSUSHI'],
    facts: [
      { kind: 'fall', asset: 'ETH', hours: 24, atLeast: 0.4 },
      { kind: 'fall', asset: 'BTC', hours: 24, atLeast: 0.25 },
    ],
  },
  {
    id: '2022-05-luna',
    title: 'May 2022: LUNA and UST',
    story:
      'UST lost its peg, and the LUNA that was minted to redeem it lost nearly all of its value within a week. The peg rested on nothing but LUNA itself, so each redemption diluted what backed the next; protocols whose price feed stopped at a floor were drained.',
    from: day('2022-05-05'),
    to: day('2022-05-13'),
    beforeDays: 60,
    // Both pairs were halted on the 13th; the others go on.
    afterDays: 0,
    assets: [
      'LUNA',
      'UST',
      'ETH',
      'BTC',
      'AAVE',
      'AVAX',
      'BNB',
      'COMP',
      'LINK',
      'MATIC',
      'MKR',
      'SOL',
      'SUSHI',
      'UNI',
      'YFI',
    ],
    priceOnlyAssets: ['stETH', 'xSUSHI'],
    facts: [
      { kind: 'loss', asset: 'LUNA', atLeast: 0.99 },
      { kind: 'low', asset: 'UST', atMost: 0.7 },
    ],
  },
  {
    id: '2022-06-steth',
    title: 'June 2022: stETH, Celsius and Three Arrows',
    story:
      'stETH, which could not be redeemed for ether yet, fell to a discount as Celsius and Three Arrows sold what they held of it on a thin pool. Positions that borrowed ether against stETH were built on its being at par, and had to be unwound into the same pool.',
    from: day('2022-06-10'),
    to: day('2022-06-21'),
    beforeDays: 60,
    afterDays: 14,
    assets: ['ETH', 'BTC', 'AAVE', 'AVAX', 'BNB', 'COMP', 'LINK', 'MATIC', 'MKR', 'SOL', 'SUSHI', 'UNI', 'YFI'],
    priceOnlyAssets: ['stETH', 'xSUSHI'],
    facts: [
      { kind: 'discount', asset: 'stETH', to: 'ETH', atLeast: 0.05 },
      { kind: 'low', asset: 'ETH', atMost: 1_000 },
    ],
  },
  {
    id: '2022-11-ftx',
    title: 'November 2022: FTX',
    story:
      'FTX stopped withdrawals and went bankrupt within a week after it became known that its sister company held its own token as capital. Tokens near to it, Solana first, fell by half, and market makers that had money there left all books thinner.',
    from: day('2022-11-06'),
    to: day('2022-11-15'),
    beforeDays: 60,
    afterDays: 14,
    assets: [],
    priceOnlyAssets: [],
    facts: [
      { kind: 'fall', asset: 'SOL', hours: 48, atLeast: 0.4 },
      { kind: 'fall', asset: 'ETH', hours: 24, atLeast: 0.15 },
    ],
    unavailable: 'the recordings leave out all of November 2022, which is kept back to judge results on',
  },
  {
    id: '2023-03-usdc',
    title: 'March 2023: USDC and Silicon Valley Bank',
    story:
      'USDC fell below 0.90 USD over a weekend. Part of its reserves lay in Silicon Valley Bank, which had failed on the Friday, and until the Monday nobody could redeem.',
    from: day('2023-03-09'),
    to: day('2023-03-15'),
    beforeDays: 60,
    afterDays: 14,
    assets: [
      'ETH',
      'BTC',
      'AAVE',
      'AVAX',
      'BNB',
      'COMP',
      'LDO',
      'LINK',
      'MATIC',
      'MKR',
      'OP',
      'SOL',
      'SUSHI',
      'UNI',
      'USDC',
      'YFI',
    ],
    priceOnlyAssets: [],
    // USDC has no price from 26 to 28 February.
    gapHoursMax: 96,
    facts: [{ kind: 'low', asset: 'USDC', atMost: 0.9 }],
  },
  {
    id: '2023-07-crv',
    title: 'July 2023: CRV and the Curve exploit',
    story:
      'CRV fell by nearly a third after pools compiled with a broken version of Vyper were drained, its own pool with ether among them. Its founder had borrowed about 100 million USD against more CRV than all venues together could have absorbed.',
    from: day('2023-07-29'),
    to: day('2023-08-06'),
    beforeDays: 60,
    afterDays: 14,
    assets: [],
    priceOnlyAssets: [],
    facts: [{ kind: 'fall', asset: 'CRV', hours: 48, atLeast: 0.2 }],
    unavailable: 'no recording has CRV; give its hours or minutes as a file',
  },
  {
    id: '2024-08-05',
    title: 'August 2024: the yen carry trade',
    story:
      'Ether lost a quarter of its value within a day as positions funded in yen were closed in every market after the Bank of Japan raised its rate. Much of it fell on a Sunday night, when few made markets.',
    from: day('2024-08-02'),
    to: day('2024-08-08'),
    beforeDays: 60,
    afterDays: 14,
    assets: ['ETH', 'WBTC', 'ARB', 'ENA', 'LDO', 'OP', 'UNI'],
    priceOnlyAssets: ['BTC', 'AAVE', 'AVAX', 'BNB', 'COMP', 'ETHFI', 'LINK', 'MKR', 'SOL', 'SUSHI', 'YFI'],
    facts: [
      { kind: 'fall', asset: 'ETH', hours: 24, atLeast: 0.2 },
      { kind: 'fall', asset: 'WBTC', hours: 24, atLeast: 0.15 },
    ],
  },
  {
    id: '2025-10-10',
    title: 'October 2025: tariffs and USDe on one venue',
    story:
      'The largest liquidations yet followed an announcement of tariffs on a Friday night. On one venue USDe fell to 0.65 USD, since it was priced as collateral by that venue’s own thin book, while it held near par elsewhere.',
    from: day('2025-10-09'),
    to: day('2025-10-13'),
    beforeDays: 60,
    afterDays: 14,
    assets: [],
    priceOnlyAssets: [],
    facts: [
      { kind: 'fall', asset: 'ETH', hours: 24, atLeast: 0.15 },
      { kind: 'low', asset: 'USDE', atMost: 0.7 },
    ],
    unavailable: 'the recordings leave out all of October 2025, which is kept back to judge results on',
  },
]

/** @throws {Error} that lists the known ones. */
export function crisisOf(id: string): Crisis {
  const crisis = NAMED_CRISES.find((each) => each.id === id)
  if (crisis !== undefined) return crisis
  throw new Error(
    `there is no crisis ${JSON.stringify(id)}; known are ${NAMED_CRISES.map((each) => each.id).join(', ')}`,
  )
}

export type CrisisCheck = { readonly ok: boolean; readonly facts: readonly FactCheck[] }

/** Whether series show what the crisis is known for; `no data` of an asset counts against it. */
export function checkCrisis(crisis: Crisis, series: readonly Series[]): CrisisCheck {
  const byAsset = new Map(series.map((each) => [each.asset, each]))
  const facts = crisis.facts.map((fact) => checkFact(fact, byAsset, crisis.from, crisis.to))
  return { ok: facts.every(({ ok }) => ok), facts }
}

/**
 * The period of a backtest of a crisis, over all of its assets that have volumes unless told otherwise.
 * @throws {Error} with the reason where the recordings lack it and no asset is named.
 */
export function crisisPeriod(
  crisis: Crisis,
  { assets = crisis.assets, beforeDays = crisis.beforeDays, afterDays = crisis.afterDays }: CrisisChoice = {},
): Period {
  const { id, title, from, to } = crisis
  if (assets.length === 0) {
    throw new Error(
      `the crisis ${id} (${isoTime(from).slice(0, 10)}) is not recorded: ${crisis.unavailable ?? 'no asset'}; to run it on files of your own, name its assets`,
    )
  }
  return {
    id,
    title,
    from: from - beforeDays * SECONDS_PER_DAY,
    to: to + afterDays * SECONDS_PER_DAY,
    crisis: { from, to },
    assets,
  }
}

export type CrisisChoice = {
  readonly assets?: readonly string[]
  readonly beforeDays?: number
  readonly afterDays?: number
}
