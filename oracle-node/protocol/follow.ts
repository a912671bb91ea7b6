import type { Hex } from '../core/bytes.ts'
import type { Report } from '../core/report.ts'
import type { Commitment } from '../core/threshold.ts'
import type { NodeIndex, UnixSeconds } from '../core/units.ts'
import { checkAgainstOwn, rebuildReport } from './check-proposal.ts'
import { isSignerSet, leaderOf } from './committee.ts'
import type { ProposalMessage, RefusalReason } from './messages.ts'
import type { RoundSettings, RoundState, Step } from './round-state.ts'

type Incoming = { readonly from: NodeIndex; readonly message: ProposalMessage; readonly now: UnixSeconds }

/** A member's answer to a proposal: a share, or why not. It trusts nothing that the leader could have made up. */
export function onProposal(settings: RoundSettings, state: RoundState, incoming: Incoming): Step {
  const { from, message } = incoming
  // A copy: the share is on its way, and a refusal would overtake it and have this member left out.
  if ((state.answered.get(message.attempt) ?? -1) >= message.session) return { state, effects: [] }
  const judged = judge(settings, state, incoming)
  if (!judged.ok) {
    const { attempt, session } = message
    const refusal = { kind: 'refusal', round: state.round, attempt, session, ...judged.refusal } as const
    return { state, effects: [{ kind: 'send', to: from, message: refusal }] }
  }
  // The promise is gone before anything is signed: no second proposal finds a commitment to sign under.
  const promises = new Map(state.promises)
  promises.delete(message.attempt)
  const answered = new Map(state.answered).set(message.attempt, message.session)
  return {
    state: {
      ...state,
      promises,
      answered,
      locked: { digest: judged.digest, observations: message.observations, report: judged.report },
    },
    effects: [
      {
        kind: 'sign',
        attempt: message.attempt,
        session: message.session,
        digest: judged.digest,
        observations: message.observations,
        commitment: judged.commitment,
        signers: message.signers,
      },
    ],
  }
}

type Judged =
  | { readonly ok: true; readonly report: Report; readonly digest: Hex; readonly commitment: Commitment }
  | { readonly ok: false; readonly refusal: { readonly reason: RefusalReason; readonly detail: string } }

function judge(settings: RoundSettings, state: RoundState, { from, message, now }: Incoming): Judged {
  const no = (reason: RefusalReason, detail: string): Judged => ({ ok: false, refusal: { reason, detail } })
  const leader = leaderOf(settings.committee, state.round, message.attempt)
  if (from !== leader) return no('not-the-leader', `node ${leader} leads attempt ${message.attempt}`)
  // Before anything is bound to it: a set that can't sign would cost this member its round.
  const nodes = message.signers.map((signer) => signer.node)
  if (!isSignerSet(settings.committee, nodes)) return no('bad-signers', `${nodes.join(', ')} are no quorum of members`)
  const own = state.own
  if (own === undefined) return no('unknown-commitment', 'this node has made no observation in this round')
  const mine = message.signers.find((signer) => signer.node === settings.self)
  const open = state.promises.get(message.attempt)
  if (open === undefined || open.hiding !== mine?.hiding || open.binding !== mine.binding) {
    return no('unknown-commitment', 'the proposal does not use the commitment that this node has open')
  }
  const rebuilt = rebuildReport({ ...settings, round: state.round }, message.observations)
  if (!rebuilt.ok) return no(rebuilt.reason, rebuilt.detail)
  if (state.locked !== undefined && state.locked.digest !== rebuilt.digest) {
    return no('signed-another-report', `this node signed ${state.locked.digest} in this round`)
  }
  const { observations } = message
  const fault = checkAgainstOwn({ report: rebuilt.report, observations, own, now, tolerance: settings.tolerance })
  return fault === undefined
    ? { ok: true, report: rebuilt.report, digest: rebuilt.digest, commitment: open }
    : { ok: false, refusal: fault }
}
