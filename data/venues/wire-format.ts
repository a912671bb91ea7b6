import type { MarketName } from '../recorded/history.ts'
import type { VenueView } from './view.ts'

export type VenueRequest = { readonly path: string; readonly query: URLSearchParams }
export type VenueReply = { readonly status: number; readonly body: unknown }

/** A venue's REST format: which answer a request gets. */
export type WireFormat = {
  readonly fillsEmpty: boolean
  reply(request: VenueRequest, view: VenueView): VenueReply
  /** The bodies that the venue sends with HTTP 429 and 500. */
  readonly tooMany: unknown
  readonly broken: unknown
}

/** A number as venues write it: fixed, never with an exponent. */
export function fixed(value: number, decimals = 8): string {
  return value.toFixed(decimals)
}

/** The same without zeros at the end, as most venues write it. */
export function plain(value: number): string {
  const text = value.toFixed(8)
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text
}

export function marketOf(view: VenueView, isNamed: (market: MarketName) => boolean): MarketName | undefined {
  return view.markets.find(isNamed)
}

/** A whole number of a query within limits, or the default when it is absent; undefined when it is neither. */
export function wholeIn(
  query: URLSearchParams,
  name: string,
  range: { min: number; max: number; or: number },
): number | undefined {
  const text = query.get(name)
  if (text === null) return range.or
  const value = Number(text)
  return /^\d{1,15}$/.test(text) && value >= range.min ? Math.min(value, range.max) : undefined
}
