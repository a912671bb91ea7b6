import exp from '@stdlib/math-base-special-exp'
import { RISK_OUTPUT_COUNT } from '../../../oracle-node/core/prediction.ts'
import { type LogHarCoefficients, logHarSigmas, sigmasOfInputs } from '../../baselines/log-har.ts'
import { logInputs } from '../../baselines/log-inputs.ts'
import { filteredOutputs, type Limits, type Sigmas } from '../../baselines/outputs.ts'
import type { Sample } from '../dataset.ts'
import { fitMultipliers } from '../fit-multipliers.ts'
import { emptyGraph, type Graph } from '../onnx/graph.ts'
import { logHarSigmaNodes, logInputNodes } from '../onnx/log-har.ts'
import { sigmaNodes } from '../onnx/outputs.ts'
import type { FittedRisk } from '../risk-models.ts'
import { LEAF, predictTrees, type TreeEnsemble } from '../trees/ensemble.ts'
import { type FitTrees, fitTrees, type TreeRows } from '../trees/fit.ts'
import { TREES_OPSET, treesNodes } from '../trees/onnx.ts'
import { assetWeights } from '../weighted.ts'
import { partForStopping } from './stopping.ts'
import { TREE_INPUT_MATRIX, TREE_INPUTS, treeInputs, treeInputsOf } from './tree-inputs.ts'

/** Log-HAR and what trees add to the logarithm of its day's variance. */
export type TreesModel = Limits & {
  readonly base: Pick<LogHarCoefficients, 'day' | 'hour'>
  readonly day: TreeEnsemble
  readonly multipliers: readonly number[]
}

/** ln 9, three times the deviation: trees that want more than this have seen nothing like it. */
const CORRECTION_MAX = 2.1972245773362196
/** As in log-HAR: past this ratio of realised to forecast variance a day weighs as if it were this. */
const RATIO_MAX = 50

/** Chosen on refits before 2024; a leaf is pulled to no correction by as much as a thousand samples. */
const SETTINGS = {
  width: TREE_INPUTS.length,
  loss: { kind: 'qlike' },
  rounds: 200,
  learningRate: 0.05,
  leaves: 8,
  leafWeightMin: 0.02,
  bins: 64,
  l2: 1_000,
  featureShare: 0.7,
  rowShare: 0.7,
  seed: 7,
  patience: 30,
} as const satisfies Partial<FitTrees>

/**
 * Boosted trees upon log-HAR: of y = realised²/σ² they learn ln E[y] by QLIKE, so that no tree is log-HAR itself, and early stopping on the last
 * part of the samples may choose just that. The tail is filtered historical simulation over the corrected deviation, and the hour is log-HAR's as
 * it is: on refits before 2024 trees of these sizes made FZ0 worse for the tail's quantiles, and QLIKE no better for the hour. Fitted on
 * volatile assets, as log-HAR is.
 * @throws {Error} when the samples are too few to part by time.
 */
export function growTreesModel(train: readonly Sample[], limits: Limits, logHar: LogHarCoefficients): TreesModel {
  const volatile = train.filter(({ kind }) => kind === 'volatile')
  const { fitted, watched } = partForStopping(volatile)
  const grown = fitTrees({ ...SETTINGS, ...rowsOf(fitted, logHar), validation: rowsOf(watched, logHar) })
  const { floor, cap, day, hour } = { ...logHar, ...limits }
  const trees = { base: { day, hour }, day: grown }
  const sigmas = volatile.map(({ features }) => treesSigmas(features, trees))
  return { ...trees, multipliers: fitMultipliers(volatile, sigmas), floor, cap }
}

/** The trees in all the forms of a registry's model. */
export function treesRisk(model: TreesModel): FittedRisk {
  return {
    id: 'trees',
    coefficients: summaryOf(model),
    outputs: (values) => treesOutputs(values, model),
    onnx: treesOnnx(model),
  }
}

