import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { depthModel } from '../../models/baselines/depth.ts'
import { ewmaModel } from '../../models/baselines/ewma.ts'
import { harModel } from '../../models/baselines/har.ts'
import {
  combineModels,
  loadDefaultModels,
  loadDepthModel,
  loadRiskModel,
  modelSetHash,
  readRegistry,
} from '../../oracle-node/adapters/model-registry.ts'
import { onnxDepthModel, onnxRiskModel } from '../../oracle-node/adapters/onnx-model.ts'
import { extractFeatures } from '../../oracle-node/core/features.ts'
import type { FeatureVector } from '../../oracle-node/core/prediction.ts'
import { endOf, walkBars } from '../models/sample-bars.ts'

const MODELS = fileURLToPath(new URL('../../models/', import.meta.url))
const registry = JSON.parse(readFileSync(join(MODELS, 'registry.json'), 'utf8'))

function vector(parts: { stepRatio: number; seed: number; volume: number }): FeatureVector {
  const bars = walkBars({ count: 170, ...parts })
  const extraction = extractFeatures(bars, endOf(bars))
  if (!extraction.ok) throw new Error(extraction.detail)
  return extraction.features
}

const calm = vector({ stepRatio: 0.005, seed: 1, volume: 1e7 })
const anyVector = fc
  .record({
    stepRatio: fc.double({ min: 0, max: 0.3, noNaN: true }),
    seed: fc.integer(),
    volume: fc.double({ min: 0, max: 1e10, noNaN: true }),
  })
  .map(vector)

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'models-'))
  cpSync(MODELS, folder, { recursive: true, filter: (path) => !path.endsWith('.ts') })
})
afterEach(() => rmSync(folder, { recursive: true }))

function editRegistry(edit: (copy: typeof registry) => void): void {
  const copy = structuredClone(registry)
  edit(copy)
  writeFileSync(join(folder, 'registry.json'), JSON.stringify(copy))
}

describe('committed models', () => {
  test.each([
    ['ewma', ewmaModel],
    ['har-quantile', harModel],
  ] as const)('%s.onnx says what its formula in TypeScript says, to 1e-5', async (id, reference) => {
    const onnx = await loadRiskModel({ modelsFolder: MODELS, id })
    const formula = reference(id, registry.models[id].coefficients)
    await fc.assert(
      fc.asyncProperty(anyVector, async (features) => {
        const [given, expected] = await Promise.all([onnx.predict(features), formula.predict(features)])
        for (const field of ['volatility', 'valueAtRisk99', 'expectedShortfall99'] as const) {
          expect(Math.abs(given[field] - expected[field])).toBeLessThanOrEqual(1e-5 * expected[field])
        }
      }),
    )
  })

  test('depth.onnx says what its formula in TypeScript says, to 1e-5', async () => {
    const onnx = await loadDepthModel({ modelsFolder: MODELS, id: 'depth' })
    const formula = depthModel('depth', registry.models.depth.coefficients)
    await fc.assert(
      fc.asyncProperty(anyVector, async (features) => {
        const [given, expected] = await Promise.all([onnx.predict(features), formula.predict(features)])
        expect(Math.abs(given - expected)).toBeLessThanOrEqual(1e-5 * expected)
      }),
    )
  })

  test('the default forecast is the mean of its members; shortfall is at least value at risk; both are positive', async () => {
    const { risk, depth } = await loadDefaultModels(MODELS)
    const members = await Promise.all(['ewma', 'har-quantile'].map((id) => loadRiskModel({ modelsFolder: MODELS, id })))
    expect(risk.id).toBe('mean(ewma, har-quantile)')
    await fc.assert(
      fc.asyncProperty(anyVector, async (features) => {
        const prediction = await risk.predict(features)
        const own = await Promise.all(members.map((model) => model.predict(features)))
        expect(prediction.volatility).toBe(((own[0]?.volatility ?? 0) + (own[1]?.volatility ?? 0)) / 2)
        expect(prediction.valueAtRisk99).toBeGreaterThan(0)
        expect(prediction.expectedShortfall99).toBeGreaterThanOrEqual(prediction.valueAtRisk99)
        expect(prediction.expectedShortfall99).toBeLessThanOrEqual(1)
        expect(await depth.predict(features)).toBeGreaterThan(0)
      }),
    )
  })

  test('wilder returns mean more risk and less depth', async () => {
    const { risk, depth } = await loadDefaultModels(MODELS)
    const wild = vector({ stepRatio: 0.03, seed: 1, volume: 1e7 })
    const [a, b] = await Promise.all([risk.predict(calm), risk.predict(wild)])
    expect(b.volatility).toBeGreaterThan(a.volatility)
    expect(b.expectedShortfall99).toBeGreaterThan(a.expectedShortfall99)
    expect(await depth.predict(wild)).toBeLessThan(await depth.predict(calm))
  })

  test('a vector of another spec, another length or with a NaN is refused', async () => {
    const { risk, depth } = await loadDefaultModels(MODELS)
    for (const model of [risk, depth]) {
      await expect(model.predict({ ...calm, specHash: '00' })).rejects.toThrow(/feature spec/)
      await expect(model.predict({ ...calm, values: calm.values.slice(1) })).rejects.toThrow(/holds/)
      await expect(model.predict({ ...calm, values: calm.values.with(0, Number.NaN) })).rejects.toThrow(/NaN/)
    }
  })
})

