import { RISK_OUTPUT_COUNT } from '../../../oracle-node/core/prediction.ts'
import { type LogHarCoefficients, logHarSigmas } from '../../baselines/log-har.ts'
import { LOG_INPUTS, logInputs } from '../../baselines/log-inputs.ts'
import { DAYS_ROOT, HOURS_ROOT, type Limits, limited } from '../../baselines/outputs.ts'
import { type MlpWeights, mlpForecast, mlpFunction } from '../mlp/network.ts'
import { mlpNodes } from '../mlp/onnx.ts'
import { columns } from '../onnx/features.ts'
import { emptyGraph, type Graph } from '../onnx/graph.ts'
import { logHarSigmaNodes, logInputNodes } from '../onnx/log-har.ts'
import { limitedNodes } from '../onnx/outputs.ts'

/** Log-HAR, its deviations scaled, and the net that corrects them and gives the tail. */
export type MlpModel = Limits & {
  readonly base: Pick<LogHarCoefficients, 'day' | 'hour'>
  /** Of log-HAR's deviations, day and hour: by which QLIKE is least. */
  readonly scales: readonly [day: number, hour: number]
  readonly center: readonly number[]
  readonly spread: readonly number[]
  readonly weights: MlpWeights
}

/** A standardised input is read no farther out than this: beyond what training saw a net is a straight line to anywhere. */
const INPUT_MAX = 6

/** The part of the model that is there before the net: its inputs and its bases. */
export type MlpBase = Pick<MlpModel, 'base' | 'scales' | 'center' | 'spread'>

/** A forecast's members by place: volatility, quantiles of 50, 90, 95 and 99 %, shortfall; and the outputs' order of them. */
const OUTPUT_ORDER = [0, 4, 5, 1, 2, 3]

export function mlpOutputs(model: MlpModel): (values: readonly number[]) => Float64Array {
  const net = mlpFunction(model.weights)
  return (values) => {
    const bases = mlpBases(values, model)
    const raw = net(mlpInputs(values, model)).flatMap((output, horizon) => {
      const forecast = mlpForecast(output, at(bases, horizon))
      return [
        forecast.volatility * (horizon === 0 ? DAYS_ROOT : HOURS_ROOT),
        forecast.valueAtRisk99,
        forecast.expectedShortfall99,
        forecast.quantile50,
        forecast.quantile90,
        forecast.quantile95,
      ]
    })
    return limited(Float64Array.from(raw), model)
  }
}

/** Standard log inputs, as the net reads them. */
export function mlpInputs(values: readonly number[], { center, spread }: MlpBase): Float64Array {
  return logInputs(values).map((value, column) =>
    Math.min(Math.max((value - at(center, column)) / at(spread, column), -INPUT_MAX), INPUT_MAX),
  )
}

/** Scaled log-HAR deviations, as the net corrects them. */
export function mlpBases(values: readonly number[], { base, scales }: MlpBase): [number, number] {
  const [day, hour] = logHarSigmas(values, base)
  return [day * scales[0], hour * scales[1]]
}

/** `mlpOutputs` as a graph. */
export function mlpOnnx(model: MlpModel): Uint8Array {
  const graph = emptyGraph()
  const logs = logInputNodes(graph)
  const sigmas = logHarSigmaNodes(graph, logs, model.base)
  const bases = graph.node('Mul', [sigmas, graph.doubles('base_scales', [1, 2], model.scales)], 'bases')
  const horizons = ['day', 'hour'].map((name, place) => ({
    base: columns(graph, { of: bases, places: [place], name: `${name}_base` }),
    output: `${name}_forecast`,
  }))
  graph.join(mlpNodes(model.weights, { input: standardisedNodes(graph, logs, model), horizons, prefix: 'mlp' }))
  const ordered = horizons.map(({ output }) =>
    columns(graph, { of: output, places: OUTPUT_ORDER, name: `${output}_ordered` }),
  )
  const both = graph.node('Concat', ordered, 'forecasts', { axis: 1 })
  const units = [DAYS_ROOT, HOURS_ROOT].flatMap((root) => [root, ...new Array<number>(5).fill(1)])
  const raw = graph.node('Mul', [both, graph.doubles('units', [1, RISK_OUTPUT_COUNT], units)], 'raw')
  limitedNodes(graph, raw, model)
  return graph.encode({ name: 'mlp', width: RISK_OUTPUT_COUNT })
}

function standardisedNodes(graph: Graph, logs: string, { center, spread }: MlpModel): string {
  const row = [1, LOG_INPUTS.length]
  const centred = graph.node('Sub', [logs, graph.doubles('center', row, center)], 'centred')
  const standardised = graph.node('Div', [centred, graph.doubles('spread', row, spread)], 'standardised')
  const bounds = [graph.doubles('input_min', [], [-INPUT_MAX]), graph.doubles('input_max', [], [INPUT_MAX])]
  return graph.node('Clip', [standardised, ...bounds], 'mlp_inputs')
}

function at(values: ArrayLike<number>, index: number): number {
  return values[index] ?? Number.NaN
}
