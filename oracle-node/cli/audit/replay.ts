import type { Command } from 'commander'
import type { Hex } from '../../core/bytes.ts'
import { replayRecord } from '../../protocol/audit-record.ts'
import { Failed, newCommand } from '../command.ts'
import { countOf, print, printJson, say, shortTime, styled, table } from '../output.ts'
import {
  addSourceOptions,
  groupKeyOption,
  type SourceOptions,
  sourceOf,
  type Trust,
  trustedFor,
} from './record-options.ts'
import { type FoundRecord, findRecord, parseWanted } from './record-source.ts'

type Options = SourceOptions & { readonly groupKey?: Hex; readonly json?: boolean }

/** `plimsoll replay ROUND` */
export function replayCommand(): Command {
  const command = newCommand(
    'replay',
    'Derive a round’s report again from the signed observations of its public record, and check every signature.',
    [
      'plimsoll replay latest',
      'plimsoll replay 42 --node http://127.0.0.1:9464 --config node.yaml --json',
      'plimsoll replay 42 --file rounds.car --group-key 0x02…',
    ],
  ).argument('<round>', 'a round’s number, latest, or the CID of a record')
  return addSourceOptions(command).addOption(groupKeyOption()).option('--json', 'print one JSON object').action(replay)
}

async function replay(round: string, options: Options): Promise<void> {
  const wanted = parseWanted(round)
  const source = await sourceOf(options)
  const found = await findRecord(source, wanted)
  const { signatories, trust } = trustedFor(found.record, options)
  const outcome = replayRecord(found.record, signatories)
  const { report, proposal } = found.record
  const { equal, differences, digest } = outcome
  if (options.json === true) {
    const observers = proposal.observations.map(({ observation }) => observation.node)
    const checked = { observers, signers: found.record.certificate.signers, groupKey: signatories.groupKey }
    printJson({
      round: report.round,
      cid: found.cid,
      source: source.where,
      equal,
      digest: digest ?? null,
      ...checked,
      checkedAgainst: trust,
      differences,
    })
  } else show(found, outcome, signatories.groupKey)
  if (trust.groupKey === 'record') warn(trust)
  if (!equal)
    throw new Failed(`round ${report.round} is not what its record says: ${countOf(differences.length, 'difference')}`)
}

function show(
  { cid, record }: FoundRecord,
  { equal, differences }: ReturnType<typeof replayRecord>,
  groupKey: Hex,
): void {
  const { report, proposal, domain } = record
  const verdict = equal ? styled('green', 'equal') : styled('red', 'not equal')
  print(
    `round ${report.round} of ${shortTime(report.time)}, oracle ${domain.oracle} on chain ${domain.chainId}: ${verdict}`,
  )
  print(`  record  ${cid}`)
  print(`  digest  ${report.digest}`)
  if (equal) {
    const nodes = proposal.observations.map(({ observation }) => observation.node).join(', ')
    print(`  observations of nodes ${nodes}, each signed by its operator`)
    print(`  report derived from them, signed by the group key ${groupKey}`)
    return
  }
  const columns = ['where', 'given', 'derived'].map((title) => ({ title }))
  print(
    `\n${table(
      columns,
      differences.map(({ field, given, derived }) => [field, given, derived]),
    )}`,
  )
}

function warn({ committee }: Trust): void {
  const own = committee === 'record' ? 'the committee and the group key' : 'the group key'
  say(
    `checked against ${own} that the record itself names; give --group-key or a --config with groupKey to know whose it is`,
  )
}
