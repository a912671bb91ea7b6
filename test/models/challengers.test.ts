import { beforeAll, describe, expect, test } from 'vitest'
import { logHarOutputs } from '../../models/baselines/log-har.ts'
import { LOG_INPUTS, logInputs } from '../../models/baselines/log-inputs.ts'
import { limited } from '../../models/baselines/outputs.ts'
import { fitMlpModel } from '../../models/training/challengers/fit-mlp.ts'
import { logHarTrees } from '../../models/training/challengers/log-har-trees.ts'
import { partForStopping } from '../../models/training/challengers/stopping.ts'
import { TREE_INPUT_MATRIX, TREE_INPUTS, treeInputs } from '../../models/training/challengers/tree-inputs.ts'
import { growTreesModel, treesRisk } from '../../models/training/challengers/trees.ts'
import type { Sample } from '../../models/training/dataset.ts'
import { fitLogHar } from '../../models/training/fit-log-har.ts'
import { fitLimits } from '../../models/training/fit-multipliers.ts'
import { plainGradients } from '../../models/training/mlp/plain.ts'
import type { FittedRisk } from '../../models/training/risk-models.ts'
import { onnxRiskModel } from '../../oracle-node/adapters/onnx-model.ts'
import { FEATURE_SPEC_HASH } from '../../oracle-node/core/feature-spec.ts'
import { type HorizonRisk, predictionOf } from '../../oracle-node/core/prediction.ts'
import { fallSamples, fell } from './challengers-samples.ts'
import { expectNear, expectNearRisk } from './onnx-near.ts'
import { walkVectors } from './onnx-samples.ts'

const train = fallSamples({ count: 4_000, seed: 1, factor: 2 })
const few = train.slice(0, 1_500)
const later = fallSamples({ count: 800, seed: 2, factor: 2 }).filter(({ kind }) => kind === 'volatile')
const limits = fitLimits(train)
const logHar = fitLogHar(train, limits)
const ofLogHar = (values: readonly number[]): Float64Array => logHarOutputs(values, logHar)

/** All three, from the same samples. The net is trained by hand here: it is quicker, and the same but for roundings. */
async function fitAll(samples: readonly Sample[]): Promise<readonly FittedRisk[]> {
  const ownLimits = fitLimits(samples)
  const own = fitLogHar(samples, ownLimits)
  const trees = growTreesModel(samples, ownLimits, own)
  return [treesRisk(trees), await fitMlpModel(samples, ownLimits, own, plainGradients), logHarTrees(own, trees)]
}

/** The mean QLIKE of the day, up to terms without the forecast. */
function qlikeOf(samples: readonly Sample[], outputs: (values: readonly number[]) => Float64Array): number {
  const losses = samples.map(({ features, realized }) => {
    const variance = (outputs(features)[0] ?? Number.NaN) ** 2 / 365
    return realized ** 2 / variance + Math.log(variance)
  })
  return losses.reduce((sum, each) => sum + each, 0) / losses.length
}

function expectInOrder(risk: HorizonRisk | undefined): void {
  const tail = [risk?.valueAtRisk50, risk?.valueAtRisk90, risk?.valueAtRisk95, risk?.valueAtRisk99]
  const rising = [...tail, risk?.expectedShortfall99].map((each) => each ?? Number.NaN)
  expect(rising.toSorted((a, b) => a - b)).toEqual(rising)
}

let models: readonly FittedRisk[] = []
beforeAll(async () => {
  models = await fitAll(train)
}, 120_000)

test('log-HAR with trees is the mean of both, output by output', () => {
  const [trees, , both] = models
  for (const { values } of walkVectors(40)) {
    const [linear, corrected] = [ofLogHar(values), trees?.outputs(values) ?? []]
    expect([...(both?.outputs(values) ?? [])]).toEqual(
      [...linear].map((each, output) => (each + (corrected[output] ?? 0)) / 2),
    )
  }
})

