import type { RiskPrediction } from '../../oracle-node/core/prediction.ts'
import { type RiskRecord, recordFieldMax } from '../../oracle-node/core/record.ts'
import { medianRecord } from '../../oracle-node/core/report.ts'
import { type ScoreInput, scoreRisk } from '../../oracle-node/core/score.ts'
import { BPS, BPS_MAX, SECONDS_PER_HOUR, type UnixSeconds } from '../../oracle-node/core/units.ts'
import { mulberry32 } from '../metrics/generator.ts'
import type { ForecastColumns } from './forecast-columns.ts'

/** What liars send: that all is well, that all is lost, or a price ten times off. */
export const LIES = ['calm', 'panic', 'price-up', 'price-down'] as const
export type Lie = (typeof LIES)[number]

export type CommitteeOptions = {
  readonly nodes: number
  /** How many of the nodes lie; more than a third is allowed, to see what they can do then. */
  readonly liars: number
  readonly lie: Lie
  /** Each node's price is off by up to so much either way, anew every hour. */
  readonly noiseBps: number
  /** The venues' spread that every node sees. */
  readonly dispersionBps: number
  /** From an observation to its record's being on the chain. */
  readonly delaySeconds: number
  /** Whole hours between two records; one an hour where absent. */
  readonly heartbeatSeconds?: number | undefined
  readonly validForSeconds: number
  readonly seed: number
  /** By row of the columns: 1 where the venues are down, so that no honest node has anything to say. */
  readonly outage?: Uint8Array | undefined
}

/** What a contract on the chain would be handed. */
export type RecordTimeline = {
  /** The newest record that has arrived by a time (unix seconds) and has not expired. */
  at(time: number): RiskRecord | undefined
}

/**
 * What a committee delivers of one asset, by the live functions: every node's judgement scored, the median of each field, its way to the chain and
 * the end of its validity. Fewer observations than 2f + 1 make no record.
 * @throws {RangeError} that names the option which is out of range.
 */
export function recordsOf(columns: ForecastColumns, options: CommitteeOptions): RecordTimeline {
  requireOptions(columns, options)
  const { delaySeconds, heartbeatSeconds = SECONDS_PER_HOUR, validForSeconds } = options
  const { from, known } = columns
  const made = new Map<number, RiskRecord | undefined>()
  const recordAt = (row: number): RiskRecord | undefined => {
    if (!made.has(row)) made.set(row, recordOf(columns, options, row))
    return made.get(row)
  }
  return {
    at: (time) => {
      const arrived = Math.floor((time - delaySeconds - from) / SECONDS_PER_HOUR)
      for (let row = Math.min(arrived, known.length - 1); row >= 0; row--) {
        const observedAt = from + row * SECONDS_PER_HOUR
        if (observedAt + validForSeconds < time) return undefined
        const record = observedAt % heartbeatSeconds === 0 ? recordAt(row) : undefined
        if (record !== undefined) return record
      }
      return undefined
    },
  }
}

/** f of n nodes: how many may lie without harm. */
export function faultyOf(nodes: number): number {
  return Math.floor((nodes - 1) / 3)
}

function recordOf(columns: ForecastColumns, options: CommitteeOptions, row: number): RiskRecord | undefined {
  const faulty = faultyOf(options.nodes)
  // Where all say the same, the median is what each of them says.
  if (options.liars === 0 && options.noiseBps === 0) return observationsOf(columns, { ...options, nodes: 1 }, row)[0]
  const records = observationsOf(columns, options, row)
  return records.length < 2 * faulty + 1 ? undefined : medianRecord(records, faulty)
}

