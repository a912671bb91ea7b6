import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { writeAtomic } from '../adapters/atomic-file.ts'
import { type Conformal, followConformal, LN_MULTIPLIER_MAX, NEUTRAL } from '../core/conformal.ts'
import { RETURNS_OFFSET } from '../core/feature-spec.ts'
import type { FeatureVector, RiskPrediction } from '../core/prediction.ts'
import type { Telemetry } from '../ports/telemetry.ts'

/** Each asset's calibration as this node has followed it. Two nodes' differ where one was away; the medians absorb that. */
export type Calibrations = {
  of(asset: string): Conformal
  /** Moves an asset's state once a day, and keeps it. */
  follow(
    asset: string,
    seen: { readonly features: FeatureVector; readonly end: number },
    prediction: RiskPrediction,
  ): void
  /** Resolves when what was followed is on the disk. */
  settled(): Promise<void>
}

const ASSETS_MAX = 64
const stateSchema = z.strictObject({
  lnMultiplier: z.number().min(-LN_MULTIPLIER_MAX).max(LN_MULTIPLIER_MAX),
  pending: z
    .strictObject({ madeAt: z.int().positive().multipleOf(3_600), valueAtRisk99: z.number().min(0).max(1) })
    .optional(),
})
const fileSchema = z.strictObject({
  version: z.literal(1),
  /** Of the models whose forecasts these are; others' say nothing of them. */
  modelSet: z.string(),
  assets: z.record(z.string().min(1).max(28), stateSchema).refine((assets) => Object.keys(assets).length <= ASSETS_MAX),
})

/**
 * The calibrations in a file of the node's folder. One that is absent, damaged or of other models starts every asset anew, neutral, and says so
 * in the log: what is lost comes back by a thousandth a quiet day, but a node must not be down for it.
 * @throws {Error} when the file is there and cannot be read.
 */
export function fileCalibrations(path: string, modelSet: string, telemetry: Telemetry): Calibrations {
  const states = new Map<string, Conformal>(Object.entries(readStates(path, modelSet, telemetry)))
  const show = (asset: string): void => {
    telemetry.gauge('plimsoll_calibration_ln_multiplier', states.get(asset)?.lnMultiplier ?? 0, { asset })
  }
  for (const asset of states.keys()) show(asset)
  let writing: Promise<void> = Promise.resolve()
  const write = (): void => {
    const content = JSON.stringify({ version: 1, modelSet, assets: Object.fromEntries(states) })
    writing = writing
      .then(() => writeAtomic(path, `${content}\n`))
      .catch((error: unknown) => telemetry.log('warn', 'calibration-not-written', { path, detail: String(error) }))
  }
  return {
    of: (asset) => states.get(asset) ?? NEUTRAL,
    follow: (asset, { features, end }, { valueAtRisk99 }) => {
      const before = states.get(asset) ?? NEUTRAL
      const returns = features.values.slice(RETURNS_OFFSET)
      const after = followConformal(before, { end, returns, valueAtRisk99 })
      if (after === before) return
      // The newest last, so that assets which are no longer watched are the first to be forgotten.
      states.delete(asset)
      states.set(asset, after)
      for (const oldest of [...states.keys()].slice(0, -ASSETS_MAX)) states.delete(oldest)
      show(asset)
      write()
    },
    settled: () => writing,
  }
}

function readStates(path: string, modelSet: string, telemetry: Telemetry): Readonly<Record<string, Conformal>> {
  let content: string
  try {
    content = readFileSync(path, 'utf8')
  } catch (error) {
    // None yet: the first run. One that is there and cannot be read is not to be overwritten.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {}
    throw new Error(
      `can't read the calibration ${path}: ${String(error)}; mend its permissions, or move it away to start anew`,
    )
  }
  const parsed = fileSchema.safeParse(parseJson(content))
  if (parsed.success && parsed.data.modelSet === modelSet) {
    return Object.fromEntries(
      Object.entries(parsed.data.assets).map(([asset, { lnMultiplier, pending }]) => [
        asset,
        { lnMultiplier, ...(pending === undefined ? {} : { pending }) },
      ]),
    )
  }
  const detail = parsed.success ? `it is of model set ${parsed.data.modelSet}` : z.prettifyError(parsed.error)
  telemetry.log('warn', 'calibration-started-anew', { path, detail })
  return {}
}

function parseJson(content: string): unknown {
  try {
    return JSON.parse(content)
  } catch {
    return undefined
  }
}
