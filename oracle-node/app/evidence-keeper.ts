import { type EvidenceFolder, roundOf } from '../adapters/evidence-folder.ts'
import type { Telemetry } from '../ports/telemetry.ts'
import type { Evidence } from '../protocol/evidence.ts'

/** Keeps what is found: in a file for whoever judges, in the log and in a metric for who watches the node. */
export function evidenceKeeper(folder: EvidenceFolder, telemetry: Telemetry): (evidence: Evidence) => void {
  return (evidence) => {
    const { subject, claim } = evidence
    const found = { round: roundOf(evidence), member: subject.node, kind: claim.kind }
    telemetry.count('plimsoll_evidence_total', { node: String(subject.node), kind: claim.kind })
    folder.save(evidence).then(
      (path) => telemetry.log('warn', 'evidence-found', { ...found, file: path ?? 'not kept: enough of it is held' }),
      (error: unknown) => telemetry.log('error', 'evidence-not-saved', { ...found, error: String(error) }),
    )
  }
}
