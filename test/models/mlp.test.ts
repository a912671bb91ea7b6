import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import type { MlpRows } from '../../models/training/mlp/check.ts'
import {
  LEVELS,
  type MlpWeights,
  mlpForecast,
  mlpForward,
  mlpFunction,
  weightsOf,
} from '../../models/training/mlp/network.ts'
import { plainGradients } from '../../models/training/mlp/plain.ts'
import type { Gradients, Problem } from '../../models/training/mlp/problem.ts'
import { tensorflowGradients } from '../../models/training/mlp/tensorflow.ts'
import { type EpochReport, trainMlp } from '../../models/training/mlp/train.ts'
import { uniforms } from '../../models/training/trees/random.ts'
import { fitOf, knownRows, trueFactor, trueShortfall, WIDTH } from './mlp-samples.ts'

type Maker = (problem: Problem) => Gradients
const ENGINES = ['by hand', 'by TensorFlow.js'] as const
let makers: Readonly<Record<(typeof ENGINES)[number], Maker>>
beforeAll(async () => {
  makers = { 'by hand': plainGradients, 'by TensorFlow.js': await tensorflowGradients() }
})

const rowOf = ({ x }: MlpRows, row: number): Float64Array => x.subarray(row * WIDTH, (row + 1) * WIDTH)

describe('a net learns', () => {
  test.each(ENGINES)('quantiles, deviation and shortfall that inputs govern, on rows not seen: %s', (engine) => {
    const weights = trainMlp(fitOf(knownRows(12_000, 1), { epochs: 15, batch: 160 }), makers[engine])
    const unseen = knownRows(10_000, 2)
    const net = mlpFunction(weights)
    const outputs = [...unseen.weight.keys()].map((row) => net(rowOf(unseen, row)))
    const cells = [
      { first: -1, second: -1 },
      { first: -1, second: 0 },
      { first: 0, second: -1 },
      { first: 0, second: 0 },
    ]
    for (const { first, second } of cells) {
      const inside = [...unseen.weight.keys()].filter((row) => {
        const [a = 0, b = 0] = rowOf(unseen, row)
        return a >= first && a < first + 1 && b >= second && b < second + 1
      })
      for (const horizon of [0, 1]) {
        const { base, loss } = unseen.horizons[horizon] ?? { base: [], loss: [] }
        const forecast = (row: number): ReturnType<typeof mlpForecast> => {
          const output = outputs[row]?.[horizon]
          if (output === undefined) throw new Error(`row ${row} has no output`)
          return mlpForecast(output, base[row] ?? Number.NaN)
        }
        const keys = ['quantile50', 'quantile90', 'quantile95', 'valueAtRisk99'] as const
        for (const [index, key] of keys.entries()) {
          const level = LEVELS[index] ?? Number.NaN
          const covered = inside.filter((row) => (loss[row] ?? 0) <= forecast(row)[key]).length / inside.length
          // Four deviations of a binomial count, the quantile itself being known.
          const band = 4 * Math.sqrt((level * (1 - level)) / inside.length)
          expect(Math.abs(covered - level), `${key} at ${first}, ${second}: ${covered}`).toBeLessThan(band)
        }
        const mean = (of: (row: number) => number): number =>
          inside.reduce((sum, row) => sum + of(row), 0) / inside.length
        const sigma = mean(
          (row) => forecast(row).volatility / ((base[row] ?? 0) * trueFactor(rowOf(unseen, row)[0] ?? 0)),
        )
        const shortfall = mean(
          (row) => forecast(row).expectedShortfall99 / ((base[row] ?? 0) * trueShortfall(rowOf(unseen, row))),
        )
        expect(Math.abs(sigma - 1), `deviation at ${first}, ${second}`).toBeLessThan(0.05)
        expect(Math.abs(shortfall - 1), `shortfall at ${first}, ${second}`).toBeLessThan(0.1)
      }
    }
  })

  test('no more than it may: a correction is held within three times the base', () => {
    const rows = knownRows(400, 3)
    const wrong = { ...rows, horizons: rows.horizons.map((each) => ({ ...each, base: each.base.map((b) => b / 40) })) }
    const weights = trainMlp(fitOf(wrong, { epochs: 60, learningRate: 0.02 }), plainGradients)
    const [output] = mlpForward(weights, rowOf(rows, 0))
    expect(output?.lnCorrection).toBeCloseTo(Math.log(3), 12)
  })
})