/** The day's is σ·exp(c/2) with c the trees' sum within {@link CORRECTION_MAX}. */
export function treesSigmas(values: readonly number[], model: Pick<TreesModel, 'base' | 'day'>): Sigmas {
  return treesSigmasOf(logInputs(values), model)
}

/** The same, of log inputs that were worked out before. */
export function treesSigmasOf(inputs: Float64Array, model: Pick<TreesModel, 'base' | 'day'>): Sigmas {
  const [day, hour] = sigmasOfInputs(inputs, model.base)
  const correction = predictTrees(model.day, treeInputsOf(inputs))
  return [day * exp(Math.min(Math.max(correction, -CORRECTION_MAX), CORRECTION_MAX) / 2), hour]
}

export function treesOutputs(values: readonly number[], model: TreesModel): Float64Array {
  return filteredOutputs(treesSigmas(values, model), model.multipliers, model)
}

/** {@link treesOutputs} as a graph. Trees compare doubles as they are, so an input that is a rounding from a threshold may go the other way. */
export function treesOnnx(model: TreesModel): Uint8Array {
  const graph = emptyGraph()
  const logs = logInputNodes(graph)
  sigmaNodes(graph, treesSigmaNodes(graph, logs, logHarSigmaNodes(graph, logs, model.base), model), model)
  return graph.encode({ name: 'trees', width: RISK_OUTPUT_COUNT, opsets: [TREES_OPSET] })
}

/** {@link treesSigmas} of log inputs and log-HAR's deviations: [batch, 2]. */
export function treesSigmaNodes(graph: Graph, logs: string, sigmas: string, model: Pick<TreesModel, 'day'>): string {
  const width = TREE_INPUTS.length
  const matrix = graph.doubles('tree_matrix', [TREE_INPUT_MATRIX.length / width, width], TREE_INPUT_MATRIX)
  const input = graph.node('MatMul', [logs, matrix], 'tree_inputs')
  graph.join({ nodes: treesNodes(model.day, { input, output: 'correction' }) })
  const bounds = [
    graph.doubles('correction_min', [], [-CORRECTION_MAX]),
    graph.doubles('correction_max', [], [CORRECTION_MAX]),
  ]
  const held = graph.node('Clip', ['correction', ...bounds], 'correction_held')
  // Half of it for the day and nothing for the hour, which e⁰ leaves as it is.
  const halves = graph.node('MatMul', [held, graph.doubles('correction_share', [1, 2], [0.5, 0])], 'correction_halves')
  const factors = graph.node('Exp', [halves], 'correction_factors')
  return graph.node('Mul', [sigmas, factors], 'corrected_sigmas')
}

function rowsOf(samples: readonly Sample[], logHar: LogHarCoefficients): TreeRows {
  const x = new Float64Array(samples.length * TREE_INPUTS.length)
  const y = new Float64Array(samples.length)
  for (const [row, { features, realized }] of samples.entries()) {
    const ratio = realized / logHarSigmas(features, logHar)[0]
    x.set(treeInputs(features), row * TREE_INPUTS.length)
    y[row] = Math.min(RATIO_MAX, ratio * ratio)
  }
  // As log-HAR weighs them: between every sample alike, and every asset alike.
  return { x, y, weight: assetWeights(samples).map(Math.sqrt) }
}

/** What a reader can use of thousands of nodes: how many trees there are and what they ask. The nodes themselves are in the graph. */
function summaryOf({ day, multipliers, floor, cap }: TreesModel): object {
  const asked = day.trees.flatMap(({ feature }) => feature.filter((each) => each !== LEAF))
  const counts = TREE_INPUTS.map(({ name }, place) => [name, asked.filter((each) => each === place).length] as const)
  const splits = Object.fromEntries(counts.filter(([, count]) => count > 0))
  return { trees: day.trees.length, base: day.base, splits, settings: SETTINGS, multipliers, floor, cap }
}
