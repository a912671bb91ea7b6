import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import onnxProto from 'onnx-proto'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { depthModel } from '../../models/baselines/depth.ts'
import { ewmaModel } from '../../models/baselines/ewma.ts'
import { garchModel } from '../../models/baselines/garch-window.ts'
import { harModel } from '../../models/baselines/har.ts'
import { historicalModel } from '../../models/baselines/historical.ts'
import { logHarModel } from '../../models/baselines/log-har.ts'
import { depthOnnx } from '../../models/training/onnx/depth.ts'
import {
  combineModels,
  loadDefaultModels,
  loadDepthModel,
  loadRiskModel,
  modelSetHash,
  readRegistry,
} from '../../oracle-node/adapters/model-registry.ts'
import { onnxDepthModel, onnxRiskModel } from '../../oracle-node/adapters/onnx-model.ts'
import { RETURNS_OFFSET } from '../../oracle-node/core/feature-spec.ts'
import { extractFeatures } from '../../oracle-node/core/features.ts'
import { guardFault } from '../../oracle-node/core/model-guard.ts'
import type { FeatureVector } from '../../oracle-node/core/prediction.ts'
import { expectNearRisk } from '../models/onnx-near.ts'
import { RISK_MODELS } from '../models/onnx-samples.ts'
import { endOf, walkBars } from '../models/sample-bars.ts'

const MODELS = fileURLToPath(new URL('../../models/', import.meta.url))
const registry = JSON.parse(readFileSync(join(MODELS, 'registry.json'), 'utf8'))

function vector(parts: { stepRatio: number; seed: number; volume: number }): FeatureVector {
  const bars = walkBars({ count: 170, ...parts })
  const extraction = extractFeatures(bars, endOf(bars))
  if (!extraction.ok) throw new Error(extraction.detail)
  return extraction.features
}

const FORMULAS = [
  ['historical', historicalModel],
  ['ewma-94', ewmaModel],
  ['ewma', ewmaModel],
  ['garch', garchModel],
  ['gjr', garchModel],
  ['har-quantile', harModel],
  ['log-har', logHarModel],
] as const

const EWMA = RISK_MODELS.ewma.bytes
const DEPTH = depthOnnx({ scale: 30, sigmaFloor: 1e-3, lowQuantileShare: 0.6, capUsd: 1e12 })

