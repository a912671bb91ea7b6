const NAMES = ['symbol', 'asset', 'market', 'pair', 'ticker', 'instrument']

/** The column that tells markets apart, as the file spells it; undefined where the file is of one. */
export function symbolColumn(header: readonly string[]): string | undefined {
  return NAMES.flatMap((name) => header.filter((each) => each.trim().toLowerCase() === name))[0]
}
