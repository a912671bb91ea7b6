import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { barsOf } from '../../models/training/dataset.ts'
import { loadDefaultModels } from '../../oracle-node/adapters/model-registry.ts'
import { extractFeatures } from '../../oracle-node/core/features.ts'
import type { UnixSeconds } from '../../oracle-node/core/units.ts'

const DATA = fileURLToPath(new URL('../../../shared/data', import.meta.url))
const recorded = existsSync(`${DATA}/MANIFEST.csv`)

test.skipIf(!recorded && process.env['CI'] !== 'true')(
  'March 2023 (in ../shared/data): USDC is calm before it loses its peg, then risky and thin within two hours; BTC stays in between',
  { timeout: 60_000 },
  async () => {
    expect(recorded, 'the recorded market data is missing: ../shared/data/MANIFEST.csv').toBe(true)
    const { risk, depth } = await loadDefaultModels(fileURLToPath(new URL('../../models/', import.meta.url)))
    const at = async (market: string, iso: string) => {
      const file = `ohlcv/multivenue_1m_2023-03/${market}_1m_20230301_20230321.csv.gz`
      const time = (Date.parse(iso) / 1_000) as UnixSeconds
      const bars = barsOf({ asset: market, file, kind: 'volatile', until: time }, DATA)
      const extraction = extractFeatures(bars, time)
      if (!extraction.ok) throw new Error(extraction.detail)
      return { ...(await risk.predict(extraction.features)), depth: await depth.predict(extraction.features) }
    }
    const before = await at('kraken_USDCUSD', '2023-03-10T12:00:00Z')
    const during = await at('kraken_USDCUSD', '2023-03-11T04:00:00Z')
    const bitcoin = await at('coinbase_BTCUSD', '2023-03-11T04:00:00Z')
    expect(before.expectedShortfall99).toBeLessThan(0.01)
    expect(during.expectedShortfall99).toBeGreaterThan(0.1)
    expect(during.depth).toBeLessThan(before.depth / 5)
    expect(bitcoin.expectedShortfall99).toBeGreaterThan(0.08)
    expect(bitcoin.expectedShortfall99).toBeLessThan(0.2)
  },
)
