import { invariant } from './errors.ts'
import { antitheticOrders } from './explain-orders.ts'
import type { Player } from './explain-players.ts'
import type { FeatureVector } from './prediction.ts'

/** Up to this many players every coalition is asked, so that nothing is sampled: 2^10 vectors, no more than sampling takes. */
export const EXACT_PLAYERS_MAX = 10

/** What has to be asked of a model to share out the difference between two of its predictions. */
export type ExplanationPlan = {
  readonly players: readonly Player[]
  readonly vector: FeatureVector
  readonly reference: FeatureVector
  /** Indices into `players`, of those that differ from the reference; the others contribute exactly nothing. */
  readonly active: readonly number[]
  /** Whether every coalition is asked; else those that the orders pass through. */
  readonly exact: boolean
  /** Orders in which the players come in, by place in `active`, each followed by its reverse. Empty when exact. */
  readonly orders: readonly (readonly number[])[]
  /** Which players have come in (bit i is `active[i]`), each once; nobody first, everybody second unless that is the same. */
  readonly coalitions: readonly bigint[]
}

/** One player's part in each output, in the outputs' units. */
export type Contribution = {
  readonly player: Player
  readonly contributions: readonly number[]
  /** Of the sampling, by pairs of orders; 0 where nothing was sampled. It knows nothing of the model's own error. */
  readonly standardErrors: readonly number[]
}

/**
 * Plans the Shapley values (Shapley 1953, "A value for n-person games") of the game v(S) = f(x where player in S, else reference):
 * features are the players, and a player's value is the mean of f(S and it) − f(S) over all orders of coming in. With one
 * reference vector this is what Sundararajan and Najmi (2020) call baseline Shapley. Exact for up to {@link EXACT_PLAYERS_MAX}
 * players that differ; past them sampled over orders (Štrumbelj and Kononenko 2014), in antithetic pairs (Mitchell et al. 2022):
 * an order and its reverse, so that what two players do together is halved between them exactly and only what three or more do
 * together is left to chance.
 * @param options.pairs Pairs of orders, at least 2; more cost more vectors, and the standard error falls with their root.
 * @param options.seed The same seed gives the same orders on every machine.
 * @throws {InvariantError} when the vectors follow different specs or the players name a value that neither has.
 */
export function explanationPlan(options: {
  readonly players: readonly Player[]
  readonly vector: FeatureVector
  readonly reference: FeatureVector
  readonly pairs: number
  readonly seed: string
}): ExplanationPlan {
  const { players, vector, reference, pairs, seed } = options
  invariant(
    vector.specHash === reference.specHash && vector.values.length === reference.values.length,
    `a vector of spec ${vector.specHash} cannot be compared with a reference of spec ${reference.specHash}`,
  )
  checkPlayers(players, vector.values.length)
  const active = [...players.keys()].filter((player) =>
    players[player]?.indexes.some((index) => vector.values[index] !== reference.values[index]),
  )
  const exact = active.length <= EXACT_PLAYERS_MAX
  const orders = exact ? [] : antitheticOrders({ count: active.length, pairs, seed })
  const coalitions = exact ? everyCoalition(active.length) : coalitionsOf(orders, active.length)
  return { players, vector, reference, active, exact, orders, coalitions }
}

/** The vectors to predict, one for each coalition of the plan: the first is the reference, the second the vector itself. */
export function coalitionVectors({ players, vector, reference, active, coalitions }: ExplanationPlan): FeatureVector[] {
  return coalitions.map((coalition) => {
    const values = [...reference.values]
    for (const [bit, player] of active.entries()) {
      if ((coalition & (1n << BigInt(bit))) === 0n) continue
      for (const index of players[player]?.indexes ?? []) values[index] = vector.values[index] ?? Number.NaN
    }
    return { specHash: vector.specHash, values }
  })
}

/**
 * What each player contributes to each output, in the order of the plan's players. Contributions of an output sum up to
 * f(vector) − f(reference), to the last bits of a double.
 * @param outputs The model's outputs for each of {@link coalitionVectors}, in that order.
 * @throws {InvariantError} on another number of rows, rows of different widths, or an output that is not finite.
 */
