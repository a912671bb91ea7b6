import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { InvariantError } from '../../oracle-node/core/errors.ts'
import {
  type Contribution,
  coalitionVectors,
  contributionsFrom,
  EXACT_PLAYERS_MAX,
  explanationPlan,
} from '../../oracle-node/core/explain.ts'
import { linearContributions } from '../../oracle-node/core/explain-linear.ts'
import type { Player } from '../../oracle-node/core/explain-players.ts'
import type { FeatureVector } from '../../oracle-node/core/prediction.ts'

const SEED = 20_261_123
type Model = (values: readonly number[]) => readonly number[]

const vectorOf = (values: readonly number[]): FeatureVector => ({ specHash: 'spec', values })
const single = (count: number): Player[] =>
  Array.from({ length: count }, (_, index) => ({ name: `x${index}`, unit: '', words: '', indexes: [index] }))

type Game = { x: readonly number[]; reference: readonly number[]; players?: readonly Player[]; pairs?: number }

function explained(model: Model, { x, reference, players = single(x.length), pairs = 8 }: Game): Contribution[] {
  const plan = explanationPlan({
    players,
    vector: vectorOf(x),
    reference: vectorOf(reference),
    pairs,
    seed: 'a seed',
  })
  return contributionsFrom(
    plan,
    coalitionVectors(plan).map(({ values }) => model(values)),
  )
}

const values = (count: number) =>
  fc.array(fc.double({ min: -3, max: 3, noNaN: true }), { minLength: count, maxLength: count })
/** A vector, a reference, and a model that lets up to three neighbours act together, with two outputs. */
const anyGame = fc
  .integer({ min: 1, max: 16 })
  .chain((count) => fc.record({ x: values(count), reference: values(count), weights: values(3 * count) }))
const tangled =
  (weights: readonly number[]): Model =>
  (given) => {
    const at = (list: readonly number[], index: number): number => list[index % list.length] ?? 0
    let value = 1
    for (const index of given.keys()) {
      value += at(weights, 3 * index) * at(given, index)
      value += at(weights, 3 * index + 1) * at(given, index) * at(given, index + 1)
      value += at(weights, 3 * index + 2) * at(given, index) * at(given, index + 1) * at(given, index + 2)
    }
    return [value, Math.max(0, value)]
  }
const sum = (list: readonly number[]): number => list.reduce((total, each) => total + each, 0)
const column = (shares: readonly Contribution[], output = 0): number[] =>
  shares.map(({ contributions }) => contributions[output] ?? Number.NaN)

/** The mean gain over every order of coming in: the definition, written out. */
function byDefinition(model: Model, x: readonly number[], reference: readonly number[]): number[] {
  const orders = (left: readonly number[]): number[][] =>
    left.length === 0
      ? [[]]
      : left.flatMap((first) => orders(left.filter((each) => each !== first)).map((rest) => [first, ...rest]))
  const every = orders([...x.keys()])
  const shares = x.map(() => 0)
  for (const order of every) {
    const mixed = [...reference]
    let before = model(mixed)[0] ?? 0
    for (const player of order) {
      mixed[player] = x[player] ?? 0
      const after = model(mixed)[0] ?? 0
      shares[player] = (shares[player] ?? 0) + (after - before) / every.length
      before = after
    }
  }
  return shares
}

test('contributions add up to the whole difference, in each output', () => {
  fc.assert(
    fc.property(anyGame, ({ x, reference, weights }) => {
      const model = tangled(weights)
      const shares = explained(model, { x, reference })
      for (const output of [0, 1]) {
        const whole = (model(x)[output] ?? 0) - (model(reference)[output] ?? 0)
        expect(sum(column(shares, output))).toBeCloseTo(whole, 9)
      }
    }),
    { seed: SEED },
  )
})

test('small games are exact: the mean over every order of coming in', () => {
  fc.assert(
    fc.property(
      fc
        .integer({ min: 1, max: 5 })
        .chain((count) => fc.record({ x: values(count), reference: values(count), weights: values(3 * count) })),
      ({ x, reference, weights }) => {
        const shares = explained(tangled(weights), { x, reference })
        for (const [index, expected] of byDefinition(tangled(weights), x, reference).entries()) {
          expect(column(shares)[index]).toBeCloseTo(expected, 9)
        }
        expect(shares.every(({ standardErrors }) => standardErrors.every((error) => error === 0))).toBe(true)
      },
    ),
    { seed: SEED, numRuns: 40 },
  )
})

