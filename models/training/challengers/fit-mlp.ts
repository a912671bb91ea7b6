import type { LogHarCoefficients } from '../../baselines/log-har.ts'
import { LOG_INPUTS, logInputs } from '../../baselines/log-inputs.ts'
import { DAYS_ROOT, HOURS_ROOT, type Limits } from '../../baselines/outputs.ts'
import type { Sample } from '../dataset.ts'
import { SIGMA_FLOOR } from '../fit-multipliers.ts'
import type { FitMlp, MlpRows } from '../mlp/check.ts'
import type { StandardTail } from '../mlp/network.ts'
import type { Gradients, Problem } from '../mlp/problem.ts'
import { tensorflowGradients } from '../mlp/tensorflow.ts'
import { trainMlp } from '../mlp/train.ts'
import type { FittedRisk } from '../risk-models.ts'
import { assetWeights } from '../weighted.ts'
import { type MlpBase, mlpBases, mlpInputs, mlpOnnx, mlpOutputs } from './mlp.ts'
import { partForStopping } from './stopping.ts'

/** An input that never moves, as a weekend in a sample of Mondays, is nothing times its weight. */
const SPREAD_MIN = 1e-9

const SETTINGS = {
  hidden: [16, 16],
  seed: 7,
  epochs: 40,
  batch: 1_024,
  learningRate: 0.001,
  weightDecay: 1,
  patience: 10,
} as const satisfies Partial<FitMlp>

/**
 * A small perceptron upon log-HAR: ln σ's correction and quantiles that cannot cross, of both horizons at once. It starts at log-HAR with its
 * filtered historical simulation, and early stopping on the last part of the samples may choose just that. Fitted on volatile assets, as
 * log-HAR is.
 * @param gradientsOf TensorFlow.js unless told; by hand it is the same model but for roundings.
 * @throws {Error} when the samples are too few to part by time.
 */
export async function fitMlpModel(
  train: readonly Sample[],
  limits: Limits,
  logHar: LogHarCoefficients,
  gradientsOf?: (problem: Problem) => Gradients,
): Promise<FittedRisk> {
  const { fitted, watched } = partForStopping(train.filter(({ kind }) => kind === 'volatile'))
  const { floor, cap, day, hour, multipliers } = { ...logHar, ...limits }
  const scales = [at(multipliers, 0) / DAYS_ROOT, at(multipliers, 6) / HOURS_ROOT] as const
  const before = { base: { day, hour }, scales, ...standardOf(fitted), floor, cap }
  let epoch = 0
  const fit: FitMlp = {
    ...rowsOf(fitted, before),
    ...SETTINGS,
    width: LOG_INPUTS.length,
    starts: [startOf(multipliers.slice(0, 6), scales[0]), startOf(multipliers.slice(6), scales[1])],
    validation: rowsOf(watched, before),
  }
  const weights = trainMlp(fit, gradientsOf ?? (await tensorflowGradients()), ({ kept }) => {
    epoch = kept
  })
  const model = { ...before, weights }
  return {
    id: 'mlp',
    coefficients: { ...before, settings: SETTINGS, epoch, starts: fit.starts },
    outputs: mlpOutputs(model),
    onnx: mlpOnnx(model),
  }
}

/** Mean and standard deviation of each log input. */
function standardOf(samples: readonly Sample[]): Pick<MlpBase, 'center' | 'spread'> {
  const inputs = samples.map(({ features }) => logInputs(features))
  const meanOf = (of: (row: Float64Array) => number): number =>
    inputs.reduce((sum, row) => sum + of(row), 0) / inputs.length
  const center = LOG_INPUTS.map((_, column) => meanOf((row) => at(row, column)))
  const spread = center.map((mean, column) =>
    Math.max(SPREAD_MIN, Math.sqrt(meanOf((row) => (at(row, column) - mean) * (at(row, column) - mean)))),
  )
  return { center, spread }
}

/** Log-HAR's own tail in units of the scaled deviation; its multipliers begin with the volatility, the shortfall and the 99 % quantile. */
function startOf(multipliers: readonly number[], scale: number): StandardTail {
  const tail = (output: number): number => at(multipliers, output) / scale
  return [tail(3), tail(4), tail(5), tail(1), tail(2)]
}

function rowsOf(samples: readonly Sample[], before: MlpBase): MlpRows {
  const width = LOG_INPUTS.length
  const x = new Float64Array(samples.length * width)
  const bases = samples.map(({ features }, row) => {
    x.set(mlpInputs(features, before), row * width)
    return mlpBases(features, before)
  })
  const columnOf = (of: (sample: Sample) => number): Float64Array => Float64Array.from(samples, of)
  // A market that stood still for a day has no logarithm; training reads it as a fiftieth of the base in any case.
  const positive = (realized: number): number => Math.max(realized, SIGMA_FLOOR / 10)
  return {
    x,
    // As log-HAR weighs them: between every sample alike, and every asset alike.
    weight: assetWeights(samples).map(Math.sqrt),
    horizons: [
      {
        base: Float64Array.from(bases, ([day]) => day),
        realized: columnOf(({ realized }) => positive(realized)),
        loss: columnOf(({ loss }) => loss),
      },
      {
        base: Float64Array.from(bases, ([, hour]) => hour),
        realized: columnOf(({ hourRealized }) => positive(hourRealized)),
        loss: columnOf(({ hourLoss }) => hourLoss),
      },
    ],
  }
}

function at(values: ArrayLike<number>, index: number): number {
  return values[index] ?? Number.NaN
}
