import { createHash } from 'node:crypto'
import { invariant } from '../../oracle-node/core/errors.ts'
import { RISK_OUTPUT_COUNT } from '../../oracle-node/core/prediction.ts'
import type { Sample } from '../training/dataset.ts'
import type { Candidate, Fold } from '../training/walk-forward.ts'
import { type ForecastCache, NO_CACHE } from './forecast-cache.ts'
import { sourceHash } from './source-hash.ts'

/** A model's outputs of each tested sample, in the folds' order. */
export type Forecasts = { readonly id: string; readonly outputs: readonly Float64Array[] }

export type WalkProgress = (done: number, total: number, what: string) => void

/**
 * Every candidate's forecasts over all folds. Each is fitted in a fold on its training part alone.
 * @throws {Error} what a candidate's fit throws; folds before it are kept by the cache.
 */
export async function walkForward(parts: {
  readonly candidates: readonly Candidate[]
  readonly folds: readonly Fold[]
  readonly cache?: ForecastCache
  readonly onProgress?: WalkProgress
}): Promise<Forecasts[]> {
  const { candidates, folds, cache = NO_CACHE, onProgress = () => undefined } = parts
  const total = candidates.length * folds.length
  const keys = folds.map(foldHash)
  const all: Forecasts[] = []
  for (const candidate of candidates) {
    const code = sha256(candidate.id, sourceHash(candidate.module), candidate.recipe ?? '')
    const outputs: Float64Array[] = []
    for (const [index, fold] of folds.entries()) {
      onProgress(all.length * folds.length + index, total, `${candidate.id}, from ${day(fold.start)}`)
      const key = sha256(code, keys[index] ?? '')
      outputs.push(...(cache.read(key, fold.test.length) ?? (await fresh(candidate, fold, cache, key))))
    }
    all.push({ id: candidate.id, outputs })
  }
  onProgress(total, total, 'done')
  return all
}

async function fresh(candidate: Candidate, fold: Fold, cache: ForecastCache, key: string): Promise<Float64Array[]> {
  if (fold.test.length === 0) return []
  const outputs = [...(await candidate.forecast(fold))]
  invariant(
    outputs.length === fold.test.length && outputs.every(({ length }) => length === RISK_OUTPUT_COUNT),
    `${candidate.id} gave ${outputs.length} forecasts of ${fold.test.length} samples`,
  )
  cache.write(key, outputs)
  return outputs
}

/** sha256 (hex) of all numbers of a fold. */
function foldHash({ train, test }: Fold): string {
  return sha256(...[...train, ...test].map(sampleHash))
}

const sampleHashes = new WeakMap<Sample, string>()

/** A sample is in most folds, and is hashed once. */
function sampleHash(sample: Sample): string {
  const known = sampleHashes.get(sample)
  if (known !== undefined) return known
  const { asset, kind, time, loss, realized, hourLoss, hourRealized, features } = sample
  const hash = createHash('sha256')
    .update(`${asset}\n${kind}\n`)
    .update(Float64Array.of(time, loss, realized, hourLoss, hourRealized, ...features))
    .digest('base64')
  sampleHashes.set(sample, hash)
  return hash
}

function sha256(...texts: readonly string[]): string {
  const hash = createHash('sha256')
  for (const text of texts) hash.update(`${text.length}\n${text}`)
  return hash.digest('hex')
}

function day(seconds: number): string {
  return new Date(seconds * 1_000).toISOString().slice(0, 10)
}
