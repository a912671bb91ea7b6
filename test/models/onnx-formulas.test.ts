import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { depthModel } from '../../models/baselines/depth.ts'
import { logHarSigmas } from '../../models/baselines/log-har.ts'
import { LOG_INPUTS, logInputs } from '../../models/baselines/log-inputs.ts'
import { depthOnnx } from '../../models/training/onnx/depth.ts'
import { emptyGraph, PREDICTION } from '../../models/training/onnx/graph.ts'
import { logHarSigmaNodes, logInputNodes } from '../../models/training/onnx/log-har.ts'
import { onnxDepthModel, onnxRiskModel } from '../../oracle-node/adapters/onnx-model.ts'
import { expectNear, expectNearRisk } from './onnx-near.ts'
import { anyVector, LOG_HAR, RISK_MODELS, runner, walkVector } from './onnx-samples.ts'

const RUNS = { seed: 1, numRuns: 200 } as const
const PRECISION = 1e-12

describe('the graph of', () => {
  test.each(Object.entries(RISK_MODELS))('%s says what its formula says, to 1e-12', async (id, { formula, bytes }) => {
    const graph = await onnxRiskModel(id, bytes)
    await fc.assert(
      fc.asyncProperty(anyVector, async (features) => {
        expectNearRisk(await graph.predict(features), await formula.predict(features), PRECISION)
      }),
      RUNS,
    )
  })

  test.each(Object.entries(RISK_MODELS))(
    '%s tells two markets apart in all that has no limit',
    async (id, { bytes }) => {
      const graph = await onnxRiskModel(id, bytes)
      const calm = await graph.predict(walkVector({ stepRatio: 0.004, seed: 1, volume: 1e6 }))
      const wild = await graph.predict(walkVector({ stepRatio: 0.02, seed: 2, volume: 1e6 }))
      for (const horizon of ['day', 'hour'] as const) {
        const [a, b] = [calm.outlook?.[horizon], wild.outlook?.[horizon]]
        expect(new Set([...Object.values(a ?? {}), ...Object.values(b ?? {})]).size).toBe(12)
      }
    },
  )

  test('depth says what its formula says, to 1e-12, where it is capped, floored and neither', async () => {
    const coefficients = { scale: 30, sigmaFloor: 1e-3, lowQuantileShare: 0.6, capUsd: 1e9 }
    const graph = await onnxDepthModel('depth', depthOnnx(coefficients))
    const formula = depthModel('depth', coefficients)
    const seen: number[] = []
    await fc.assert(
      fc.asyncProperty(anyVector, async (features) => {
        const expected = await formula.predict(features)
        seen.push(expected)
        expectNear(await graph.predict(features), expected, PRECISION * expected)
      }),
      RUNS,
    )
    expect(seen.filter((depth) => depth === coefficients.capUsd).length).toBeGreaterThan(5)
    expect(seen.filter((depth) => depth < coefficients.capUsd).length).toBeGreaterThan(50)
  })
})

describe('the inputs that challengers share', () => {
  test('are those of the formula: falls and shares to the bit, logarithms to one rounding', async () => {
    const graph = emptyGraph()
    graph.node('Identity', [logInputNodes(graph)], PREDICTION)
    const run = await runner(graph.encode({ name: 'log-inputs', width: LOG_INPUTS.length }))
    await fc.assert(
      fc.asyncProperty(anyVector, async (features) => {
        const expected = logInputs(features.values)
        const given = await run([features])
        expect(given.length).toBe(expected.length)
        for (const [index, { kind }] of LOG_INPUTS.entries()) {
          const each = expected[index] ?? Number.NaN
          expectNear(given[index] ?? Number.NaN, each, kind === 'log' ? 2 ** -51 * Math.max(1, Math.abs(each)) : 0)
        }
      }),
      RUNS,
    )
  })

  test('and deviations are log-HAR’s', async () => {
    const graph = emptyGraph()
    graph.node('Identity', [logHarSigmaNodes(graph, logInputNodes(graph), LOG_HAR)], PREDICTION)
    const run = await runner(graph.encode({ name: 'log-har-sigmas', width: 2 }))
    await fc.assert(
      fc.asyncProperty(anyVector, async (features) => {
        const given = await run([features])
        for (const [horizon, sigma] of logHarSigmas(features.values, LOG_HAR).entries()) {
          expectNear(given[horizon] ?? Number.NaN, sigma, PRECISION * sigma)
        }
      }),
      RUNS,
    )
  })
})