/** A graph that gives back what it takes. */
function passing(parts: { input: string; output: string; width: number | undefined }): Uint8Array {
  const { onnx } = onnxProto
  const info = (name: string): object => ({
    name,
    type: {
      tensorType: {
        elemType: onnx.TensorProto.DataType.DOUBLE,
        shape: {
          dim: [{ dimParam: 'batch' }, parts.width === undefined ? { dimParam: 'any' } : { dimValue: parts.width }],
        },
      },
    },
  })
  const model = onnx.ModelProto.create({
    irVersion: 7,
    opsetImport: [{ domain: '', version: 13 }],
    graph: {
      name: 'passing',
      input: [info(parts.input)],
      output: [info(parts.output)],
      node: [{ opType: 'Identity', input: [parts.input], output: [parts.output] }],
    },
  })
  return onnx.ModelProto.encode(model).finish()
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
  test.each(FORMULAS)('%s.onnx says what its formula in TypeScript says, to 1e-9', async (id, formulaOf) => {
    const onnx = await loadRiskModel({ modelsFolder: MODELS, id })
    const formula = formulaOf(id, registry.models[id].coefficients)
    await fc.assert(
      fc.asyncProperty(anyVector, async (features) => {
        expectNearRisk(await onnx.predict(features), await formula.predict(features), 1e-9)
      }),
      { seed: 1 },
    )
  })

  test('every risk model gives a batch what it gives each vector alone, to the bit', async () => {
    const vectors = Array.from({ length: 101 }, (_, seed) => vector({ stepRatio: 0.0005 * seed, seed, volume: 1e6 }))
    const ids = Object.keys(registry.models).filter((id) => registry.models[id].kind === 'risk')
    expect(ids.length).toBeGreaterThan(0)
    for (const id of ids) {
      const model = await loadRiskModel({ modelsFolder: MODELS, id })
      const alone = await Promise.all(vectors.map((features) => model.predict(features)))
      expect(await model.predictBatch(vectors), id).toEqual(alone)
    }
  })

  test('depth.onnx says what its formula in TypeScript says, to 1e-9', async () => {
    const onnx = await loadDepthModel({ modelsFolder: MODELS, id: 'depth' })
    const formula = depthModel('depth', registry.models.depth.coefficients)
    await fc.assert(
      fc.asyncProperty(anyVector, async (features) => {
        const [given, expected] = await Promise.all([onnx.predict(features), formula.predict(features)])
        expect(Math.abs(given - expected)).toBeLessThanOrEqual(1e-9 * expected)
      }),
      { seed: 1 },
    )
  })

  test('the default is the registry’s; shortfall is at least value at risk; both horizons are in order and positive', async () => {
    const { risk, depth, fallback, guard, reference } = await loadDefaultModels(MODELS)
    expect(risk.id).toBe('log-har-trees')
    for (const id of registry.defaults.risk) expect(registry.models[id].status).toBe('default')
    expect(guardFault(reference, guard)).toBeUndefined()
    await fc.assert(
      fc.asyncProperty(anyVector, async (features) => {
        const prediction = await risk.predict(features)
        for (const { valueAtRisk99, expectedShortfall99 } of [prediction, await fallback.risk.predict(features)]) {
          expect(valueAtRisk99).toBeGreaterThan(0)
          expect(expectedShortfall99).toBeGreaterThanOrEqual(valueAtRisk99)
          expect(expectedShortfall99).toBeLessThanOrEqual(1)
        }
        for (const each of [prediction.outlook?.day, prediction.outlook?.hour]) {
          if (each === undefined) throw new Error('a model of the registry has an outlook')
          expect(each.volatility).toBeGreaterThan(0)
          const ordered = [each.valueAtRisk50, each.valueAtRisk90, each.valueAtRisk95, each.valueAtRisk99]
          expect(ordered).toEqual(ordered.toSorted((a, b) => a - b))
        }
        expect(await depth.predict(features)).toBeGreaterThan(0)
      }),
      { seed: 1 },
    )
  })

  test('several defaults are joined by their mean', async () => {
    editRegistry((copy) => {
      copy.defaults.risk = ['ewma', 'har-quantile']
    })
    const { risk } = await loadDefaultModels(folder)
    expect(risk.id).toBe('mean(ewma, har-quantile)')
    const members = await Promise.all(['ewma', 'har-quantile'].map((id) => loadRiskModel({ modelsFolder: MODELS, id })))
    const own = await Promise.all(members.map((model) => model.predict(calm)))
    const prediction = await risk.predict(calm)
    expect(prediction.volatility).toBe(((own[0]?.volatility ?? 0) + (own[1]?.volatility ?? 0)) / 2)
    expect(await risk.predictBatch([calm])).toEqual([prediction])
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
    const path = join(folder, 'volatility/log-har-trees.onnx')
    const bytes = readFileSync(path)
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1
    writeFileSync(path, bytes)
    await expect(loadDefaultModels(folder)).rejects.toThrow(
      new RegExp(`sha256 .*, the registry says ${registry.models['log-har-trees'].sha256}`),
    )
  })

  test.each([
    [
      'another feature spec',
      (copy: typeof registry) => (copy.models['log-har-trees'].featureSpec = '0'.repeat(64)),
      /feature spec/,
    ],
    ['another opset', (copy: typeof registry) => (copy.models['log-har-trees'].opset = 21), /opset 21/],
    ['a retired model', (copy: typeof registry) => (copy.models['log-har-trees'].status = 'retired'), /retired/],
    ['a model of another kind', (copy: typeof registry) => (copy.defaults.risk = ['depth']), /liquidity model/],
    ['an unknown model', (copy: typeof registry) => (copy.defaults.risk = ['oracle']), /no model oracle.*ewma/],
    [
      'a file outside the folder',
      (copy: typeof registry) => (copy.models['log-har-trees'].file = 'a/../../x.onnx'),
      /outside/,
    ],
    [
      'a file that is absent',
      (copy: typeof registry) => (copy.models['log-har-trees'].file = 'volatility/x.onnx'),
      /cannot read/,
    ],
    ['no guard', (copy: typeof registry) => delete copy.guard, /guard/],
    ['a baseline without a decay', (copy: typeof registry) => delete copy.baseline.risk.decayPerDay, /decayPerDay/],
    ['a reference of another length', (copy: typeof registry) => copy.reference.pop(), /reference/],
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

  test('another guard or baseline is another model set', async () => {
    const { modelSet } = await loadDefaultModels(folder)
    editRegistry((copy) => {
      copy.guard.drift.populations[0].limit += 1
    })
    expect((await loadDefaultModels(folder)).modelSet).not.toBe(modelSet)
    editRegistry((copy) => {
      copy.baseline.risk.multipliers[0] *= 2
    })
    expect((await loadDefaultModels(folder)).modelSet).not.toBe(modelSet)
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
  test('bytes that are no graph, and a graph of other widths or names, are refused with what was given and needed', async () => {
    await expect(onnxRiskModel('x', new Uint8Array([1, 2, 3]))).rejects.toThrow(/not an ONNX graph/)
    await expect(onnxRiskModel('x', DEPTH)).rejects.toThrow(
      /model x maps features \[batch, \d+\] in float64 to prediction \[batch, 1\] in float64, .*prediction \[batch, 12\] in float64 is needed/,
    )
    await expect(onnxDepthModel('x', EWMA)).rejects.toThrow(/prediction \[batch, 12\].*prediction \[batch, 1\]/)
    await expect(onnxRiskModel('x', passing({ input: 'f', output: 'prediction', width: 12 }))).rejects.toThrow(
      /maps f /,
    )
    await expect(onnxRiskModel('x', passing({ input: 'features', output: 'p', width: 12 }))).rejects.toThrow(/ to p /)
    await expect(onnxRiskModel('x', passing({ input: 'features', output: 'prediction', width: 12 }))).rejects.toThrow(
      /maps features \[batch, 12\]/,
    )
  })

  test('a graph that does not tell its width is refused when it has run', async () => {
    const model = await onnxRiskModel('x', passing({ input: 'features', output: 'prediction', width: undefined }))
    await expect(model.predict(calm)).rejects.toThrow(/model x gave \[.*\], 12 finite numbers were needed/)
    await expect(model.predictBatch([calm, calm])).rejects.toThrow(/for the vector at index 0 of a batch of 2/)
  })

  test('of a batch, the vector that does not follow the spec is named, and so is one that has no finite outputs', async () => {
    const model = await onnxRiskModel('ewma', EWMA)
    const batch = (bad: FeatureVector): FeatureVector[] => [...new Array<FeatureVector>(3).fill(calm), bad, calm]
    await expect(model.predictBatch(batch({ ...calm, specHash: '00' }))).rejects.toThrow(
      /^model ewma: vector at index 3 of a batch of 5: the vector follows feature spec 00/,
    )
    await expect(model.predictBatch(batch({ ...calm, values: calm.values.with(7, Number.NaN) }))).rejects.toThrow(
      /index 3 of a batch of 5: feature 7 is NaN/,
    )
    // The square of such a return is infinite, and no hour of the other horizon can be made of it.
    const values = calm.values.with(RETURNS_OFFSET, 1e200)
    await expect(model.predictBatch(batch({ ...calm, values }))).rejects.toThrow(
      /^model ewma gave \[NaN, .*\] for the vector at index 3 of a batch of 5, 12 finite numbers were needed/,
    )
    await expect(model.predict({ ...calm, values })).rejects.toThrow(/gave \[NaN, .*\], 12 finite/)
    await expect(model.predictBatch([])).resolves.toEqual([])
  })

  test('a combination of one is that one, of none an error', async () => {
    const one = await loadRiskModel({ modelsFolder: MODELS, id: 'ewma' })
    expect(combineModels([one])).toBe(one)
    expect(() => combineModels([])).toThrow(/at least one/)
  })
})
