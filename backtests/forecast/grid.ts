import { isoDay } from '../../data/history/time-format.ts'
import { combined } from '../../models/evaluation/panel.ts'
import { COMBINATIONS, candidates, isPeer } from '../../models/training/candidates.ts'
import type { Sample } from '../../models/training/dataset.ts'
import type { Candidate, Fold } from '../../models/training/walk-forward.ts'
import { RISK_OUTPUT_COUNT } from '../../oracle-node/core/prediction.ts'
import type { Splits } from './splits.ts'

/** With the node's adaptive layer, which follows an asset from day to day. */
export const CONFORMAL = ' + conformal'

/** A model's outputs of each row, {@link RISK_OUTPUT_COUNT} numbers a row. */
export type ModelForecasts = { readonly id: string; readonly outputs: Float64Array }

/** Whatever can be asked for: candidates, their means, and each but the peers with the conformal layer. */
export function knownModels(): string[] {
  const plain = [...candidates(), ...COMBINATIONS].map(({ id }) => id)
  return [...plain, ...plain.filter((id) => !isPeer(id)).map((id) => id + CONFORMAL)]
}

/**
 * The candidates to walk, each once, so that all of the models can be made of their forecasts.
 * @throws {Error} on a model that is not known, or a peer in splits that train on days after the tested ones.
 */
export function walkedModels(models: readonly string[], kind: Splits['kind']): string[] {
  const known = knownModels()
  if (models.length === 0) throw new Error(`models: at least one of ${known.join(', ')}`)
  const walked = models.flatMap((id) => {
    if (!known.includes(id)) throw new Error(`models: no model "${id}"; there are ${known.join(', ')}`)
    if (isPeer(id) && (kind === 'k-fold' || kind === 'combinatorial')) {
      throw new Error(
        `models: "${id}" forecasts each day from the days before, so it needs expanding or rolling splits`,
      )
    }
    const plain = plainOf(id)
    return COMBINATIONS.find((each) => each.id === plain)?.of ?? [plain]
  })
  return [...new Set(walked)]
}

export function plainOf(id: string): string {
  return id.endsWith(CONFORMAL) ? id.slice(0, -CONFORMAL.length) : id
}

/** @throws {Error} when there is no such candidate. */
export function candidateOf(id: string): Candidate {
  const all = candidates()
  const found = all.find((each) => each.id === id)
  if (found === undefined)
    throw new Error(`no model "${id}" to walk; there are ${all.map((each) => each.id).join(', ')}`)
  return found
}

/**
 * One candidate through all folds: its outputs of every tested sample, fold after fold. Labels of tested samples are taken away before, so
 * that no candidate can read what it is to forecast.
 * @throws {Error} that names the candidate and the fold, with what its fit threw as the cause.
 */
export async function walkCell(parts: {
  readonly candidate: Candidate
  readonly folds: readonly Fold[]
  readonly onProgress?: (done: number, total: number) => void
}): Promise<Float64Array> {
  const { candidate, folds, onProgress = () => undefined } = parts
  const outputs = new Float64Array(folds.reduce((sum, { test }) => sum + test.length, 0) * RISK_OUTPUT_COUNT)
  let place = 0
  for (const [index, { start, train, test }] of folds.entries()) {
    onProgress(index, folds.length)
    if (test.length === 0) continue
    for (const row of await forecastOf(candidate, train, test, start)) {
      outputs.set(row, place)
      place += RISK_OUTPUT_COUNT
    }
  }
  onProgress(folds.length, folds.length)
  return outputs
}

async function forecastOf(
  candidate: Candidate,
  train: readonly Sample[],
  test: readonly Sample[],
  start: number,
): Promise<readonly Float64Array[]> {
  const where = `${candidate.id}, in the fold from ${isoDay(start)}`
  try {
    const rows = await candidate.forecast({ train, test: test.map(blinded) })
    if (rows.length === test.length && rows.every(({ length }) => length === RISK_OUTPUT_COUNT)) return rows
    throw new Error(
      `gave ${rows.length} forecasts of ${test.length} samples, each should be ${RISK_OUTPUT_COUNT} numbers`,
    )
  } catch (cause) {
    throw new Error(`${where}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  }
}

function blinded(sample: Sample): Sample {
  return { ...sample, loss: Number.NaN, realized: Number.NaN, hourLoss: Number.NaN, hourRealized: Number.NaN }
}

/** The forecasts of every model but for the conformal layer, made of what was walked; of one path, a row a tested sample. */
export function assembled(
  models: readonly string[],
  walked: ReadonlyMap<string, Float64Array>,
  places: Uint32Array,
): ModelForecasts[] {
  const rowsOf = (id: string): Float64Array[] => {
    const outputs = walked.get(id)
    if (outputs === undefined) throw new Error(`"${id}" was not walked`)
    return Array.from(places, (place) => outputs.subarray(place * RISK_OUTPUT_COUNT, (place + 1) * RISK_OUTPUT_COUNT))
  }
  return [...new Set(models.map(plainOf))].map((id) => {
    const members = COMBINATIONS.find((each) => each.id === id)?.of
    const rows =
      members === undefined
        ? rowsOf(id)
        : combined(
            id,
            members.map((member) => ({ id: member, outputs: rowsOf(member) })),
          ).outputs
    return { id, outputs: flat(rows) }
  })
}

export function flat(rows: readonly Float64Array[]): Float64Array {
  const outputs = new Float64Array(rows.length * RISK_OUTPUT_COUNT)
  for (const [row, values] of rows.entries()) outputs.set(values, row * RISK_OUTPUT_COUNT)
  return outputs
}
