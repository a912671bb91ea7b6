import { numberOf } from '../../data/history/read-number.ts'
import { openParquet } from '../../data/history/read-parquet.ts'
import { openCsv, type Table, type TableRow } from '../../data/history/read-table.ts'
import type { Borrowers } from './market.ts'

/** Positions of a file, in its order; `use` is NaN where the file does not say it, see {@link withUse}. */
export type Positions = Borrowers & { readonly accounts: readonly string[] }

/** A file of positions that was refused: which file, line and column, what was found and what was needed. */
export class PositionsError extends Error {
  override name = 'PositionsError'
}

/** Aave's largest markets have some hundred thousand accounts. */
const POSITIONS_MAX = 5_000_000
const NEEDED = ['account', 'collateral', 'debt'] as const

type Column = (typeof NEEDED)[number] | 'use'
type Places = Readonly<Record<(typeof NEEDED)[number], number>> & {
  readonly use: number | undefined
  readonly width: number
}
type Position = { readonly account: string; readonly collateral: number; readonly debt: number; readonly use: number }

/**
 * Positions from a CSV (gzipped or not) or Parquet file with the columns account, collateral (tokens) and debt (units of the debt's token), and
 * `use` (0 to 1) where it is known. A position beyond its threshold is one like any other; a row with neither collateral nor debt is left out.
 * @throws {PositionsError} and nothing else.
 */
export async function readPositions(path: string): Promise<Positions> {
  const table = await openTable(path)
  try {
    const places = placesOf(path, table.header)
    const positions = await positionsOf(path, table, places)
    if (positions.length === 0)
      throw new PositionsError(`${path} holds no position; rows of ${NEEDED.join(', ')} are needed`)
    return {
      accounts: positions.map(({ account }) => account),
      collateral: Float64Array.from(positions, ({ collateral }) => collateral),
      debt: Float64Array.from(positions, ({ debt }) => debt),
      use: Float64Array.from(positions, ({ use }) => use),
    }
  } catch (error) {
    throw asPositionsError(path, error)
  } finally {
    await table.close()
  }
}

/**
 * Where the file did not say how much of its power a borrower uses, what its debt is of it, at most all.
 * @param powerPerToken What can be borrowed against one token, in units of the debt's token: price · LTV / the debt token's price.
 * @throws {RangeError} unless it is above 0.
 */
export function withUse(positions: Borrowers, powerPerToken: number): Borrowers {
  if (!(powerPerToken > 0 && Number.isFinite(powerPerToken))) {
    throw new RangeError(`the borrowing power of a token must be above 0, got ${powerPerToken}`)
  }
  const { collateral, debt } = positions
  const use = positions.use.map((given, index) => {
    if (!Number.isNaN(given)) return given
    const owed = debt[index] ?? 0
    return owed === 0 ? 0 : Math.min(1, owed / ((collateral[index] ?? 0) * powerPerToken))
  })
  return { collateral, debt, use }
}

async function openTable(path: string): Promise<Table> {
  let table: Table | undefined
  try {
    table = /\.parquet$/i.test(path) ? await openParquet(path) : await openCsv(path)
  } catch (error) {
    throw asPositionsError(path, error)
  }
  if (table === undefined) throw new PositionsError(`${path} is empty; rows of ${NEEDED.join(', ')} are needed`)
  return table
}

function placesOf(path: string, header: readonly string[]): Places {
  const names = header.map((name) => name.trim().toLowerCase())
  const placeOf = (column: Column): number | undefined => {
    const place = names.indexOf(column)
    if (place !== names.lastIndexOf(column))
      throw new PositionsError(`${path} has two columns ${column}; one is needed`)
    return place === -1 ? undefined : place
  }
  const needed = (column: Column): number => {
    const place = placeOf(column)
    if (place !== undefined) return place
    throw new PositionsError(
      `${path} has no column ${column}, but ${shown(header.join(', '))}; a header with ${NEEDED.join(', ')} is needed`,
    )
  }
  return {
    account: needed('account'),
    collateral: needed('collateral'),
    debt: needed('debt'),
    use: placeOf('use'),
    width: names.length,
  }
}

async function positionsOf(path: string, table: Table, places: Places): Promise<readonly Position[]> {
  const positions: Position[] = []
  const lines = new Map<string, number>()
  for await (const batch of table.rows) {
    for (const row of batch) {
      const where = `${path}, line ${row.line}`
      const position = positionOf(row, places, where)
      const earlier = lines.get(keyOf(position.account))
      if (earlier !== undefined) {
        throw new PositionsError(
          `${where}, column account: ${shown(position.account)} is in line ${earlier} already; one row an account is needed`,
        )
      }
      lines.set(keyOf(position.account), row.line)
      if (position.collateral > 0) positions.push(position)
    }
    if (lines.size > POSITIONS_MAX) throw new PositionsError(`${path} has more than ${POSITIONS_MAX} rows`)
  }
  return positions
}

function positionOf({ fields }: TableRow, places: Places, where: string): Position {
  if (fields === undefined) throw new PositionsError(`${where} cannot be taken apart: a quote is open or out of place`)
  if (fields.length !== places.width) {
    throw new PositionsError(`${where} has ${fields.length} columns and the header ${places.width}`)
  }
  const text = (place: number): string => (fields[place] ?? '').trim()
  const account = text(places.account)
  if (account === '') throw new PositionsError(`${where}, column account: it is empty; a name or an address is needed`)
  const collateral = amountOf(text(places.collateral), `${where}, column collateral`)
  const debt = amountOf(text(places.debt), `${where}, column debt`)
  if (collateral === 0 && debt > 0) {
    throw new PositionsError(
      `${where}, column collateral: 0 against a debt of ${debt}; it cannot be liquidated, so leave it out`,
    )
  }
  return {
    account,
    collateral,
    debt,
    use: useOf(places.use === undefined ? '' : text(places.use), `${where}, column use`),
  }
}

function amountOf(text: string, where: string): number {
  const value = numberOf(text)
  if (value >= 0 && Number.isFinite(value)) return value + 0
  throw new PositionsError(`${where}: ${shown(text)} is no amount; a decimal number of 0 or more is needed`)
}

function useOf(text: string, where: string): number {
  if (text === '') return Number.NaN
  const value = numberOf(text)
  if (value >= 0 && value <= 1) return value + 0
  throw new PositionsError(`${where}: ${shown(text)} is no use; a number from 0 to 1 is needed, or nothing`)
}

/** An address is the same however its letters are written. */
function keyOf(account: string): string {
  return /^0x[\da-f]+$/i.test(account) ? account.toLowerCase() : account
}

const SHOWN_CHARACTERS = 60

function shown(text: string): string {
  return JSON.stringify(text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text)
}

function asPositionsError(path: string, error: unknown): PositionsError {
  if (error instanceof PositionsError) return error
  const why = error instanceof Error ? error.message : String(error)
  return new PositionsError(why.includes(path) ? why : `${path}: ${why}`, { cause: error })
}
