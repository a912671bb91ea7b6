import { coalitionVectors, contributionsFrom, explanationPlan } from '../core/explain.ts'
import { featurePlayers, playerValue } from '../core/explain-players.ts'
import { RETURNS_OFFSET } from '../core/feature-spec.ts'
import type { FeatureVector, RiskPrediction } from '../core/prediction.ts'
import { BPS, type UnixSeconds } from '../core/units.ts'

/**
 * Pairs of orders that an explanation samples: with 36 players at most 1 122 vectors. On the default models that takes a twentieth of a
 * second, and no contribution's standard error is past a percent or a basis point of the difference explained (`npm run bench -- explain`).
 */
const PAIRS = 16
/** Vectors in one call of a model: a round's own prediction waits for one call at most. */
const BATCH = 64
/** Rounds whose vectors are kept: a day of them at 15 minutes a round, and the one that it began with. 160 kB an asset. */
export const ROUNDS_KEPT = 97
/** Answers kept: each asset's newest, and some that were asked against an earlier round. */
const ANSWERS_KEPT = 64
/** Explanations that may wait for their turn, since each costs a second at worst; a page asks for each asset at once. */
const WAITING_MAX = 32

/** A model as it is asked here: many vectors at once where it can. */
export type AskedModel<Output> = {
  readonly id: string
  predict(features: FeatureVector): Promise<Output>
  predictBatch?(vectors: readonly FeatureVector[]): Promise<readonly Output[]>
}

/** An asset as a round judged it. */
export type JudgedAsset = { readonly asset: string; readonly features: FeatureVector; readonly time: UnixSeconds }

/** What the models say, in a record's units but not rounded, and the depth before the books bound it. */
export type Outputs = {
  readonly volatilityBps: number
  readonly valueAtRisk99Bps: number
  readonly expectedShortfall99Bps: number
  readonly depthUsd: number
}

export type ExplainedFeature = {
  readonly feature: string
  readonly words: string
  readonly unit: string
  /** A span of returns stands at their sum. */
  readonly value: number
  readonly reference: number
  readonly contribution: Outputs
  /** Of the sampling. */
  readonly standardError: Outputs
}

/** Why a prediction is not what it is at the reference; the contributions sum up to the difference. */
export type Comparison = {
  readonly reference:
    | { readonly kind: 'training'; readonly prediction: Outputs }
    | { readonly kind: 'round'; readonly round: number; readonly time: UnixSeconds; readonly prediction: Outputs }
  readonly method: 'exact' | 'sampled'
  /** By their part in the expected shortfall, the largest first. */
  readonly contributions: readonly ExplainedFeature[]
}

export type Explanation = {
  readonly asset: string
  readonly round: number
  readonly time: UnixSeconds
  readonly models: { readonly risk: string; readonly depth: string }
  readonly prediction: Outputs
  /** Against an earlier round: the one asked for, or the newest whose features were others; null when there is none. */
  readonly sinceLast: Comparison | null
} & Comparison

export type NoExplanation = 'unknown-asset' | 'unknown-round' | 'busy' | 'model-failed'
export type ExplainAnswer =
  | { readonly ok: true; readonly explanation: Explanation }
  | { readonly ok: false; readonly reason: NoExplanation; readonly detail: string }

export type Explainer = {
  /** Keeps what a round judged; costs nothing until somebody asks. */
  record(round: number, judged: readonly JudgedAsset[]): void
  /** The newest round of each asset that can be explained. */
  newest(): ReadonlyArray<{ readonly asset: string; readonly round: number; readonly time: UnixSeconds }>
  explain(asset: string, since?: number): Promise<ExplainAnswer>
}

type Kept = { readonly round: number; readonly time: UnixSeconds; readonly features: FeatureVector }
type Question = { readonly asset: string; readonly now: Kept; readonly before: Kept | undefined }

type Options = {
  readonly risk: AskedModel<RiskPrediction>
  readonly depth: AskedModel<number>
  /** What a vector is compared with: the models' training data's own typical one. */
  readonly reference: FeatureVector
}

