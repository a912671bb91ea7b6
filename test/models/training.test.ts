import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { historicalOutputs } from '../../models/baselines/historical.ts'
import { barsOf, samplesOf } from '../../models/training/dataset.ts'
import { fitLimits } from '../../models/training/fit-multipliers.ts'
import { trainModels } from '../../models/training/pipeline.ts'
import { SERIES } from '../../models/training/series.ts'
import { splitByTime } from '../../models/training/split.ts'
import { extractFeatures } from '../../oracle-node/core/features.ts'
import { predictionOf } from '../../oracle-node/core/prediction.ts'
import { endOf, FIRST_HOUR, walkBars } from './sample-bars.ts'

const DATA = fileURLToPath(new URL('../../../shared/data', import.meta.url))
const recorded = existsSync(`${DATA}/MANIFEST.csv`)
const committed = (path: string): Buffer => readFileSync(new URL(`../../${path}`, import.meta.url))
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')
const series = { asset: 'X', file: 'x', kind: 'volatile' } as const

describe('samples', () => {
  const bars = walkBars({ count: 400, stepRatio: 0.01, seed: 3 })

  test('features are the live node’s of the bars up to the time, the label is of the bars after it', () => {
    const samples = samplesOf(series, bars, 6)
    expect(samples.length).toBeGreaterThan(30)
    for (const sample of samples) {
      expect(sample.time % (6 * 3_600)).toBe(0)
      const past = bars.filter((bar) => bar.openTime + 3_600 <= sample.time)
      const extraction = extractFeatures(past, endOf(past))
      expect(extraction.ok && extraction.features.values).toEqual(sample.features)
      const later = bars.find((bar) => bar.openTime + 3_600 === sample.time + 86_400)
      expect(sample.loss).toBe(1 - (later?.close ?? 0) / (past.at(-1)?.close ?? 0))
    }
  })

  test('changing the future changes no feature', () => {
    const changed = bars.map((bar, index) =>
      index < 300 ? bar : { ...bar, open: bar.open * 2, high: bar.high * 2, low: bar.low * 2, close: bar.close * 2 },
    )
    const early = (all: ReturnType<typeof samplesOf>) => all.filter((sample) => sample.time <= FIRST_HOUR + 300 * 3_600)
    expect(early(samplesOf(series, changed, 6)).map((sample) => sample.features)).toEqual(
      early(samplesOf(series, bars, 6)).map((sample) => sample.features),
    )
  })
})

describe('split', () => {
  test('no label reaches into the next part, and no feature out of its own', () => {
    const samples = Array.from({ length: 1_000 }, (_, hour) => ({ time: hour }))
    const parts = splitByTime(samples, {
      validationStart: 300,
      testStart: 600,
      horizonSeconds: 24,
      embargoSeconds: 168,
    })
    expect(parts.train.at(-1)?.time).toBe(276)
    expect(parts.validation[0]?.time).toBe(468)
    expect(parts.validation.at(-1)?.time).toBe(576)
    expect(parts.test[0]?.time).toBe(768)
  })
})

describe('historical simulation', () => {
  test('its shortfall is at least its value at risk, which some day of the window lost', () => {
    const bars = walkBars({ count: 169, stepRatio: 0.02, seed: 5 })
    const extraction = extractFeatures(bars, endOf(bars))
    if (!extraction.ok) throw new Error(extraction.detail)
    const outputs = historicalOutputs(extraction.features.values, fitLimits([]))
    const { valueAtRisk99, expectedShortfall99 } = predictionOf(outputs)
    expect(valueAtRisk99).toBeGreaterThan(0)
    expect(expectedShortfall99).toBeGreaterThanOrEqual(valueAtRisk99)
  })
})

describe('training', () => {
  test('an absent recording is named, with what to do', async () => {
    await expect(trainModels('/nowhere', () => undefined, 'x')).rejects.toThrow(/needs the recorded file .*--data/)
    expect(() => barsOf(series, '/nowhere')).toThrow(/--data/)
  })

  test('the committed files have the hashes that the registry, the card and the manifest say', () => {
    const registry = JSON.parse(committed('models/registry.json').toString())
    const card = committed('models/volatility/card.md').toString() + committed('models/liquidity/card.md').toString()
    for (const entry of Object.values<{ file: string; sha256: string; trainingDataManifest: string }>(
      registry.models,
    )) {
      expect(sha256(committed(`models/${entry.file}`))).toBe(entry.sha256)
      expect(card).toContain(entry.sha256)
      expect(sha256(committed('data/manifests/training.json'))).toBe(entry.trainingDataManifest)
    }
  })

  test('the series are each read once and end before they begin again', () => {
    expect(new Set(SERIES.map(({ file }) => file)).size).toBe(SERIES.length)
  })

  // In a process of its own: measuring coverage would slow it several times over.
  test.skipIf(!recorded && process.env['CI'] !== 'true')(
    'trained again on the recorded market data (in ../shared/data), every file comes out as committed',
    { timeout: 900_000 },
    async () => {
      expect(recorded, 'the recorded market data is missing: ../shared/data/MANIFEST.csv').toBe(true)
      const verify = fileURLToPath(new URL('../../models/training/verify.ts', import.meta.url))
      const run = promisify(execFile)(process.execPath, ['--disable-warning=ExperimentalWarning', verify])
      const { stdout } = await run.catch((error: { stdout: string; stderr: string }) => {
        throw new Error(`${error.stdout}${error.stderr}`)
      })
      expect(stdout).not.toContain('DIFFERS')
      for (const file of ['volatility/log-har.onnx', 'volatility/mlp.onnx', 'registry.json', 'volatility/card.md']) {
        expect(stdout).toMatch(new RegExp(`same +[0-9a-f]{64} +${file}`))
      }
    },
  )
})