describe('a net begins', () => {
  const starts = [
    [0.1, 1.2, 1.7, 2.9, 3.8],
    [-0.2, 0.9, 1.4, 2.5, 2.6],
  ] as const

  test('at the base model and the starting tail, whatever the row', () => {
    const rows = knownRows(50, 4)
    const net = mlpFunction(trainMlp(fitOf(rows, { starts, epochs: 0 }), plainGradients))
    for (const row of rows.weight.keys()) {
      for (const [horizon, { lnCorrection, tail }] of net(rowOf(rows, row)).entries()) {
        expect(lnCorrection).toBe(0)
        for (const [index, each] of tail.entries()) expect(each).toBeCloseTo(starts[horizon]?.[index] ?? Number.NaN, 12)
      }
    }
  })

  test('and stays there where no epoch is better on the validation rows', () => {
    // Training rows that tell the opposite of the validation rows: days without a move, and gains alone.
    const rows = knownRows(300, 5)
    const opposite = {
      ...rows,
      horizons: rows.horizons.map(({ base, loss }) => ({
        base,
        realized: base.map((each) => each / 20),
        loss: loss.map((each) => -3 - each),
      })),
    }
    const fit = fitOf(opposite, { starts, validation: knownRows(300, 6), patience: 2, epochs: 20 })
    const reports: EpochReport[] = []
    const weights = trainMlp(fit, plainGradients, (report) => reports.push(report))
    expect(reports.map(({ kept }) => kept)).toEqual([0, 0])
    expect(weights).toEqual(trainMlp({ ...fit, epochs: 0 }, plainGradients))
  })
})

test('a net never crosses its quantiles, whatever its weights and inputs', () => {
  const value = fc.double({ min: -1e3, max: 1e3, noNaN: true })
  fc.assert(
    fc.property(
      fc.array(value, { minLength: 76, maxLength: 76 }),
      fc.array(value, { minLength: 3, maxLength: 3 }),
      fc.double({ min: 1e-6, max: 1, noNaN: true }),
      (parameters, row, base) => {
        const weights = weightsOf([3, 4, 12], Float64Array.from(parameters))
        for (const output of mlpForward(weights, row)) {
          const { volatility, ...tail } = mlpForecast(output, base)
          expect(volatility).toBeGreaterThanOrEqual((base / 3) * (1 - 1e-12))
          expect(volatility).toBeLessThanOrEqual(base * 3 * (1 + 1e-12))
          const members = Object.values(tail)
          expect(members.toSorted((a, b) => a - b)).toEqual(members)
        }
      },
    ),
    { seed: 11, numRuns: 300 },
  )
})

describe('training stops', () => {
  test('when the validation loss does not fall, and keeps the weights of its lowest', () => {
    const fit = fitOf(knownRows(120, 7), {
      validation: knownRows(400, 8),
      patience: 4,
      epochs: 400,
      batch: 16,
      learningRate: 0.02,
    })
    const reports: EpochReport[] = []
    const weights = trainMlp(fit, plainGradients, (report) => reports.push(report))
    const losses = reports.map(({ validationLoss = Number.NaN }) => validationLoss)
    const best = losses.indexOf(Math.min(...losses)) + 1
    expect(best).toBeGreaterThan(1)
    expect(reports.length).toBe(best + 4)
    expect(reports.at(-1)?.kept).toBe(best)
    const { patience: _, ...patient } = fit
    expect(weights).toEqual(trainMlp({ ...patient, epochs: best }, plainGradients))
    expect(weights).not.toEqual(trainMlp({ ...patient, epochs: best + 4 }, plainGradients))
  })

  test('never where nothing tells it to', () => {
    const reports: EpochReport[] = []
    trainMlp(fitOf(knownRows(50, 9), { epochs: 7 }), plainGradients, (report) => reports.push(report))
    expect(reports.map(({ epoch, kept }) => [epoch, kept])).toEqual([1, 2, 3, 4, 5, 6, 7].map((each) => [each, each]))
  })
})

