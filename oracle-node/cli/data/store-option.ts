import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Option } from 'commander'
import type { MarketStore } from '../../ports/market-store.ts'
import { say } from '../output.ts'

/** Where market data go unless told otherwise, under the folder that the command runs in. */
const DEFAULT_STORE = './plimsoll-data'

export type StoreOption = { readonly store?: string }

export function storeOption(what = 'the store: a folder, or a postgres:// address'): Option {
  return new Option('--store <where>', `${what} (default: PLIMSOLL_STORE, else ${DEFAULT_STORE})`)
}

/** The store that a command means: what it was told, else the environment's, else the folder here. */
export function storeOf({ store }: StoreOption): string {
  return store ?? process.env['PLIMSOLL_STORE'] ?? DEFAULT_STORE
}

export function isPostgres(where: string): boolean {
  return /^postgres(?:ql)?:\/\//.test(where)
}

/** Whether a folder is one that {@link openStore} made: its files are pieces of series and no series. */
export function isStoreFolder(path: string): boolean {
  return existsSync(join(path, 'writer.lock'))
}

/** An address without its password, for a message. */
export function shownStore(where: string): string {
  return where.replace(/^(postgres(?:ql)?:\/\/[^:@/]*):.*@/, '$1:…@').replace(/(password=)[^&]*/gi, '$1…')
}

/**
 * Opens a store and says which.
 * @throws {Error} that says what could not be opened and why.
 */
export async function openStore(where: string, { readOnly }: { readonly readOnly: boolean }): Promise<MarketStore> {
  say(`store: ${shownStore(where)}`)
  if (isPostgres(where)) {
    const { openPostgresStore } = await import('../../adapters/store/postgres-store.ts')
    return openPostgresStore({ connectionString: where })
  }
  const { openParquetStore } = await import('../../adapters/store/parquet-store.ts')
  return openParquetStore({ folder: where, readOnly })
}