/** What the nodes that have anything to say observe in a row, honest ones first: their own judgement, or what a liar makes of it. */
export function observationsOf(columns: ForecastColumns, options: CommitteeOptions, row: number): RiskRecord[] {
  // A liar twists what others see too; where nobody sees anything, liars alone are too few.
  if (columns.known[row] !== 1 || options.outage?.[row] === 1) return []
  const honest = scoreInputOf(columns, options, row)
  const random = mulberry32(options.seed ^ Math.imul(row + 1, ROW_STEP))
  return Array.from({ length: options.nodes }, (_, node) => {
    const off = 1 + (options.noiseBps / BPS) * (2 * random() - 1)
    const lies = node >= options.nodes - options.liars
    return scoreRisk(lies ? lieOf(honest, options.lie) : { ...honest, priceUsd: honest.priceUsd * off })
  }).flatMap((score) => (score.ok ? [score.record] : []))
}

/** Rows draw from streams of their own, so that a record does not depend on which others were asked for: 2³² over the golden ratio, odd. */
const ROW_STEP = 0x9e3779b1

function scoreInputOf(columns: ForecastColumns, options: CommitteeOptions, row: number): ScoreInput {
  const at = (column: Float64Array): number => column[row] ?? Number.NaN
  return {
    prediction: {
      volatility: at(columns.volatility),
      valueAtRisk99: at(columns.valueAtRisk99),
      expectedShortfall99: at(columns.expectedShortfall99),
    },
    depthUsd: at(columns.depthUsd),
    priceUsd: at(columns.priceUsd),
    dispersion: options.dispersionBps / BPS,
    observedAt: (columns.from + row * SECONDS_PER_HOUR) as UnixSeconds,
    validForSeconds: options.validForSeconds,
  }
}

const CALM: RiskPrediction = { volatility: 0, valueAtRisk99: 0, expectedShortfall99: 0 }
const PANIC: RiskPrediction = { volatility: BPS_MAX / BPS, valueAtRisk99: 1, expectedShortfall99: 1 }
const DEPTH_LIE = 100
const PRICE_LIE = 10
const DEPTH_MAX = Number(recordFieldMax('depthUsd'))

function lieOf(honest: ScoreInput, lie: Lie): ScoreInput {
  switch (lie) {
    case 'calm':
      return { ...honest, prediction: CALM, depthUsd: Math.min(DEPTH_LIE * honest.depthUsd, DEPTH_MAX) }
    case 'panic':
      return { ...honest, prediction: PANIC, depthUsd: 0 }
    case 'price-up':
      return { ...honest, priceUsd: honest.priceUsd * PRICE_LIE }
    case 'price-down':
      return { ...honest, priceUsd: honest.priceUsd / PRICE_LIE }
  }
}

function requireOptions({ known }: ForecastColumns, options: CommitteeOptions): void {
  const { nodes, heartbeatSeconds = SECONDS_PER_HOUR, outage } = options
  requireIn('nodes', nodes, [1, 65_535])
  requireIn('liars', options.liars, [0, nodes])
  requireIn('delaySeconds', options.delaySeconds, [0, Number.MAX_SAFE_INTEGER])
  requireIn('validForSeconds', options.validForSeconds, [1, Number(recordFieldMax('validForSeconds'))])
  requireIn('heartbeatSeconds', heartbeatSeconds, [SECONDS_PER_HOUR, Number.MAX_SAFE_INTEGER])
  requireIn('seed', options.seed, [0, 2 ** 32 - 1])
  for (const name of ['noiseBps', 'dispersionBps'] as const) {
    if (!(options[name] >= 0 && options[name] < BPS)) {
      throw new RangeError(`${name} is from 0 to below ${BPS}, got ${options[name]}`)
    }
  }
  if (heartbeatSeconds % SECONDS_PER_HOUR !== 0) {
    throw new RangeError(`heartbeatSeconds is a multiple of ${SECONDS_PER_HOUR}, got ${heartbeatSeconds}`)
  }
  if (outage !== undefined && outage.length !== known.length) {
    throw new RangeError(`outage has ${outage.length} rows, the forecast has ${known.length}`)
  }
}

function requireIn(name: string, given: number, [least, most]: readonly [number, number]): void {
  if (!(Number.isInteger(given) && given >= least && given <= most)) {
    throw new RangeError(`${name} is whole and from ${least} to ${most}, got ${given}`)
  }
}
