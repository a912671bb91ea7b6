import { readFileSync } from 'node:fs'
import { FEATURE_SPEC_HASH } from '../../oracle-node/core/feature-spec.ts'
import { DEFAULT_RISK } from './defaults.ts'
import { sha256Hex } from './manifest.ts'
import { OPSET } from './onnx/graph.ts'
import type { Trained } from './pipeline.ts'

/** What a registry and the cards are written from. */
export type TrainedFiles = {
  readonly trained: Trained
  readonly depthOnnx: Uint8Array
  readonly manifest: string
  readonly codeCommit: string
}

const DAY_OUTPUTS = 3

/** `models/registry.json`: what a node checks every model file against before it runs it. */
export function registryJson({ trained, depthOnnx, manifest, codeCommit }: TrainedFiles): string {
  const common = {
    featureSpec: FEATURE_SPEC_HASH,
    trainingDataManifest: sha256Hex(manifest),
    codeCommit,
    opset: OPSET,
    trainedWith: {
      node: process.version,
      onnxruntime: packageVersion('onnxruntime-node'),
      onnxProto: packageVersion('onnx-proto'),
      tensorflow: packageVersion('@tensorflow/tfjs-core'),
      mlMatrix: packageVersion('ml-matrix'),
      stdlibExp: packageVersion('@stdlib/math-base-special-exp'),
      stdlibLn: packageVersion('@stdlib/math-base-special-ln'),
    },
  }
  const risk = trained.models.map(({ id, coefficients, onnx }) => [
    id,
    {
      kind: 'risk',
      file: `volatility/${id}.onnx`,
      sha256: sha256Hex(onnx),
      ...common,
      status: id === DEFAULT_RISK ? 'default' : 'challenger',
      coefficients,
      metrics: pooledOf(trained, id),
    },
  ])
  const { decayPerDay, multipliers, floor, cap } = trained.risk.ewma
  const first = (values: readonly number[]): readonly number[] => values.slice(0, DAY_OUTPUTS)
  const registry = {
    version: 2,
    defaults: { risk: [DEFAULT_RISK], liquidity: 'depth' },
    models: {
      ...Object.fromEntries(risk),
      depth: {
        kind: 'liquidity',
        file: 'liquidity/depth.onnx',
        sha256: sha256Hex(depthOnnx),
        ...common,
        status: 'default',
        coefficients: trained.depth,
        metrics: { calibrationPoints: trained.depthPoints.length },
      },
    },
    guard: trained.guard,
    baseline: {
      // Of the next 24 h alone: what a record needs.
      risk: { decayPerDay, multipliers: first(multipliers), floor: first(floor), cap: first(cap) },
      depth: trained.depth,
    },
    reference: trained.reference,
  }
  return `${JSON.stringify(registry, null, 2)}\n`
}

/** Validation and test, by kind of asset, to six digits: what a reader compares models by. */
function pooledOf(trained: Trained, id: string): object {
  const round = (value: number): number => Number(value.toPrecision(6))
  return Object.fromEntries(
    trained.pooled
      .filter((row) => row.model === id)
      .map((row) => [
        `${row.part} ${row.kind}`,
        {
          forecasts: row.forecasts,
          coverage: round(row.coverage),
          coverageInterval: [round(row.coverageInterval.low), round(row.coverageInterval.high)],
          qlike: round(row.qlike),
          qlikeInterval: [round(row.qlikeInterval.low), round(row.qlikeInterval.high)],
          fzLoss: round(row.fzLoss),
          fzLossInterval: [round(row.fzLossInterval.low), round(row.fzLossInterval.high)],
          acerbiSzekely: round(row.acerbiSzekely),
        },
      ]),
  )
}

function packageVersion(name: string): string {
  const path = new URL(`../../node_modules/${name}/package.json`, import.meta.url)
  return (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version
}