describe('weights', () => {
  const trained = (engine: (typeof ENGINES)[number], seed = 5): MlpWeights =>
    trainMlp(fitOf(knownRows(500, 10), { seed, weightDecay: 0.01 }), makers[engine])

  test.each(ENGINES)('are the same to the bit for the same input, and others for another seed: %s', (engine) => {
    expect(trained(engine)).toEqual(trained(engine))
    expect(trained(engine, 6)).not.toEqual(trained(engine))
  })

  test('are those of the machine where the vectors were made', () => {
    const path = new URL('../vectors/mlp-digests.json', import.meta.url)
    const vectors: { readonly sha256: Readonly<Record<string, string>> } = JSON.parse(readFileSync(path, 'utf8'))
    const digest = (weights: MlpWeights): string => createHash('sha256').update(JSON.stringify(weights)).digest('hex')
    expect(Object.fromEntries(ENGINES.map((engine) => [engine, digest(trained(engine))]))).toEqual(vectors.sha256)
  })

  test('heavier than others count as so many rows', () => {
    const rows = knownRows(40, 12)
    const twice = (values: Float64Array): Float64Array => Float64Array.from([...values, ...values])
    const doubled = {
      x: twice(rows.x),
      weight: twice(rows.weight),
      horizons: rows.horizons.map(({ base, realized, loss }) => ({
        base: twice(base),
        realized: twice(realized),
        loss: twice(loss),
      })),
    }
    // One step an epoch, so that only the mean over all rows matters; and a third copy by weight on the first half of them.
    const weight = doubled.weight.map((_, row) => (row < 40 ? 5 : 1))
    const rest = { batch: 1_000, epochs: 20 }
    const one = trainMlp(fitOf(rows, rest), plainGradients)
    const other = trainMlp(fitOf({ ...doubled, weight }, rest), plainGradients)
    const flat = (weights: MlpWeights): number[] => weights.layers.flatMap((layer) => [...layer.weight, ...layer.bias])
    for (const [index, each] of flat(one).entries()) expect(flat(other)[index]).toBeCloseTo(each, 9)
  })

  test('are moved by a broken price as by 50 base deviations, and no further', () => {
    const rows = knownRows(100, 14)
    const broken = (deviations: number): MlpWeights => {
      const horizons = rows.horizons.map(({ base, realized, loss }) => {
        const far = deviations * (base[7] ?? Number.NaN)
        return { base, realized: realized.with(7, far), loss: loss.with(7, far) }
      })
      return trainMlp(fitOf({ ...rows, horizons }), plainGradients)
    }
    expect(broken(1e9)).toEqual(broken(51))
    expect(broken(51)).not.toEqual(broken(40))
  })

  test('decay towards the base model, biases keeping what they have', () => {
    // With nothing to learn, decay alone moves them; 20 epochs of 8 steps.
    const rest = { emphasis: { deviation: 0, quantiles: 0, shortfall: 0 }, learningRate: 0.01, weightDecay: 0.5 }
    const fit = fitOf(knownRows(500, 13), { ...rest, epochs: 20 })
    const start = trainMlp({ ...fit, epochs: 0 }, plainGradients)
    const decayed = trainMlp(fit, plainGradients)
    for (const [index, { weight, bias }] of decayed.layers.entries()) {
      const from = start.layers[index]
      for (const [place, each] of bias.entries()) expect(each).toBeCloseTo(from?.bias[place] ?? Number.NaN, 12)
      // What is kept is the mean over the last epoch's steps, at whose middle 156.5 have been made.
      for (const [place, each] of weight.entries()) {
        expect(each).toBeCloseTo((from?.weight[place] ?? Number.NaN) * 0.995 ** 156.5, 4)
      }
    }
    expect(Math.max(...decayed.layers.flatMap(({ weight }) => weight))).toBeGreaterThan(0.1)
  })
})

test('a row or weights that fit no net are refused, and why', () => {
  const weights = weightsOf([3, 4, 6], Float64Array.from({ length: 46 }, uniforms(1)))
  expect(() => mlpForward(weights, [1, 2])).toThrow('a row of 2 inputs was given, this net needs 3')
  expect(() => mlpForward(weights, [1, 2, Number.NaN])).toThrow('finite inputs')
  expect(() => mlpForward({ ...weights, width: 2 }, [1, 2])).toThrow('layer 0 takes 3 numbers, 2 reach it')
  expect(() => mlpForward({ ...weights, horizons: 2 }, [1, 2, 3])).toThrow('6 outputs are not 6 for each of 2 horizons')
  const [output] = mlpForward(weights, [1, 2, 3])
  expect(() => mlpForecast(output ?? { lnCorrection: 0, tail: [0, 0, 0, 0, 0] }, 0)).toThrow(
    'a base deviation is positive',
  )
})
