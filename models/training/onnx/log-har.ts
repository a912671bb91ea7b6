import { invariant } from '../../../oracle-node/core/errors.ts'
import { RISK_OUTPUT_COUNT } from '../../../oracle-node/core/prediction.ts'
import { LN_VARIANCE_RANGE, type LogHarCoefficients } from '../../baselines/log-har.ts'
import { LOG_INPUTS, SCALE_FLOOR, SHARE_OF_WEEK } from '../../baselines/log-inputs.ts'
import { columns, featureColumns } from './features.ts'
import { emptyGraph, type Graph } from './graph.ts'
import { sigmaNodes } from './outputs.ts'

/** `logHarModel` as a graph. */
export function logHarOnnx(coefficients: LogHarCoefficients): Uint8Array {
  const graph = emptyGraph()
  sigmaNodes(graph, logHarSigmaNodes(graph, logInputNodes(graph), coefficients), coefficients)
  return graph.encode({ name: 'log-har', width: RISK_OUTPUT_COUNT })
}

/** `logHarSigmas` of `logInputs`: deviations [batch, 2], the day's and the hour's, which challengers correct and scale. */
export function logHarSigmaNodes(
  graph: Graph,
  inputs: string,
  { day, hour }: Pick<LogHarCoefficients, 'day' | 'hour'>,
): string {
  const weights = LOG_INPUTS.flatMap(({ name }) => [day.weights[name] ?? 0, hour.weights[name] ?? 0])
  const [least, most] = LN_VARIANCE_RANGE
  const variance = graph.node(
    'Gemm',
    [
      inputs,
      graph.doubles('log_har_weights', [LOG_INPUTS.length, 2], weights),
      graph.doubles('log_har_intercepts', [1, 2], [day.intercept, hour.intercept]),
    ],
    'ln_variance',
  )
  const limits = [graph.doubles('ln_variance_min', [], [least]), graph.doubles('ln_variance_max', [], [most])]
  const held = graph.node('Clip', [variance, ...limits], 'ln_variance_held')
  return graph.node('Exp', [graph.node('Mul', [held, half(graph, 'ln_variance')], 'ln_sigmas')], 'sigmas')
}

/** `logInputs` of the features, [batch, LOG_INPUTS]: up to the logarithm the same operations in the same order, so the same bits. */
export function logInputNodes(graph: Graph): string {
  const logs = LOG_INPUTS.flatMap((input) => (input.kind === 'log' ? [input] : []))
  const falls = LOG_INPUTS.flatMap((input) => (input.kind === 'fall' ? [input] : []))
  const shares = LOG_INPUTS.flatMap((input) => (input.kind === 'share' ? [input] : []))
  const order = [...logs, ...falls, ...shares]
  invariant(
    LOG_INPUTS.every((input, index) => input === order[index]),
    'logarithms come first, then falls, then shares',
  )
  invariant(logs.length % 2 === 0, `Log takes an even number of columns, got ${logs.length}`)
  const weeks = [...new Set([...logs, ...falls].map(({ week }) => week))]
  const squares = squared(graph, featureColumns(graph, weeks, 'weeks'))
  const floor = graph.doubles('scale_floor', [1, 1], [SCALE_FLOOR * SCALE_FLOOR])
  const weekOf = (inputs: ReadonlyArray<{ readonly week: string }>, of: string, name: string): string =>
    columns(graph, { of, places: inputs.map(({ week }) => weeks.indexOf(week)), name })

  const share = graph.doubles('share_of_week', [1, 1], [SHARE_OF_WEEK * SHARE_OF_WEEK])
  const softeners = graph.node('Add', [graph.node('Mul', [squares, share], 'week_shares'), floor], 'softeners')
  const softened = graph.node(
    'Add',
    [squared(graph, namedColumns(graph, logs, 'scales')), weekOf(logs, softeners, 'softener_each')],
    'softened',
  )
  const logged = graph.node('Mul', [graph.node('Log', [softened], 'ln_squares'), half(graph, 'log')], 'ln_scales')

  const roots = graph.node('Sqrt', [graph.node('Add', [squares, floor], 'week_floored')], 'week_roots')
  const counted = graph.node(
    'Div',
    [namedColumns(graph, falls, 'falls'), weekOf(falls, roots, 'week_root_each')],
    'falls_in_weeks',
  )
  return graph.node('Concat', [logged, counted, namedColumns(graph, shares, 'shares')], 'log_inputs', { axis: 1 })
}

function namedColumns(graph: Graph, inputs: ReadonlyArray<{ readonly name: string }>, name: string): string {
  return featureColumns(
    graph,
    inputs.map((input) => input.name),
    name,
  )
}

function squared(graph: Graph, of: string): string {
  return graph.node('Mul', [of, of], `${of}_squared`)
}

function half(graph: Graph, of: string): string {
  return graph.doubles(`${of}_half`, [1, 1], [0.5])
}