describe('a challenger', () => {
  test('learns of falls what log-HAR’s line cannot, and forecasts later days better', () => {
    expect(models.map(({ id }) => id)).toEqual(['trees', 'mlp', 'log-har-trees'])
    expect(later.filter(({ features }) => fell(features)).length).toBeGreaterThan(150)
    const base = qlikeOf(later, ofLogHar)
    for (const { id, outputs } of models) expect(qlikeOf(later, outputs), id).toBeLessThan(base - 0.005)
  })

  test('gives for every market twelve outputs within the limits', () => {
    for (const { id, outputs } of models) {
      for (const { values } of walkVectors(120)) {
        const given = outputs(values)
        expect(given.length, id).toBe(12)
        expect(limited(given, limits)).toEqual(given)
      }
    }
  })

  test('gives quantiles in order and the shortfall beyond them, of both horizons', () => {
    for (const { outputs } of models) {
      for (const { values } of walkVectors(120)) {
        const { outlook } = predictionOf(outputs(values))
        expectInOrder(outlook?.day)
        expectInOrder(outlook?.hour)
      }
    }
  })

  test('corrects log-HAR by three times at most, whatever it is shown', () => {
    const odd = walkVectors(60).map(({ values }) => values.map((value, index) => value * 7 ** ((index % 5) - 2)))
    for (const { id, outputs } of models) {
      for (const values of odd) {
        const ratio = (outputs(values)[0] ?? 0) / (ofLogHar(values)[0] ?? 0)
        expect(ratio, id).toBeGreaterThan(1 / 3.1)
        expect(ratio, id).toBeLessThan(3.1)
      }
    }
  })

  test('is next to log-HAR where there is nothing more to learn', async () => {
    const plain = fallSamples({ count: 2_000, seed: 3, factor: 1 })
    const own = fitLogHar(plain, fitLimits(plain))
    for (const { id, outputs } of await fitAll(plain)) {
      for (const { features } of plain.slice(0, 200)) {
        const base = logHarOutputs(features, own)[0] ?? Number.NaN
        expectNear((outputs(features)[0] ?? Number.NaN) / base, 1, id === 'trees' ? 0.1 : 0.15)
      }
    }
  })

  test('is trained on volatile assets alone, though a peg’s samples are given', async () => {
    const changed = few.map((each) => (each.kind === 'stable' ? { ...each, realized: each.realized * 9 } : each))
    expect(changed).not.toEqual(few)
    const bytes = async (samples: readonly Sample[]) => (await fitAll(samples)).map(({ onnx }) => onnx)
    expect(await bytes(changed)).toEqual(await bytes(few))
  })

  test('trained twice has the same bytes, by TensorFlow.js too', async () => {
    const [first, second] = [await fitAll(few), await fitAll(few)]
    expect(first.map(({ onnx }) => onnx)).toEqual(second.map(({ onnx }) => onnx))
    const [once, again] = [await fitMlpModel(few, limits, logHar), await fitMlpModel(few, limits, logHar)]
    expect(once.onnx).toEqual(again.onnx)
  })

  test('shows coefficients that a reader can take in', () => {
    for (const { id, coefficients } of models) {
      const text = JSON.stringify(coefficients)
      expect(text.length, id).toBeLessThan(6_000)
      expect(text).not.toContain('null')
    }
    expect(models[0]?.coefficients).toMatchObject({ splits: { fall_24h: expect.any(Number) } })
  })
})

describe('a challenger’s graph', () => {
  test('says what the formula says, one by one and in a batch', async () => {
    const vectors = [
      ...walkVectors(240),
      ...later.slice(0, 200).map(({ features }) => ({ specHash: FEATURE_SPEC_HASH, values: features })),
    ]
    for (const { id, outputs, onnx } of models) {
      const model = await onnxRiskModel(id, onnx)
      const answers = await model.predictBatch(vectors)
      for (const [row, features] of vectors.entries()) {
        const given = answers[row]
        if (given === undefined) throw new Error('every vector has an answer')
        expectNearRisk(given, predictionOf(outputs(features.values)), 1e-11)
        if (row % 5 === 0) expect(await model.predict(features)).toEqual(given)
      }
    }
  })
})

describe('the trees’ inputs', () => {
  test('are the log inputs times the graph’s matrix, to the bit', () => {
    for (const { values } of walkVectors(60)) {
      const logs = logInputs(values)
      const product = TREE_INPUTS.map((_, column) =>
        logs.reduce((sum, each, row) => sum + each * (TREE_INPUT_MATRIX[row * TREE_INPUTS.length + column] ?? 0), 0),
      )
      expect([...treeInputs(values)]).toEqual(product)
    }
    expect(TREE_INPUT_MATRIX.length).toBe(LOG_INPUTS.length * TREE_INPUTS.length)
  })
})

describe('the part that stops training', () => {
  test('is later than all that is fitted by a day at least, and no small part', () => {
    const sixHourly = few.map((sample, index) => ({ ...sample, time: 1_600_000_000 + index * 6 * 3_600 }))
    const { fitted, watched } = partForStopping(sixHourly)
    const last = Math.max(...fitted.map(({ time }) => time))
    const first = Math.min(...watched.map(({ time }) => time))
    expect(first - last).toBe(86_400)
    expect(fitted.length + watched.length).toBe(few.length - 3)
    expect(watched.length).toBe(few.length / 5)
  })

  test('is not made of a single day', () => {
    expect(() => partForStopping(train.slice(0, 7))).toThrow('give some days of them')
    expect(() => partForStopping([])).toThrow('0 samples')
  })
})