describe('model registry', () => {
  test('a file that is not the registered one is refused, with both hashes', async () => {
    const path = join(folder, 'volatility/ewma.onnx')
    const bytes = readFileSync(path)
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1
    writeFileSync(path, bytes)
    await expect(loadDefaultModels(folder)).rejects.toThrow(
      new RegExp(`sha256 .*, the registry says ${registry.models.ewma.sha256}`),
    )
  })

  test.each([
    [
      'another feature spec',
      (copy: typeof registry) => (copy.models.ewma.featureSpec = '0'.repeat(64)),
      /feature spec/,
    ],
    ['another opset', (copy: typeof registry) => (copy.models.ewma.opset = 21), /opset 21/],
    ['a retired model', (copy: typeof registry) => (copy.models.ewma.status = 'retired'), /retired/],
    ['a model of another kind', (copy: typeof registry) => (copy.defaults.risk = ['depth']), /liquidity model/],
    ['an unknown model', (copy: typeof registry) => (copy.defaults.risk = ['oracle']), /no model oracle.*ewma/],
    ['a file outside the folder', (copy: typeof registry) => (copy.models.ewma.file = 'a/../../x.onnx'), /outside/],
    ['a file that is absent', (copy: typeof registry) => (copy.models.ewma.file = 'volatility/x.onnx'), /cannot read/],
    ['no risk model at all', (copy: typeof registry) => (copy.defaults.risk = []), /not a model registry/],
  ])('%s is refused with its reason', async (_, edit, message) => {
    editRegistry(edit)
    await expect(loadDefaultModels(folder)).rejects.toThrow(message)
  })

  test('a registry that is absent or no JSON is refused with what to do', async () => {
    writeFileSync(join(folder, 'registry.json'), '{')
    await expect(loadDefaultModels(folder)).rejects.toThrow(/not JSON/)
    await expect(loadDefaultModels(join(folder, 'nowhere'))).rejects.toThrow(/models:train/)
  })

  test('the model set’s hash is of the files in use, in no order', () => {
    const { ewma, depth } = readRegistry(MODELS).models
    if (ewma === undefined || depth === undefined) throw new Error('the registry lacks a model')
    expect(modelSetHash([ewma, depth])).toBe(modelSetHash([depth, ewma]))
    expect(modelSetHash([ewma])).not.toBe(modelSetHash([ewma, depth]))
    expect(modelSetHash([ewma])).toMatch(/^0x[0-9a-f]{64}$/)
  })
})

describe('onnx models', () => {
  test('bytes that are no graph, and a graph of another width, are refused', async () => {
    await expect(onnxRiskModel('x', new Uint8Array([1, 2, 3]))).rejects.toThrow(/not an ONNX graph/)
    const depth = await onnxRiskModel('depth-as-risk', readFileSync(join(MODELS, 'liquidity/depth.onnx')))
    await expect(depth.predict(calm)).rejects.toThrow(/3 finite numbers/)
    const risk = await onnxDepthModel('risk-as-depth', readFileSync(join(MODELS, 'volatility/ewma.onnx')))
    await expect(risk.predict(calm)).rejects.toThrow(/1 finite numbers/)
  })

  test('a combination of one is that one, of none an error', async () => {
    const one = await loadRiskModel({ modelsFolder: MODELS, id: 'ewma' })
    expect(combineModels([one])).toBe(one)
    expect(() => combineModels([])).toThrow(/at least one/)
  })
})
