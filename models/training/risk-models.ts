import { type EwmaCoefficients, ewmaModelOutputs } from '../baselines/ewma.ts'
import { type GarchModelCoefficients, garchOutputs } from '../baselines/garch-window.ts'
import { type HarCoefficients, harOutputs } from '../baselines/har.ts'
import { historicalOutputs } from '../baselines/historical.ts'
import { type LogHarCoefficients, logHarOutputs } from '../baselines/log-har.ts'
import type { Limits } from '../baselines/outputs.ts'
import type { Sample } from './dataset.ts'
import { fitLogHar } from './fit-log-har.ts'
import { fitLimits } from './fit-multipliers.ts'
import { fitEwma, fitGarchModel, fitHar } from './fit-risk.ts'
import { harOnnx } from './onnx/har.ts'
import { historicalOnnx } from './onnx/historical.ts'
import { logHarOnnx } from './onnx/log-har.ts'
import { ewmaOnnx, garchOnnx } from './onnx/variance.ts'

/** A fitted risk model in all its forms: coefficients for readers, formula for evaluation, graph for nodes. */
export type FittedRisk = {
  readonly id: string
  readonly coefficients: object
  readonly outputs: (values: readonly number[]) => Float64Array
  readonly onnx: Uint8Array
}

/** All of the registry's risk models, with the coefficients that others build on. */
export type RiskModels = {
  readonly limits: Limits
  readonly ewma: EwmaCoefficients
  readonly garch: GarchModelCoefficients
  readonly gjr: GarchModelCoefficients
  readonly har: HarCoefficients
  readonly logHar: LogHarCoefficients
  readonly models: readonly FittedRisk[]
}

/** RiskMetrics' decay a day. */
const RISK_METRICS = 0.94

/** Fits every risk model on the training part. */
export function fitRiskModels(train: readonly Sample[]): RiskModels {
  const limits = fitLimits(train)
  const riskMetrics = fitEwma(train, limits, RISK_METRICS)
  const ewma = fitEwma(train, limits)
  const garch = fitGarchModel(train, limits, false)
  const gjr = fitGarchModel(train, limits, true)
  const har = fitHar(train, limits)
  const logHar = fitLogHar(train, limits)
  const ofEwma = (id: string, coefficients: EwmaCoefficients): FittedRisk => ({
    id,
    coefficients,
    outputs: ewmaModelOutputs(coefficients),
    onnx: ewmaOnnx(coefficients),
  })
  const ofGarch = (id: string, coefficients: GarchModelCoefficients): FittedRisk => ({
    id,
    coefficients,
    outputs: garchOutputs(coefficients),
    onnx: garchOnnx(coefficients),
  })
  const models: readonly FittedRisk[] = [
    {
      id: 'log-har',
      coefficients: logHar,
      outputs: (values) => logHarOutputs(values, logHar),
      onnx: logHarOnnx(logHar),
    },
    { id: 'har-quantile', coefficients: har, outputs: (values) => harOutputs(values, har), onnx: harOnnx(har) },
    ofGarch('gjr', gjr),
    ofGarch('garch', garch),
    ofEwma('ewma', ewma),
    ofEwma('ewma-94', riskMetrics),
    {
      id: 'historical',
      coefficients: limits,
      outputs: (values) => historicalOutputs(values, limits),
      onnx: historicalOnnx(limits),
    },
  ]
  return { limits, ewma, garch, gjr, har, logHar, models }
}
