import { InvalidArgumentError } from 'commander'
import { VENUE_FAULTS, type VenueFaultKind } from '../../data/venues/faults.ts'
import type { VenueId } from '../core/market.ts'

/** Something that is to go wrong, or be mended, at a round. */
export type Incident =
  | { readonly kind: 'kill'; readonly node: number; readonly round: number }
  | { readonly kind: 'restart'; readonly node: number; readonly round: number }
  | { readonly kind: 'fault'; readonly venue: VenueId; readonly fault: VenueFaultKind | null; readonly round: number }

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 }

/** `15m`, `90s`, `1h` → seconds. */
export function parseDuration(text: string): number {
  const match = /^(\d+)([smhd])$/.exec(text)
  const seconds = Number(match?.[1]) * (UNITS[match?.[2] ?? ''] ?? Number.NaN)
  if (!(seconds >= 10 && seconds <= 86_400)) {
    throw new InvalidArgumentError(`got ${JSON.stringify(text)}; give a time from 10s to 1d, for instance 15m`)
  }
  return seconds
}

/** An ISO time, UTC where it names no zone → unix seconds. */
export function parseTime(text: string): number {
  const milliseconds = Date.parse(/[zZ]|[+-]\d\d:?\d\d$/.test(text) || !text.includes('T') ? text : `${text}Z`)
  if (Number.isNaN(milliseconds)) {
    throw new InvalidArgumentError(`got ${JSON.stringify(text)}; give an ISO time, for instance 2023-03-11T00:00:00Z`)
  }
  return Math.floor(milliseconds / 1_000)
}

export function parseCount(text: string): number {
  const count = Number(text)
  if (!Number.isInteger(count) || count < 1 || count > 100_000) {
    throw new InvalidArgumentError(`got ${JSON.stringify(text)}; give a whole number from 1 to 100000`)
  }
  return count
}

export function parsePort(text: string): number {
  const port = Number(text)
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new InvalidArgumentError(`got ${JSON.stringify(text)}; give a port from 1 to 65535`)
  }
  return port
}

export function parseSpeed(text: string): number {
  const speed = Number(text)
  if (!(speed > 0 && Number.isFinite(speed))) {
    throw new InvalidArgumentError(
      `got ${JSON.stringify(text)}; give how many times faster than real, for instance 300`,
    )
  }
  return speed
}

/** `2@3` → node 2 at round 3, added to those before it. */
export function parseNodeIncident(kind: 'kill' | 'restart') {
  return (text: string, before: readonly Incident[] = []): Incident[] => {
    const match = /^(\d+)@(\d+)$/.exec(text)
    if (match === null) {
      throw new InvalidArgumentError(`got ${JSON.stringify(text)}; give NODE@ROUND, for instance 2@3`)
    }
    return [...before, { kind, node: Number(match[1]), round: Number(match[2]) }]
  }
}

const VENUES: Readonly<Record<string, VenueId>> = {
  binance: 'binance',
  binanceus: 'binanceus',
  coinbase: 'coinbaseexchange',
  kraken: 'kraken',
}

/** `kraken:off-by-10@3` → that fault of that venue from round 3 on; `none` mends it. */
export function parseVenueFault(text: string, before: readonly Incident[] = []): Incident[] {
  const match = /^([a-z]+):([a-z0-9-]+)@(\d+)$/.exec(text)
  const named = match?.[1] ?? ''
  const venue = Object.hasOwn(VENUES, named) ? VENUES[named] : undefined
  const fault = match?.[2] === 'none' ? null : VENUE_FAULTS.find((each) => each === match?.[2])
  if (match === null || venue === undefined || fault === undefined) {
    const kinds = [...VENUE_FAULTS, 'none'].join(', ')
    throw new InvalidArgumentError(
      `got ${JSON.stringify(text)}; give VENUE:FAULT@ROUND with a venue of ${Object.keys(VENUES).join(', ')} and a fault of ${kinds}`,
    )
  }
  return [...before, { kind: 'fault', venue, fault, round: Number(match[3]) }]
}