describe('a sampled game', () => {
  const count = EXACT_PLAYERS_MAX + 4
  const x = Array.from({ length: count }, (_, index) => 1 + ((index * 5) % 7) / 7)
  const reference = Array.from({ length: count }, (_, index) => ((index * 3) % 5) / 10)
  const weights = Array.from({ length: 27 }, (_, index) => ((index * 7) % 11) / 11 - 0.3)
  /** Only the first nine matter: with the others at the reference the game is enumerated, with them elsewhere it is sampled. */
  const nine: Model = (given) => tangled(weights)(given.slice(0, 9))
  const quiet = x.map((each, index) => (index < 9 ? each : (reference[index] ?? 0)))

  test('comes as near to full enumeration as its standard errors say, and more pairs bring it nearer', () => {
    const exact = column(explained(nine, { x: quiet, reference }))
    const widths = [10, 1_000].map((pairs) => {
      const shares = explained(nine, { x, reference, pairs })
      for (const [index, { contributions, standardErrors }] of shares.entries()) {
        const [error = 0] = standardErrors
        expect(Math.abs((contributions[0] ?? 0) - (exact[index] ?? 0))).toBeLessThanOrEqual(5 * error + 1e-9)
      }
      return sum(shares.map(({ standardErrors }) => standardErrors[0] ?? 0))
    })
    const [few = 0, many = 0] = widths
    expect(few).toBeGreaterThan(0)
    expect(few / many).toBeGreaterThan(7)
    expect(few / many).toBeLessThan(14)
  })

  test('is exact where at most two act together, since each order comes with its reverse', () => {
    const partner = (index: number): number => (index + 3) % count
    const pairwise: Model = (given) => [sum(given.map((each, index) => each * (given[partner(index)] ?? 0)))]
    const expected = x.map(() => 0)
    for (const index of x.keys()) {
      const other = partner(index)
      const [a = 0, b = 0, c = 0, d = 0] = [x[index], x[other], reference[index], reference[other]]
      expected[index] = (expected[index] ?? 0) + ((a - c) * (b + d)) / 2
      expected[other] = (expected[other] ?? 0) + ((b - d) * (a + c)) / 2
    }
    const shares = explained(pairwise, { x, reference, pairs: 2 })
    for (const [index, each] of expected.entries()) {
      expect(column(shares)[index]).toBeCloseTo(each, 9)
      expect(shares[index]?.standardErrors[0]).toBeLessThan(1e-9)
    }
  })

  test('is the same on every run, and another with another seed', () => {
    const plan = (seed: string) =>
      explanationPlan({ players: single(count), vector: vectorOf(x), reference: vectorOf(reference), pairs: 4, seed })
    expect(plan('one')).toEqual(plan('one'))
    expect(plan('one').orders).not.toEqual(plan('two').orders)
    // Drawn once and kept: a change of the generator changes every explanation.
    expect(plan('one').orders[0]).toEqual([5, 6, 4, 10, 8, 2, 7, 1, 13, 11, 0, 3, 12, 9])
  })

  test('asks no coalition twice, and no more than the orders pass through', () => {
    const { coalitions, orders } = explanationPlan({
      players: single(count),
      vector: vectorOf(x),
      reference: vectorOf(reference),
      pairs: 4,
      seed: 'a seed',
    })
    expect(orders).toHaveLength(8)
    expect(new Set(coalitions).size).toBe(coalitions.length)
    expect(coalitions.length).toBeLessThanOrEqual(2 + 8 * (count - 1))
  })
})

test('a player that differs but never matters contributes nothing', () => {
  fc.assert(
    fc.property(anyGame, ({ x, reference, weights }) => {
      const model: Model = (given) => tangled(weights)(given.slice(0, -1))
      const shares = explained(model, { x: [...x, 1], reference: [...reference, 0] })
      expect(shares.at(-1)?.contributions.every((each) => Math.abs(each) < 1e-9)).toBe(true)
    }),
    { seed: SEED },
  )
})

test('a player that stands where the reference does contributes exactly nothing and costs no prediction', () => {
  const shared = { players: single(3), pairs: 2, seed: 'a seed' }
  const plan = explanationPlan({ ...shared, vector: vectorOf([1, 5, 2]), reference: vectorOf([0, 5, 0]) })
  expect(coalitionVectors(plan).map((each) => each.values)).toEqual([
    [0, 5, 0],
    [1, 5, 2],
    [1, 5, 0],
    [0, 5, 2],
  ])
  const shares = contributionsFrom(plan, [[0], [4], [1], [2]])
  expect(column(shares)).toEqual([1.5, 0, 2.5])
  const same = explanationPlan({ ...shared, vector: vectorOf([1, 1, 1]), reference: vectorOf([1, 1, 1]) })
  expect(coalitionVectors(same)).toHaveLength(1)
  expect(column(contributionsFrom(same, [[9]]))).toEqual([0, 0, 0])
})

