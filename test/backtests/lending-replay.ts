import { expect } from 'vitest'
import { closeFactor, healthFactor } from '../../backtests/lending/aave.ts'
import type { MarketEvent, MarketInput } from '../../backtests/lending/market.ts'
import { FROM } from './lending-inputs.ts'

type Book = {
  readonly held: Float64Array
  readonly owed: Float64Array
  ltvBps: number
  liquidationThresholdBps: number
}

/**
 * Positions of a market without interest by its events alone, each held to the market's rules: nobody borrows beyond the LTV, and nobody
 * sound is liquidated, or by more than the close factor.
 */
export function replay(input: MarketInput, events: readonly MarketEvent[]): { tokens: number; debt: number } {
  const size = input.borrowers.collateral.length
  const book: Book = { ...input.setup, held: new Float64Array(size), owed: new Float64Array(size) }
  for (const event of events) enter(input, book, event)
  const sum = (column: Float64Array): number => column.reduce((a, b) => a + b, 0)
  return { tokens: sum(book.held), debt: sum(book.owed) }
}

function enter(input: MarketInput, book: Book, event: MarketEvent): void {
  if (event.kind === 'parameters') {
    book.ltvBps = event.ltvBps
    book.liquidationThresholdBps = event.liquidationThresholdBps
    return
  }
  const { path, borrowers } = input
  const { held, owed } = book
  const { borrower, time } = event
  const point = (time - FROM) / 900
  const usd = () => ({
    collateralUsd: (held[borrower] ?? 0) * (path.oraclePriceUsd[point] ?? 0),
    debtUsd: (owed[borrower] ?? 0) * (path.debtPriceUsd?.[point] ?? 1),
  })
  if (event.kind === 'supply') add(held, borrower, event.collateral)
  else if (event.kind === 'repay') add(owed, borrower, -event.debt)
  else if (event.kind === 'borrow') {
    add(owed, borrower, event.debt)
    const begins = time === FROM && !Number.isNaN(borrowers.debt[borrower] ?? 0)
    if (!begins) expect(usd().debtUsd).toBeLessThanOrEqual((usd().collateralUsd * book.ltvBps) / 10_000)
  } else if (event.kind === 'liquidate') {
    const health = healthFactor({ ...usd(), liquidationThresholdBps: book.liquidationThresholdBps })
    expect(health).toBeLessThan(1 + 1e-9)
    expect(event.debtCovered).toBeLessThanOrEqual((owed[borrower] ?? 0) * closeFactor(health - 1e-9) * (1 + 1e-9))
    add(held, borrower, -event.collateralSeized)
    add(owed, borrower, -event.debtCovered)
    expect(held[borrower]).toBeGreaterThan(-1e-6)
    // Where all was seized, the rest is written off.
    if ((held[borrower] ?? 0) < 1e-9 * (borrowers.collateral[borrower] ?? 0)) owed[borrower] = 0
  }
}

function add(column: Float64Array, at: number, by: number): void {
  column[at] = (column[at] ?? 0) + by
}