/**
 * Explains this node's own predictions, one explanation after another and only when asked: never in the way of a round. An answer is
 * kept, so asking again costs nothing.
 */
export function explainer(options: Options): Explainer {
  const history = new Map<string, readonly Kept[]>()
  const answers = new Map<string, Promise<ExplainAnswer>>()
  let turn: Promise<unknown> = Promise.resolve()
  let waiting = 0

  const inTurn = async (question: Question): Promise<ExplainAnswer> => {
    waiting += 1
    const mine = turn.then(() => answer(question, options))
    // The one that asked hears of a fault; the next in turn begins anew.
    turn = mine.catch(() => undefined)
    try {
      return await mine
    } finally {
      waiting -= 1
    }
  }
  return {
    record: (round, judged) => {
      for (const { asset, ...kept } of judged) {
        const known = history.get(asset) ?? []
        // An observation that ends after the next round's is told too late to be the newest.
        if ((known.at(-1)?.round ?? 0) > round) continue
        const earlier = known.filter((each) => each.round < round)
        history.set(asset, [...earlier, { round, ...kept }].slice(-ROUNDS_KEPT))
      }
    },
    newest: () =>
      [...history].flatMap(([asset, kept]) => kept.slice(-1).map(({ round, time }) => ({ asset, round, time }))),
    explain: async (asset, since) => {
      const asked = questionOf(asset, history, since)
      if ('reason' in asked) return asked
      const key = `${asset}:${asked.now.round}:${asked.before?.round ?? ''}`
      const known = answers.get(key)
      if (known !== undefined) return await known
      if (waiting >= WAITING_MAX)
        return no('busy', `${waiting} explanations are being made; ask again in a few seconds`)
      const made = inTurn(asked)
      answers.set(key, made)
      for (const oldest of [...answers.keys()].slice(0, -ANSWERS_KEPT)) answers.delete(oldest)
      try {
        const given = await made
        // A model may be better the next time.
        if (!given.ok) answers.delete(key)
        return given
      } catch (error) {
        answers.delete(key)
        throw error
      }
    },
  }
}

function questionOf(
  asset: string,
  history: ReadonlyMap<string, readonly Kept[]>,
  since: number | undefined,
): Question | (ExplainAnswer & { readonly ok: false }) {
  const kept = history.get(asset)
  const now = kept?.at(-1)
  if (kept === undefined || now === undefined) {
    const known = [...history.keys()].join(', ')
    return no(
      'unknown-asset',
      `this node has judged no ${asset}; ${known === '' ? 'nor anything else yet' : `it has ${known}`}`,
    )
  }
  const earlier = kept.slice(0, -1)
  if (since === undefined) {
    // Of other hours: what books and venues say is another in every round, and no model of the registry listens to it yet.
    const isOther = ({ features }: Kept): boolean =>
      features.values.slice(RETURNS_OFFSET).some((value, hour) => value !== now.features.values[RETURNS_OFFSET + hour])
    return { asset, now, before: earlier.findLast(isOther) ?? earlier.at(-1) }
  }
  const before = earlier.find(({ round }) => round === since)
  if (before !== undefined) return { asset, now, before }
  const rounds = earlier.length === 0 ? 'no earlier round' : `rounds ${earlier[0]?.round} to ${earlier.at(-1)?.round}`
  return no(
    'unknown-round',
    `${asset} of round ${now.round} cannot be compared with round ${since}; this node keeps ${rounds}`,
  )
}

async function answer({ asset, now, before }: Question, options: Options): Promise<ExplainAnswer> {
  const { risk, depth, reference } = options
  try {
    const training = await compare(asset, { vector: now.features, reference }, options)
    const last = before && (await compare(asset, { vector: now.features, reference: before.features }, options))
    const { prediction, referencePrediction, ...comparison } = training
    const explanation: Explanation = {
      asset,
      round: now.round,
      time: now.time,
      models: { risk: risk.id, depth: depth.id },
      prediction,
      reference: { kind: 'training', prediction: referencePrediction },
      ...comparison,
      sinceLast:
        before === undefined || last === undefined
          ? null
          : {
              reference: {
                kind: 'round',
                round: before.round,
                time: before.time,
                prediction: last.referencePrediction,
              },
              method: last.method,
              contributions: last.contributions,
            },
    }
    return { ok: true, explanation }
  } catch (error) {
    if (error instanceof ModelFailure) return no('model-failed', error.message)
    throw error
  }
}

