import type { JsonRpcProvider, Wallet } from 'ethers'
import type { Sent, TransmissionNotice } from '../ports/chain.ts'
import {
  startTransmission,
  stepTransmission,
  type TransmissionOutcome,
  type TransmissionSettings,
  type TransmissionState,
  type TransmissionStep,
} from '../protocol/transmission.ts'
import { type Account, type Attempt, broadcast, lookAt, type Mined, type Order, prepare } from './evm-transaction.ts'

export type FeeOptions = {
  /** No transaction offers more than this a gas. */
  readonly maxFeeGwei?: number | undefined
  /** The tip; without it, what the endpoint estimates. */
  readonly priorityFeeGwei?: number | undefined
  readonly bumpAfterMs?: number | undefined
  readonly giveUpAfterMs?: number | undefined
  readonly confirmations?: number | undefined
  readonly confirmWithinMs?: number | undefined
}

/** Above it, the operator's purse is worth more than one round: the next one reports the same state. */
const MAX_FEE_GWEI = 300
/** One slot of Ethereum: whoever was not in the next block was outbid. */
const BUMP_AFTER_MS = 12_000
/** Room for four replacements, at least 60 % more in all. By then every stand-by of a small committee had its turn. */
const GIVE_UP_AFTER_MS = 60_000
/** Two blocks on top of the transaction's own. */
const CONFIRMATIONS = 3
const CONFIRM_WITHIN_MS = 60_000
/** Looks become rarer up to this: an endpoint's quota is worth more than a second. */
const POLL_MIN_MS = 100
const POLL_MAX_MS = 1_000
const WEI_PER_GWEI = 1e9

type Sender = Account & {
  readonly notify: (notice: TransmissionNotice) => void
  readonly closing: AbortSignal
  /** Runs when no other transaction of the key is on its way: a second one would queue behind the first one's nonce. */
  exclusive<T>(run: () => Promise<T>): Promise<T>
}
type Progress = { readonly state: TransmissionState; readonly mined?: Mined | undefined }

/** Sends the operator's transactions, one at a time. */
export function evmSender(options: {
  readonly provider: JsonRpcProvider
  readonly wallet: Wallet
  readonly chainId: number
  readonly fees: FeeOptions
  readonly notify: (notice: TransmissionNotice) => void
}): { send(order: Order): Promise<Sent>; close(): void } {
  const { fees, ...rest } = options
  const closing = new AbortController()
  let busy: Promise<unknown> = Promise.resolve()
  const sender: Sender = {
    ...rest,
    priorityFee: fees.priorityFeeGwei === undefined ? undefined : wei(fees.priorityFeeGwei),
    closing: closing.signal,
    exclusive: (run) => {
      const result = busy.then(run)
      busy = result.catch(() => undefined)
      return result
    },
  }
  const send = (order: Order): Promise<Sent> => {
    const settings = settingsOf({ ...fees, confirmations: order.confirmations ?? fees.confirmations })
    return sender.exclusive(() => deliver(sender, settings, order))
  }
  return { send, close: () => closing.abort() }
}

async function deliver(sender: Sender, settings: TransmissionSettings, order: Order): Promise<Sent> {
  try {
    const attempt = await prepare(sender, order)
    const { look } = await lookAt(sender, attempt)
    const sent = await perform(sender, settings, attempt, startTransmission(settings, look))
    const { state, mined } = await drive(sender, settings, attempt, { state: sent })
    // The caller goes on at inclusion; what a re-org takes away is brought back behind it.
    if (state.kind === 'included') watch(sender, settings, attempt, state).catch(() => undefined)
    const reverted = state.kind === 'ended' && state.outcome === 'reverted'
    if (mined !== undefined && !reverted) return { ok: true, ...mined }
    return { ok: false, reason: reasonOf(settings, state), retry: false }
  } catch (error) {
    return order.explain(error)
  }
}

