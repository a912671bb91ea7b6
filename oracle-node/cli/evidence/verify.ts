import type { Command } from 'commander'
import { readEvidence, roundOf } from '../../adapters/evidence-folder.ts'
import { evidenceId } from '../../adapters/evidence-json.ts'
import { readConfig } from '../../app/config.ts'
import { DEVIATION_TOLERANCE } from '../../core/out-of-range.ts'
import { type Evidence, type Verdict, verifyEvidence } from '../../protocol/evidence.ts'
import { Failed, newCommand } from '../command.ts'
import { print, printJson } from '../output.ts'

type Options = { readonly config?: string; readonly json?: boolean }

export function verifyCommand(): Command {
  return newCommand('verify', 'Say whether a file of evidence proves what it claims.', [
    'plimsoll evidence verify epoch1-node3-invalid-share-round21-0123456789ab.json',
    'plimsoll evidence verify evidence.json --config node-1.yaml',
  ])
    .argument('<file>', 'the evidence')
    .option('--config <file>', 'a node’s configuration: the accused must be the member that it names')
    .option('--json', 'print one JSON object')
    .action(verify)
}

async function verify(file: string, { config, json }: Options): Promise<void> {
  const { evidence } = await readEvidence(file)
  if (!evidence.ok) throw new Failed(`${file} is no evidence: ${evidence.detail}`)
  const { subject, claim } = evidence.message
  const verdict = verifyEvidence(evidence.message, DEVIATION_TOLERANCE)
  const stranger = config === undefined ? undefined : otherThanNamed(subject, config)
  const { node, operator, epoch } = subject
  const round = roundOf(evidence.message)
  const id = evidenceId(evidence.message)
  if (json === true) printJson({ id, kind: claim.kind, node, operator, epoch, round, verdict, stranger })
  else {
    print(`${claim.kind} of node ${node} (${operator}) in round ${round}, epoch ${epoch}: ${MEANING[verdict]}`)
    if (config === undefined) {
      print('Verified against the keys in the file: compare them with the committee’s, or give --config.')
    }
  }
  if (verdict !== 'proven') throw new Failed(`${file} proves nothing: ${verdict}`)
  if (stranger !== undefined) throw new Failed(`${file} does not accuse a member of ${config}: ${stranger}`)
}

const MEANING: Readonly<Record<Verdict, string>> = {
  proven: 'proven',
  'not-signed': 'not proven, for the accused operator did not sign it',
  'no-contradiction': 'not proven, for the two statements do not contradict each other',
  malformed: 'not proven, for it can’t be decided from what it holds',
  'share-is-right': 'not proven, for the share is right',
  'within-range': 'not proven, for the values are within range',
  'not-certified': 'not proven, for the report is not the committee’s of that round',
}

/** In what the accused differs from the member of the configuration. The group's keys are not in it. */
function otherThanNamed(subject: Evidence['subject'], path: string): string | undefined {
  const { members, epoch, run } = readConfig(path)
  const named = members.find(({ node }) => node === subject.node)?.operator
  if (named !== subject.operator)
    return `operator ${subject.operator} given, node ${subject.node} there is ${named ?? 'nobody'}`
  if (epoch !== subject.epoch) return `epoch ${subject.epoch} given, ${epoch} there`
  if (run === undefined) return undefined
  const { chainId, oracle } = run.chain
  const same = BigInt(chainId) === subject.domain.chainId && oracle === subject.domain.oracle
  return same
    ? undefined
    : `oracle ${subject.domain.oracle} on chain ${subject.domain.chainId} given, ${oracle} on ${chainId} there`
}
