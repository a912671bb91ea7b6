import { numberOf } from './read-number.ts'

/** How a time is written; numbers are since 1970-01-01 UTC, text is ISO 8601 and UTC where it names no zone. */
export type TimeFormat = 's' | 'ms' | 'us' | 'ns' | 'iso'

export type ParsedTime = { readonly seconds: number; readonly format: TimeFormat }

/**
 * A number's unit is told by its size, which leaves no doubt from 1973-03-03 to year 5138: seconds have 9 to 11 digits, milliseconds
 * 12 to 14, and so on. Each row is judged alone, for Binance's archive went from milliseconds to microseconds on 2025-01-01.
 */
const UNITS: ReadonlyArray<readonly [least: number, perSecond: number, format: TimeFormat]> = [
  [1e17, 1e9, 'ns'],
  [1e14, 1e6, 'us'],
  [1e11, 1e3, 'ms'],
  [1e8, 1, 's'],
]
const PAST_ANY = 1e20
const ISO = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?) ?(Z|UTC|[+-]\d{2}(?::?\d{2})?)?)?$/i

/** Unix seconds (fractions kept) out of a time in any of the formats; undefined where it is none of them. */
export function parseTime(text: string): ParsedTime | undefined {
  const number = numberOf(text)
  return Number.isNaN(number) ? timeOfIso(text.trim()) : timeOfNumber(number)
}

export function timeOfNumber(value: number): ParsedTime | undefined {
  if (!(value >= 1e8 && value < PAST_ANY)) return undefined
  for (const [least, perSecond, format] of UNITS) {
    if (value >= least) return { seconds: value / perSecond, format }
  }
  return undefined
}

function timeOfIso(text: string): ParsedTime | undefined {
  const [, date, clock = '00:00', zone = 'Z'] = ISO.exec(text) ?? []
  if (date === undefined) return undefined
  const milliseconds = Date.parse(`${date}T${clock}${offsetOf(zone.toUpperCase())}`)
  // Date.parse takes 30 February for 1 March.
  if (Number.isNaN(milliseconds) || !isDay(date)) return undefined
  return { seconds: milliseconds / 1_000, format: 'iso' }
}

/** `+0530`, `+05` and `UTC` as Date.parse wants them. */
function offsetOf(zone: string): string {
  const [, hours, minutes = '00'] = /^([+-]\d{2}):?(\d{2})?$/.exec(zone) ?? []
  return hours === undefined ? 'Z' : `${hours}:${minutes}`
}

function isDay(date: string): boolean {
  const midnight = Date.parse(`${date}T00:00:00Z`)
  return !Number.isNaN(midnight) && new Date(midnight).toISOString().startsWith(date)
}

/** `2020-01-01` */
export function isoDay(seconds: number): string {
  return isoTime(seconds).slice(0, 10)
}

/** `2020-01-01T00:00:00Z` */
export function isoTime(seconds: number): string {
  return Number.isFinite(seconds) && Math.abs(seconds) < 8.64e12
    ? new Date(seconds * 1_000).toISOString().replace('.000Z', 'Z')
    : `${seconds}`
}