async function perform(
  sender: Sender,
  settings: TransmissionSettings,
  attempt: Attempt,
  step: TransmissionStep,
): Promise<TransmissionState> {
  for (const effect of step.effects) {
    if (effect.kind === 'notice') {
      sender.notify({ name: effect.name, purpose: attempt.order.purpose, nonce: effect.nonce })
    } else if (!(await broadcast(sender, attempt, effect.nonce, effect.fees))) {
      return perform(sender, settings, attempt, stepTransmission(settings, step.state, { kind: 'underpriced' }))
    }
  }
  return step.state
}

/** Looks and acts until the state is of another kind, or there is something to send that was mined before. */
async function drive(
  sender: Sender,
  settings: TransmissionSettings,
  attempt: Attempt,
  from: Progress,
): Promise<Progress> {
  const { kind } = from.state
  let progress = from
  let answeredAt = performance.now()
  let wait = POLL_MIN_MS
  while (progress.state.kind === kind && kind !== 'ended' && !sender.closing.aborted) {
    try {
      const { look, mined = progress.mined } = await lookAt(sender, attempt)
      answeredAt = look.now
      const step = stepTransmission(settings, progress.state, { kind: 'look', look })
      // A re-org is resubmitted in the key's turn, from a fresh look.
      if (kind === 'included' && step.state.kind === 'live') return progress
      progress = { state: await perform(sender, settings, attempt, step), mined }
    } catch {
      // An endpoint that fails for a moment must not lose sight of what was sent; one that stays away ends the waiting.
      if (performance.now() - answeredAt >= settings.giveUpAfterMs) return progress
    }
    if (progress.state.kind === kind) await pause(wait, sender.closing)
    wait = Math.min(wait * 2, POLL_MAX_MS)
  }
  return progress
}

/** Watches what was mined until it is confirmed, and brings it back when a re-org took it away. */
async function watch(
  sender: Sender,
  settings: TransmissionSettings,
  attempt: Attempt,
  included: TransmissionState,
): Promise<void> {
  const { state } = await drive(sender, settings, attempt, { state: included })
  if (state.kind !== 'included' || sender.closing.aborted) return
  const resubmitted = await sender.exclusive(async () => {
    const { look } = await lookAt(sender, attempt)
    const next = await perform(sender, settings, attempt, stepTransmission(settings, state, { kind: 'look', look }))
    return next.kind === 'live' ? (await drive(sender, settings, attempt, { state: next })).state : next
  })
  if (resubmitted.kind === 'included') await watch(sender, settings, attempt, resubmitted)
}

function settingsOf(fees: FeeOptions): TransmissionSettings {
  return {
    maxFeeCeiling: wei(fees.maxFeeGwei ?? MAX_FEE_GWEI),
    bumpAfterMs: fees.bumpAfterMs ?? BUMP_AFTER_MS,
    giveUpAfterMs: fees.giveUpAfterMs ?? GIVE_UP_AFTER_MS,
    confirmations: fees.confirmations ?? CONFIRMATIONS,
    confirmWithinMs: fees.confirmWithinMs ?? CONFIRM_WITHIN_MS,
  }
}

function wei(gwei: number): bigint {
  return BigInt(Math.round(gwei * WEI_PER_GWEI))
}

function reasonOf(settings: TransmissionSettings, state: TransmissionState): string {
  const ceiling = `${Number(settings.maxFeeCeiling) / WEI_PER_GWEI} gwei a gas`
  const reasons: Record<TransmissionOutcome, string> = {
    confirmed: 'mined',
    unconfirmed: 'mined',
    reverted: 'reverted on the chain',
    superseded: 'done by another',
    'gave-up': `not mined within ${settings.giveUpAfterMs / 1_000} s at up to ${ceiling}`,
  }
  return state.kind === 'ended' ? reasons[state.outcome] : 'the endpoint stopped answering after it was sent'
}

/** Ends early when the signal aborts. */
function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((wake) => {
    const done = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      wake()
    }
    const timer = setTimeout(done, milliseconds)
    signal.addEventListener('abort', done)
  })
}