test('players that act alike contribute alike', () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 8 }), values(24), values(8), (count, weights, x) => {
      const twins = (given: readonly number[]): readonly number[] => [
        (given[0] ?? 0) + (given[1] ?? 0),
        ...given.slice(2),
      ]
      const shares = explained((given) => tangled(weights)(twins(given)), {
        x: [1.5, 1.5, ...x.slice(2, count)],
        reference: new Array<number>(count).fill(0.25),
      })
      expect(column(shares)[0]).toBeCloseTo(column(shares)[1] ?? Number.NaN, 9)
    }),
    { seed: SEED },
  )
})

test('the contributions to a sum of models are the sums of their contributions', () => {
  fc.assert(
    fc.property(anyGame, fc.double({ min: -2, max: 2, noNaN: true }), ({ x, reference, weights }, scale) => {
      const one = tangled(weights)
      const two = tangled(weights.toReversed())
      const joint: Model = (given) => [(one(given)[0] ?? 0) + scale * (two(given)[0] ?? 0)]
      const shares = column(explained(joint, { x, reference }))
      const [first, second] = [one, two].map((model) => column(explained(model, { x, reference })))
      for (const [index, each] of shares.entries()) {
        expect(each).toBeCloseTo((first?.[index] ?? 0) + scale * (second?.[index] ?? 0), 9)
      }
    }),
    { seed: SEED },
  )
})

test('a linear model’s contributions are its closed form, without error, however few orders are sampled', () => {
  fc.assert(
    fc.property(anyGame, ({ x, reference, weights: all }) => {
      const weights = all.slice(0, x.length)
      const linear: Model = (given) => [7 + sum(given.map((each, index) => each * (weights[index] ?? 0)))]
      const shares = explained(linear, { x, reference, pairs: 2 })
      for (const [index, expected] of linearContributions({ weights, x, reference }).entries()) {
        expect(column(shares)[index]).toBeCloseTo(expected, 9)
        expect(shares[index]?.standardErrors[0]).toBeLessThan(1e-9)
      }
    }),
    { seed: SEED },
  )
})

test('what the opposite question adds up to is the opposite', () => {
  fc.assert(
    fc.property(anyGame, ({ x, reference, weights }) => {
      const there = sum(column(explained(tangled(weights), { x, reference })))
      const back = sum(column(explained(tangled(weights), { x: reference, reference: x })))
      expect(there).toBeCloseTo(-back, 9)
    }),
    { seed: SEED },
  )
})

describe('a bug of the caller is stopped at', () => {
  const ask = (change: object): unknown =>
    explanationPlan({
      players: single(2),
      vector: vectorOf([1, 2]),
      reference: vectorOf([0, 0]),
      pairs: 2,
      seed: 'a seed',
      ...change,
    })
  const plan = explanationPlan({
    players: single(2),
    vector: vectorOf([1, 2]),
    reference: vectorOf([0, 0]),
    pairs: 2,
    seed: 'a seed',
  })

  test.each([
    ['a reference of another spec', () => ask({ reference: { specHash: 'other', values: [0, 0] } }), /spec other/],
    ['a reference of another length', () => ask({ reference: vectorOf([0]) }), /cannot be compared/],
    ['a value of no player', () => ask({ players: single(1) }), /share out 2 values/],
    ['a value of two players', () => ask({ players: [...single(1), ...single(1)] }), /share out 2 values/],
    ['a place past the end', () => ask({ players: [...single(1), ...single(3).slice(2)] }), /share out 2 values/],
    ['one prediction too few', () => contributionsFrom(plan, [[1], [2], [3]]), /4 predictions were needed, got 3/],
    ['a missing output', () => contributionsFrom(plan, [[1], [2], [3], []]), /1 finite outputs/],
    ['an output that is no number', () => contributionsFrom(plan, [[1], [2], [3], [Number.NaN]]), /1 finite outputs/],
    ['weights without values', () => linearContributions({ weights: [1, 2], x: [1], reference: [0] }), /2 weights/],
  ])('%s', (_name, call, message) => {
    expect(call).toThrow(InvariantError)
    expect(call).toThrow(message)
  })

  test('one pair of orders, which has no standard error', () => {
    const many = Array.from({ length: 12 }, (_, index) => index + 1)
    const call = (): unknown =>
      ask({ players: single(12), vector: vectorOf(many), reference: vectorOf(many.map(() => 0)), pairs: 1 })
    expect(call).toThrow(/at least 2 pairs/)
  })
})
