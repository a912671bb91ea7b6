import type { Command } from 'commander'
import type { Hex } from '../../core/bytes.ts'
import { Failed, newCommand } from '../command.ts'
import { print, printJson, say, shortTime, styled } from '../output.ts'
import { readGiven } from './read-given.ts'
import { groupKeyOption, trustedFor } from './record-options.ts'
import { checkReport, type GivenReport, reportIn } from './signed-report.ts'

type Options = { readonly config?: string; readonly groupKey?: Hex; readonly json?: boolean }

/** `plimsoll verify REPORT` */
export function verifyCommand(): Command {
  return newCommand('verify', 'Check a report’s signature offline: whether the committee signed these very values.', [
    'curl -s http://127.0.0.1:9464/audit/rounds/latest | plimsoll verify - --group-key 0x02…',
    'plimsoll verify weth-proof.json --config node.yaml',
  ])
    .argument(
      '<report>',
      'a report or a proof of one asset as a node serves them, or a record’s block; - is the standard input',
    )
    .option('--config <file>', 'a configuration with the groupKey, and the chain and oracle that the report must be of')
    .addOption(groupKeyOption())
    .option('--json', 'print one JSON object')
    .action(verify)
}

async function verify(path: string, options: Options): Promise<void> {
  const report = reportIn(await readGiven(path), path)
  const { signatories, trust } = trustedFor(
    { ...report, committee: { epoch: report.head.epoch, operators: [] } },
    options,
  )
  if (trust.groupKey === 'record' && options.config !== undefined) {
    say(`${options.config} names no groupKey; checked against the one that the report itself names`)
  } else if (trust.groupKey === 'record') {
    say('checked against the group key that the report itself names; give --group-key or --config to know whose it is')
  }
  const faults = checkReport(report, { ...signatories, epoch: signatories.committee.epoch })
  const { head, domain } = report
  if (options.json === true) {
    const { round, time } = head
    const { groupKey } = signatories
    const bound = { chainId: Number(domain.chainId), oracle: domain.oracle }
    printJson({
      valid: faults.length === 0,
      round,
      epoch: head.epoch,
      time,
      ...bound,
      groupKey,
      checkedAgainst: { groupKey: trust.groupKey, domain: trust.domain },
      faults,
    })
  } else show(report, signatories.groupKey, faults)
  if (faults.length > 0) throw new Failed(`${path} is not a report that the committee signed`)
}

function show({ head, domain, records }: GivenReport, groupKey: Hex, faults: readonly string[]): void {
  const verdict = faults.length === 0 ? styled('green', 'valid') : styled('red', 'not valid')
  print(
    `round ${head.round} of ${shortTime(head.time)}, oracle ${domain.oracle} on chain ${domain.chainId}: ${verdict}`,
  )
  if (faults.length === 0) print(`  ${records.join(', ')} signed by the group key ${groupKey}`)
  for (const fault of faults) print(`  ${fault}`)
}
