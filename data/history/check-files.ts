import { readdir, stat } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { checkFile, type FileCheck } from './check-file.ts'
import type { CheckOptions } from './series.ts'

/** `group` and `name` are the parts of what it is called: a folder and a file in it, or a venue and a market of it. */
export type NamedCheck = { readonly group: string; readonly name: string; readonly found: FileCheck }

/** A folder with more files than this is not one of market data alone. */
const FILES_MAX = 100_000
const DATA_FILE = /\.(?:csv|tsv|csv\.gz|tsv\.gz|parquet|log|log\.gz)$/i

export type FoundFiles = {
  readonly files: ReadonlyArray<{ readonly path: string; readonly name: string }>
  /** Names of files that hold no data by their ending. */
  readonly skipped: readonly string[]
}

/**
 * The data files in folders and below, by name; hidden ones and links are passed over. A file that is named itself is always one.
 * @throws {Error} that names a path that is not there, or a folder with too many files.
 */
export async function findDataFiles(paths: readonly string[]): Promise<FoundFiles> {
  const found = await Promise.all(paths.map((path) => filesOf(path, paths.length === 1)))
  return { files: found.flatMap(({ files }) => files), skipped: found.flatMap(({ skipped }) => skipped) }
}

async function filesOf(path: string, alone: boolean): Promise<FoundFiles> {
  const kind = await stat(path).catch(() => undefined)
  if (kind === undefined) throw new Error(`${path} is not there; give a file or a folder of CSV or Parquet files`)
  if (!kind.isDirectory()) return { files: [{ path, name: path }], skipped: [] }
  const paths = await filesUnder(path)
  const nameOf = (file: string): string => (alone ? relative(path, file) : file).split(sep).join('/')
  return {
    files: paths.filter((file) => DATA_FILE.test(file)).map((file) => ({ path: file, name: nameOf(file) })),
    skipped: paths.filter((file) => !DATA_FILE.test(file)).map(nameOf),
  }
}

async function filesUnder(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  if (entries.length > FILES_MAX) {
    throw new Error(`${folder} has more than ${FILES_MAX} files; give a folder of market data`)
  }
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !/(?:^|[\\/])\.[^.\\/]/.test(relative(folder, path)))
    .sort()
}

/** Each file judged, in their order; `onFile` hears of each before it is read. */
export async function checkFiles(
  { files }: FoundFiles,
  options: CheckOptions,
  onFile: (name: string) => void = () => undefined,
): Promise<NamedCheck[]> {
  const checks: NamedCheck[] = []
  for (const { path, name } of files) {
    onFile(name)
    const cut = name.lastIndexOf('/')
    checks.push({
      group: name.slice(0, Math.max(0, cut)),
      name: name.slice(cut + 1),
      found: await checkFile(path, options),
    })
  }
  return checks
}