type Compared = Omit<Comparison, 'reference'> & { readonly prediction: Outputs; readonly referencePrediction: Outputs }

async function compare(
  asset: string,
  { vector, reference }: { readonly vector: FeatureVector; readonly reference: FeatureVector },
  options: Options,
): Promise<Compared> {
  // The same orders in every round: what chance leaves is common to two explanations that somebody compares.
  const plan = explanationPlan({ players: featurePlayers(), vector, reference, pairs: PAIRS, seed: asset })
  const rows = await rowsOf(coalitionVectors(plan), options)
  const shares = contributionsFrom(plan, rows).map(({ player, contributions, standardErrors }) => ({
    feature: player.name,
    words: player.words,
    unit: player.unit,
    value: playerValue(player, vector.values),
    reference: playerValue(player, reference.values),
    contribution: outputsOf(contributions),
    standardError: outputsOf(standardErrors),
  }))
  return {
    method: plan.exact ? 'exact' : 'sampled',
    prediction: outputsOf(rows[1] ?? rows[0] ?? []),
    referencePrediction: outputsOf(rows[0] ?? []),
    contributions: shares.toSorted((a, b) => weightOf(b) - weightOf(a)),
  }
}

function weightOf({ contribution }: ExplainedFeature): number {
  return Math.abs(contribution.expectedShortfall99Bps)
}

/** A model's own fault, told from a bug of ours. */
class ModelFailure extends Error {}

async function rowsOf(vectors: readonly FeatureVector[], { risk, depth }: Options): Promise<number[][]> {
  const rows: number[][] = []
  for (let from = 0; from < vectors.length; from += BATCH) {
    const batch = vectors.slice(from, from + BATCH)
    const [risks, depths] = await Promise.all([predictAll(risk, batch), predictAll(depth, batch)])
    for (const [index, each] of risks.entries()) rows.push(rowOf(each, depths[index] ?? Number.NaN))
  }
  const bad = rows.find((row) => !row.every(Number.isFinite))
  if (bad !== undefined)
    throw new ModelFailure(`${risk.id} and ${depth.id} gave [${bad.join(', ')}]; finite numbers were needed`)
  return rows
}

async function predictAll<Output>(
  model: AskedModel<Output>,
  vectors: readonly FeatureVector[],
): Promise<readonly Output[]> {
  let given: readonly Output[]
  try {
    given = await (model.predictBatch?.(vectors) ?? Promise.all(vectors.map((vector) => model.predict(vector))))
  } catch (cause) {
    throw new ModelFailure(String(cause), { cause })
  }
  if (given.length === vectors.length) return given
  throw new ModelFailure(`model ${model.id} gave ${given.length} predictions for ${vectors.length} vectors`)
}

/** In the order of {@link outputsOf}. */
function rowOf({ volatility, valueAtRisk99, expectedShortfall99 }: RiskPrediction, depthUsd: number): number[] {
  return [volatility * BPS, valueAtRisk99 * BPS, expectedShortfall99 * BPS, depthUsd]
}

function outputsOf(row: readonly number[]): Outputs {
  const [volatilityBps = 0, valueAtRisk99Bps = 0, expectedShortfall99Bps = 0, depthUsd = 0] = row
  return { volatilityBps, valueAtRisk99Bps, expectedShortfall99Bps, depthUsd }
}

function no(
  reason: NoExplanation,
  detail: string,
): { readonly ok: false; readonly reason: NoExplanation; readonly detail: string } {
  return { ok: false, reason, detail }
}
