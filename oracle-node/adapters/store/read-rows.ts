import type { MarketFilter } from '../../ports/market-store.ts'
import type { DuckEngine } from './duck-engine.ts'
import { type Cell, compareMarkets, type Kind, type Market, marketKey } from './kinds.ts'
import { loggedRows, type SequencedTable } from './log-table.ts'
import type { Partition } from './partition-files.ts'
import { checkCount, fileAt, filesOf, queryFiles, ROWS_PER_READ_MAX } from './read-files.ts'

type Ranked<Row> = { readonly sequence: number; readonly row: Row }

/** Rows of files and of the log, by market and in its order; of two rows of one key the one that came later counts. */
export async function readRows<Row extends Market>(
  engine: DuckEngine,
  kind: Kind<Row>,
  partitions: readonly Partition[],
  logs: readonly SequencedTable<Row>[],
  filter: MarketFilter,
): Promise<Row[]> {
  const rows = newestRows(kind)
  const files = filesOf(partitions)
  const columns = kind.columns.map(([name, type]) => (type === 'VARCHAR' ? `"${name}"` : `"${name}"::DOUBLE`))
  await queryFiles(engine, files, { kind, columns, filter, streamed: true }, (chunk, first) => {
    const [index, ...vectors] = Array.from({ length: columns.length + 1 }, (_, column) => chunk.getColumnVector(column))
    const { rowCount } = chunk
    for (let at = 0; at < rowCount; at++) {
      const { source, symbol, sequence } = fileAt(files, first + Number(index?.getItem(at)))
      const cells = vectors.map((vector) => cell(vector.getItem(at)))
      rows.add({ sequence, row: kind.row({ source, symbol }, cells) })
    }
  })
  for (const logged of loggedRows(kind, logs, filter)) rows.add(logged)
  return rows.sorted()
}

function newestRows<Row extends Market>(kind: Kind<Row>) {
  const markets = new Map<string, Market & { readonly rows: Map<string, Ranked<Row>> }>()
  let count = 0
  return {
    add: ({ sequence, row }: Ranked<Row>): void => {
      const key = marketKey(row)
      const market = markets.get(key) ?? { source: row.source, symbol: row.symbol, rows: new Map() }
      markets.set(key, market)
      const before = market.rows.get(kind.keyOf(row))
      if (before === undefined) count += 1
      checkCount(kind.name, count, ROWS_PER_READ_MAX)
      if (before === undefined || before.sequence <= sequence) market.rows.set(kind.keyOf(row), { sequence, row })
    },
    sorted: (): Row[] =>
      [...markets.values()]
        .toSorted(compareMarkets)
        .flatMap(({ rows }) => [...rows.values()].map(({ row }) => row).toSorted(kind.compare)),
  }
}

function cell(value: unknown): Cell | null {
  return typeof value === 'string' || typeof value === 'number' ? value : null
}
