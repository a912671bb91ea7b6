import { basename, join } from 'node:path'
import type { Command } from 'commander'
import { listEvidence, roundOf } from '../../adapters/evidence-folder.ts'
import { DEVIATION_TOLERANCE } from '../../core/out-of-range.ts'
import { verifyEvidence } from '../../protocol/evidence.ts'
import { Failed, newCommand } from '../command.ts'
import { countOf, print, printJson, table } from '../output.ts'

type Options = { readonly json?: boolean }

export function listCommand(): Command {
  return newCommand('list', 'List the evidence that a node has found, and verify each file against the keys in it.', [
    'plimsoll evidence list node-1',
    'plimsoll evidence list node-1 --json',
  ])
    .argument('<folder>', 'the node’s data folder')
    .option('--json', 'print one JSON object')
    .action(list)
}

async function list(dataFolder: string, { json }: Options): Promise<void> {
  const files = await listEvidence(join(dataFolder, 'evidence'))
  const rows = files.map(({ path, evidence }) => {
    const file = basename(path)
    if (!evidence.ok) return { file, verdict: evidence.detail }
    const { subject, claim } = evidence.message
    const { node, operator, epoch } = subject
    const verdict = verifyEvidence(evidence.message, DEVIATION_TOLERANCE)
    return { file, kind: claim.kind, node, operator, epoch, round: roundOf(evidence.message), verdict }
  })
  if (json === true) printJson({ evidence: rows })
  else if (rows.length === 0) print(`no evidence in ${join(dataFolder, 'evidence')}`)
  else {
    const columns = ['kind', 'node', 'operator', 'round', 'verdict', 'file'].map((title) => ({ title }))
    const cells = rows.map((row) => [row.kind, row.node, row.operator, row.round, row.verdict, row.file])
    print(
      table(
        columns,
        cells.map((row) => row.map((each) => String(each ?? ''))),
      ),
    )
  }
  const faulty = rows.filter(({ verdict }) => verdict !== 'proven').length
  if (faulty > 0) throw new Failed(`${countOf(faulty, 'file')} of ${rows.length} prove nothing`)
}
