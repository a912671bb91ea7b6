import { toWire } from '../adapters/wire.ts'
import { assetOf, type FeedId } from '../core/feed.ts'
import { fallbackFeeds, type SignedObservation } from '../core/observation.ts'
import type { RiskRecord } from '../core/record.ts'
import { observersOf } from '../protocol/check-proposal.ts'
import type { Certified } from './round-driver.ts'

/** A record as people and programs read it. */
export type JsonRecord = { readonly asset: string; readonly priceE8: string } & Omit<RiskRecord, 'priceE8'>

/** The nodes that judged an asset, by what they judged it with. */
export type JsonJudges = { readonly models: readonly number[]; readonly baseline: readonly number[] }

/** A certified round: what was reported, who took part, and the certificate that proves it. */
export type JsonRound = {
  readonly round: number
  readonly time: number
  readonly leader: number
  /** How many leaders were given up on before this one. */
  readonly attempt: number
  readonly observers: readonly number[]
  readonly signers: readonly number[]
  readonly digest: string
  readonly signature: string
  readonly modelSet: string
  readonly observationsRoot: string
  readonly records: readonly JsonRecord[]
  /** By asset, one for each record. Medians do not ask who fell back; a reader may. */
  readonly judges: Readonly<Record<string, JsonJudges>>
  /** The signed observations: with them anyone recomputes the report. */
  readonly certificate: unknown
}

export function jsonRound({ report, digest, certificate }: Certified): JsonRound {
  return {
    round: report.round,
    time: report.time,
    leader: certificate.leader,
    attempt: certificate.attempt,
    observers: observersOf(certificate.observations),
    signers: certificate.signers,
    digest,
    signature: certificate.signature,
    modelSet: report.modelSet,
    observationsRoot: report.observationsRoot,
    records: report.values.map(({ feed, record }) => jsonRecord(assetOf(feed), record)),
    judges: Object.fromEntries(
      report.values.map(({ feed }) => [assetOf(feed), judgesOf(feed, certificate.observations)]),
    ),
    certificate: toWire(certificate),
  }
}

export function jsonRecord(asset: string, record: RiskRecord): JsonRecord {
  const { priceE8, ...rest } = record
  return { asset, priceE8: priceE8.toString(), ...rest }
}

function judgesOf(feed: FeedId, observations: readonly SignedObservation[]): JsonJudges {
  const judges = observations.filter(({ observation }) => observation.values.some((each) => each.feed === feed))
  const fellBack = judges.filter(({ observation }) => fallbackFeeds(observation).includes(feed))
  return { models: observersOf(judges.filter((each) => !fellBack.includes(each))), baseline: observersOf(fellBack) }
}
