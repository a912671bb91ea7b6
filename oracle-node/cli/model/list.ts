import type { Command } from 'commander'
import { Failed, newCommand } from '../command.ts'
import { print, printJson, styled, table } from '../output.ts'
import {
  checkHash,
  type HashCheck,
  type ModelsOption,
  modelsOption,
  type RegistryEntry,
  readModels,
} from './model-files.ts'

type Options = ModelsOption & { readonly json?: boolean }

export function listCommand(): Command {
  return newCommand('list', 'List the models of the registry, and check their files against its hashes.', [
    'plimsoll model list',
    'plimsoll model list --json',
  ])
    .addOption(modelsOption())
    .option('--json', 'print one JSON object')
    .action(list)
}

function list({ models: folder, json }: Options): void {
  const registry = readModels(folder)
  const { risk, liquidity } = registry.defaults
  const rows = Object.entries(registry.models).map(([id, entry]) => ({
    id,
    kind: entry.kind,
    status: entry.status,
    runs: risk.includes(id) || liquidity === id,
    file: entry.file,
    sha256: entry.sha256,
    hash: checkHash(folder, entry),
    metrics: headline(entry),
  }))
  if (json === true) printJson({ models: rows })
  else {
    const columns = ['model', 'kind', 'status', 'file', 'hash', 'metrics (test, volatile assets)']
    print(
      table(
        columns.map((title) => ({ title })),
        rows.map(({ id, kind, status, file, hash, metrics }) => [
          id,
          kind,
          status,
          file,
          shownHash(hash),
          Object.entries(metrics)
            .map(([name, value]) => `${name} ${Number(value.toPrecision(4))}`)
            .join(', '),
        ]),
      ),
    )
  }
  const faulty = rows.filter(({ hash }) => hash !== 'ok').map(({ id, hash }) => `${id} (${hash})`)
  if (faulty.length > 0) {
    throw new Failed(`not what the registry says: ${faulty.join(', ')}; restore the files or run npm run models:train`)
  }
}

function shownHash(hash: HashCheck): string {
  return styled(hash === 'ok' ? 'green' : 'red', hash)
}

const HEADLINES = ['qlike', 'coverage', 'fzLoss']
/** Numbers of a model that is judged otherwise, such as depth. */
const OTHERS_MAX = 3

/** What a reader compares models by: of the test part, volatile assets; else the first numbers that there are. */
function headline({ metrics }: RegistryEntry): Record<string, number> {
  const all = numbersByName(metrics)
  const test = record(record(metrics)['test volatile'])
  const ofTest = HEADLINES.flatMap((name) => numbersByName(test).filter(([each]) => each === name))
  return Object.fromEntries(ofTest.length > 0 ? ofTest : all.slice(0, OTHERS_MAX))
}

function numbersByName(value: unknown): Array<[string, number]> {
  return Object.entries(record(value)).flatMap(
    ([name, each]): Array<[string, number]> => (typeof each === 'number' ? [[name, each]] : []),
  )
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {}
}
