import { readFileSync } from 'node:fs'
import { FEATURE_SPEC_HASH } from '../../oracle-node/core/feature-spec.ts'
import { OPSET } from './export-onnx.ts'
import { sha256Hex } from './manifest.ts'
import type { Trained } from './pipeline.ts'

/** What a registry and the cards are written from. */
export type TrainedFiles = {
  readonly trained: Trained
  readonly onnx: { readonly ewma: Uint8Array; readonly har: Uint8Array; readonly depth: Uint8Array }
  readonly manifest: string
}

/** Each default model runs; their equal-weight mean is the forecast. */
const RISK_DEFAULTS = ['ewma', 'har-quantile']

/** `models/registry.json`: what a node checks every model file against before it runs it. */
export function registryJson({ trained, onnx, manifest }: TrainedFiles): string {
  const common = {
    featureSpec: FEATURE_SPEC_HASH,
    trainingDataManifest: sha256Hex(manifest),
    opset: OPSET,
    trainedWith: {
      node: process.version,
      onnxruntime: packageVersion('onnxruntime-node'),
      onnxProto: packageVersion('onnx-proto'),
    },
    status: 'default',
  }
  const risk = (id: string, file: string, bytes: Uint8Array, coefficients: object): object => ({
    kind: 'risk',
    file,
    sha256: sha256Hex(bytes),
    ...common,
    coefficients,
    metrics: pooledOf(trained, id),
  })
  const registry = {
    version: 1,
    defaults: { risk: RISK_DEFAULTS, liquidity: 'depth' },
    models: {
      ewma: risk('ewma', 'volatility/ewma.onnx', onnx.ewma, trained.ewma),
      'har-quantile': risk('har-quantile', 'volatility/har-quantile.onnx', onnx.har, trained.har),
      depth: {
        kind: 'liquidity',
        file: 'liquidity/depth.onnx',
        sha256: sha256Hex(onnx.depth),
        ...common,
        coefficients: trained.depth,
        metrics: { calibrationPoints: trained.depthPoints.length },
      },
    },
    combination: { id: 'mean(ewma, har-quantile)', metrics: pooledOf(trained, 'mean(ewma, har-quantile)') },
  }
  return `${JSON.stringify(registry, null, 2)}\n`
}

/** Validation and test, by kind of asset, to six digits: what a reader compares models by. */
function pooledOf(trained: Trained, id: string): object {
  const rows = trained.pooled.filter((row) => row.model === id && row.part !== 'train')
  const round = (value: number): number => Number(value.toPrecision(6))
  return Object.fromEntries(
    rows.map((row) => [
      `${row.part} ${row.kind}`,
      {
        forecasts: row.forecasts,
        coverage: round(row.coverage),
        coverageInterval: [round(row.coverageInterval.low), round(row.coverageInterval.high)],
        qlike: round(row.qlike),
        qlikeInterval: [round(row.qlikeInterval.low), round(row.qlikeInterval.high)],
        fzLoss: round(row.fzLoss),
        acerbiSzekely: round(row.acerbiSzekely),
      },
    ]),
  )
}

function packageVersion(name: string): string {
  const path = new URL(`../../node_modules/${name}/package.json`, import.meta.url)
  return (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version
}
