import { checkMarketRows, type SoundRows } from '../../core/market-rows.ts'

/** @throws {Error} that names the first unsound row of a call and its field. */
export function soundRows(given: unknown): SoundRows {
  const checked = checkMarketRows(given)
  if (!checked.ok) throw new Error(`market data were refused, all of the call: ${checked.detail}`)
  return checked.rows
}
