import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { aaveParameters } from '../../backtests/lending/aave-parameters.ts'
import { hasSharedData, SHARED_DATA } from '../data/shared-data.ts'
import { csvRows } from '../support/csv-rows.ts'

const ASSETS = (
  'ETH stETH BTC LINK AAVE UNI MKR CRV LDO BAL ENS 1INCH XAUT USDC USDT DAI USDe ARB OP AVAX MATIC BNB ' +
  'WETH WBTC wstETH POL WAVAX'
).split(' ')
const SOURCE = /^Aave v3 on (\w+), reserve (\w+), as recorded on (\d{4}-\d{2}-\d{2}); .*10 % of the bonus is assumed$/

const parametersOf = (asset: string) => {
  const found = aaveParameters(asset)
  if (found === undefined) throw new Error(`no parameters of ${asset}`)
  return found
}

describe('what Aave had', () => {
  test('can be: LTV below threshold, and a liquidation never pays out more than there is', () => {
    for (const asset of ASSETS) {
      const { ltvBps, liquidationThresholdBps, liquidationBonusBps, liquidationProtocolFeeBps } = parametersOf(asset)
      expect(ltvBps, asset).toBeGreaterThan(0)
      expect(ltvBps, asset).toBeLessThan(liquidationThresholdBps)
      expect(liquidationThresholdBps * (10_000 + liquidationBonusBps), asset).toBeLessThanOrEqual(1e8)
      expect(liquidationProtocolFeeBps, asset).toBe(1_000)
    }
  })

  test('is known under a token’s wrapped name too, and of nothing that could not be borrowed against', () => {
    const { asset, ...wrapped } = parametersOf('WETH')
    expect(asset).toBe('WETH')
    expect(parametersOf('ETH')).toEqual({ asset: 'ETH', ...wrapped })
    for (const asset of ['SNX', 'SUSHI', 'FRAX', 'SOL', 'COMP', 'YFI', 'LUNA', 'toString', '']) {
      expect(aaveParameters(asset), asset).toBeUndefined()
    }
  })
})

describe.skipIf(!hasSharedData())('the recording of Aave', () => {
  const rows = csvRows(join(SHARED_DATA, 'lending/aavev3_param_changes_13nets.csv.gz'))
  const daily = csvRows(join(SHARED_DATA, 'lending/aavev3_daily_params_rates_eth_arb_base.csv.gz'))
  const dayOf = (row: Readonly<Record<string, string>>): string =>
    new Date(Number(row['ts']) * 1_000).toISOString().slice(0, 10)
  const bpsOf = (row: Readonly<Record<string, string>>): number[] =>
    ['ltv', 'liq_threshold', 'liq_bonus', 'reserve_factor'].map((name) => Math.round(Number(row[name]) * 10_000))

  test.each(ASSETS)('says the same of %s, at its first sight of the reserve', (asset) => {
    const parameters = parametersOf(asset)
    const [, network, reserve, day] = SOURCE.exec(parameters.source) ?? []
    const first = rows.find((row) => row['network'] === network && row['symbol'] === reserve)
    expect(first).toBeDefined()
    expect(dayOf(first ?? {})).toBe(day)
    const { ltvBps, liquidationThresholdBps, liquidationBonusBps, reserveFactorBps } = parameters
    expect(bpsOf(first ?? {})).toEqual([ltvBps, liquidationThresholdBps, liquidationBonusBps, reserveFactorBps])
    // The other recording, of three networks, must not say otherwise.
    const same = daily.find((row) => row['network'] === network && row['symbol'] === reserve)
    if (['ethereum', 'arbitrum', 'base'].includes(network ?? '')) expect(same).toBeDefined()
    if (same !== undefined) expect(bpsOf(same)).toEqual(bpsOf(first ?? {}))
  })

  test('never has those open that are left out', () => {
    for (const symbol of ['SNX', 'SUSHI', 'FRAX', 'LUSD', 'SOL', 'COMP', 'YFI', 'BAT', 'REN', 'ENJ']) {
      const open = [...rows, ...daily].filter((row) => row['symbol'] === symbol && Number(row['ltv']) > 0)
      expect(open, symbol).toEqual([])
    }
  })
})