export function contributionsFrom(plan: ExplanationPlan, outputs: readonly (readonly number[])[]): Contribution[] {
  const { players, active, coalitions, exact } = plan
  const width = outputs[0]?.length ?? 0
  invariant(outputs.length === coalitions.length, `${coalitions.length} predictions were needed, got ${outputs.length}`)
  invariant(
    outputs.every((row) => row.length === width && row.every(Number.isFinite)),
    `each prediction needs ${width} finite outputs`,
  )
  const rowOf = new Map(coalitions.map((coalition, index) => [coalition, outputs[index] ?? []]))
  const worth = (coalition: bigint): readonly number[] => {
    const row = rowOf.get(coalition)
    invariant(row !== undefined, `coalition ${coalition} was not planned`)
    return row
  }
  const shares = exact ? exactShares(active.length, worth, width) : sampledShares(plan, worth, width)
  const nothing = { contributions: zeros(width), standardErrors: zeros(width) }
  return players.map((player, index) => ({ player, ...(shares[active.indexOf(index)] ?? nothing) }))
}

type Worth = (coalition: bigint) => readonly number[]
type Share = Omit<Contribution, 'player'>

/** Σ over S without i of |S|! (n − |S| − 1)! / n! · (v(S and i) − v(S)). */
function exactShares(count: number, worth: Worth, width: number): Share[] {
  const weights = coalitionWeights(count)
  return Array.from({ length: count }, (_, player) => {
    const bit = 1n << BigInt(player)
    const contributions = zeros(width)
    for (const coalition of everyCoalition(count)) {
      if ((coalition & bit) !== 0n) continue
      addScaled(contributions, gain(worth, coalition, bit), weights[sizeOf(coalition)] ?? 0)
    }
    return { contributions, standardErrors: zeros(width) }
  })
}

/** The mean over pairs of orders; the standard error of that mean from how the pairs differ. */
function sampledShares({ active, orders }: ExplanationPlan, worth: Worth, width: number): Share[] {
  const count = active.length
  const pairs = orders.length / 2
  const draws = Array.from({ length: pairs }, (_, pair) => {
    const draw = Array.from({ length: count }, () => zeros(width))
    for (const order of orders.slice(2 * pair, 2 * pair + 2)) {
      let coalition = 0n
      for (const player of order) {
        const bit = 1n << BigInt(player)
        addScaled(draw[player] ?? [], gain(worth, coalition, bit), 0.5)
        coalition |= bit
      }
    }
    return draw
  })
  return Array.from({ length: count }, (_, player) => {
    const contributions = zeros(width)
    for (const draw of draws) addScaled(contributions, draw[player] ?? [], 1 / pairs)
    const standardErrors = contributions.map((mean, output) => {
      let squares = 0
      for (const draw of draws)
        squares += ((draw[player]?.[output] ?? 0) - mean) * ((draw[player]?.[output] ?? 0) - mean)
      return Math.sqrt(squares / (pairs - 1) / pairs)
    })
    return { contributions, standardErrors }
  })
}

function gain(worth: Worth, coalition: bigint, bit: bigint): number[] {
  const without = worth(coalition)
  return worth(coalition | bit).map((value, output) => value - (without[output] ?? 0))
}

function addScaled(into: number[], values: readonly number[], scale: number): void {
  for (const [index, value] of values.entries()) into[index] = (into[index] ?? 0) + value * scale
}

/** By size of a coalition of others: 1 / (n · (n − 1 over size)), which is size! (n − size − 1)! / n!. */
function coalitionWeights(count: number): number[] {
  const weights: number[] = []
  let choices = 1
  for (let size = 0; size < count; size++) {
    weights.push(1 / (count * choices))
    choices = (choices * (count - 1 - size)) / (size + 1)
  }
  return weights
}

function everyCoalition(count: number): bigint[] {
  const everybody = (1n << BigInt(count)) - 1n
  const between = Array.from({ length: Math.max(0, Number(everybody) - 1) }, (_, index) => BigInt(index + 1))
  return count === 0 ? [0n] : [0n, everybody, ...between]
}

function coalitionsOf(orders: readonly (readonly number[])[], count: number): bigint[] {
  const met = new Set([0n, (1n << BigInt(count)) - 1n])
  for (const order of orders) {
    let coalition = 0n
    for (const player of order) {
      coalition |= 1n << BigInt(player)
      met.add(coalition)
    }
  }
  return [...met]
}

function sizeOf(coalition: bigint): number {
  let size = 0
  for (let rest = coalition; rest > 0n; rest >>= 1n) size += Number(rest & 1n)
  return size
}

function checkPlayers(players: readonly Player[], length: number): void {
  const indexes = players.flatMap((player) => player.indexes)
  const isPartition = indexes.length === length && new Set(indexes).size === length
  invariant(
    isPartition && indexes.every((index) => Number.isInteger(index) && index >= 0 && index < length),
    `players must share out ${length} values, each to one player; they name ${indexes.length}`,
  )
}

function zeros(width: number): number[] {
  return new Array<number>(width).fill(0)
}
