/*
 * One transaction on its way to the chain, without I/O: sent, outbid by its own replacement while it isn't mined, and watched
 * for a re-org once it is. All replacements share one nonce, so that at most one of them can ever be mined and paid for.
 */

export type Fees = { readonly maxFee: bigint; readonly priorityFee: bigint }

export type TransmissionSettings = {
  /** No transaction offers more than this a gas, in wei. */
  readonly maxFeeCeiling: bigint
  readonly bumpAfterMs: number
  readonly giveUpAfterMs: number
  /** Blocks, the transaction's own included, after which no re-org is looked for; 0 looks for none. */
  readonly confirmations: number
  /** A quiet chain may never mine as many blocks. */
  readonly confirmWithinMs: number
}

/** What the chain shows at one time. */
export type Look = {
  readonly now: number
  readonly baseFee: bigint
  readonly tip: bigint
  /** The next nonce of the key after its mined transactions, and after its pending ones. */
  readonly nonce: number
  readonly pendingNonce: number
  /** Whether the chain still lacks what the transaction does. */
  readonly needed: boolean
  /** Whether the endpoint still has the newest replacement. */
  readonly known: boolean
  readonly inclusion?:
    | { readonly block: string; readonly confirmations: number; readonly reverted: boolean }
    | undefined
}

export type TransmissionEvent =
  | { readonly kind: 'look'; readonly look: Look }
  /** A transaction of this nonce that offers more than ours is pending. */
  | { readonly kind: 'underpriced' }

type Sending = {
  readonly nonce: number
  readonly fees: Fees
  readonly startedAt: number
  /** New nonces and re-orgs so far. */
  readonly restarts: number
}

export type TransmissionOutcome = 'confirmed' | 'unconfirmed' | 'reverted' | 'superseded' | 'gave-up'

export type TransmissionState =
  | (Sending & { readonly kind: 'live'; readonly sentAt: number })
  | (Sending & { readonly kind: 'included'; readonly block: string; readonly includedAt: number })
  | { readonly kind: 'ended'; readonly outcome: TransmissionOutcome }

type NoticeName =
  | 'transaction-pending-found'
  | 'transaction-replaced'
  | 'transaction-resent'
  | 'transaction-reorged'
  | 'nonce-taken'

export type TransmissionEffect =
  | { readonly kind: 'send'; readonly nonce: number; readonly fees: Fees }
  | { readonly kind: 'notice'; readonly name: NoticeName; readonly nonce: number }

export type TransmissionStep = {
  readonly state: TransmissionState
  readonly effects: readonly TransmissionEffect[]
}

/** Geth takes a replacement from 10 % more in both fees; an eighth leaves room for endpoints that round or ask for more. */
const BUMP_DIVISOR = 8n
/** The base fee rises by an eighth a block at most, so twice of it lasts five full blocks. */
const BASE_FEE_ROOM = 2n
/** A key that others use all the time, or a chain that re-orgs again and again, is the operator's to look into. */
const RESTARTS_MAX = 3

export function startTransmission(settings: TransmissionSettings, look: Look): TransmissionStep {
  if (!look.needed) return ended('superseded')
  const fees = marketFees(settings, look)
  const found: TransmissionEffect[] =
    look.pendingNonce > look.nonce ? [{ kind: 'notice', name: 'transaction-pending-found', nonce: look.nonce }] : []
  return send({ nonce: look.nonce, fees, startedAt: look.now, restarts: 0 }, look.now, found)
}

export function stepTransmission(
  settings: TransmissionSettings,
  state: TransmissionState,
  event: TransmissionEvent,
): TransmissionStep {
  if (state.kind === 'ended') return { state, effects: [] }
  if (event.kind === 'underpriced') return state.kind === 'live' ? outbid(settings, state) : { state, effects: [] }
  const { look } = event
  if (look.inclusion !== undefined) return onIncluded(settings, state, look, look.inclusion)
  return state.kind === 'live' ? onLive(settings, state, look) : onMissing(settings, state, look)
}

function onIncluded(
  settings: TransmissionSettings,
  state: TransmissionState & Sending,
  look: Look,
  inclusion: NonNullable<Look['inclusion']>,
): TransmissionStep {
  if (inclusion.reverted) return ended('reverted')
  if (inclusion.confirmations >= settings.confirmations) return ended('confirmed')
  const { nonce, fees, startedAt, restarts } = state
  const includedAt = state.kind === 'included' ? state.includedAt : look.now
  if (look.now - includedAt >= settings.confirmWithinMs) return ended('unconfirmed')
  const moved = state.kind === 'included' && state.block !== inclusion.block
  return {
    state: { kind: 'included', nonce, fees, startedAt, restarts, block: inclusion.block, includedAt },
    effects: moved ? [{ kind: 'notice', name: 'transaction-reorged', nonce }] : [],
  }
}

function onLive(
  settings: TransmissionSettings,
  state: TransmissionState & { readonly kind: 'live' },
  look: Look,
): TransmissionStep {
  const { nonce } = state
  if (look.nonce > nonce) return restart(settings, state, look, [{ kind: 'notice', name: 'nonce-taken', nonce }])
  if (look.now - state.startedAt >= settings.giveUpAfterMs) return ended('gave-up')
  if (look.now - state.sentAt < settings.bumpAfterMs) return { state, effects: [] }
  // A transaction that would revert is not worth a higher fee. The next one takes its nonce.
  if (!look.needed) return ended('superseded')
  const wanted = marketFees(settings, look)
  if (!look.known && wanted.maxFee <= state.fees.maxFee)
    return send(state, look.now, [{ kind: 'notice', name: 'transaction-resent', nonce }])
  const fees = bumped(settings, state.fees, wanted)
  if (fees === undefined) return look.known ? { state, effects: [] } : send(state, look.now, [])
  return send({ ...state, fees }, look.now, [{ kind: 'notice', name: 'transaction-replaced', nonce }])
}

/** Whoever sent the pending transaction, its fees are unknown: doubling passes them in few steps, or meets the ceiling. */
function outbid(
  settings: TransmissionSettings,
  state: TransmissionState & { readonly kind: 'live' },
): TransmissionStep {
  const { maxFee, priorityFee } = state.fees
  const double = { maxFee: maxFee * 2n, priorityFee: priorityFee * 2n }
  const fees = bumped(settings, state.fees, double)
  if (fees === undefined) return ended('gave-up')
  return send({ ...state, fees }, state.sentAt, [{ kind: 'notice', name: 'transaction-replaced', nonce: state.nonce }])
}

/** The receipt is gone. What the chain lacks says whether that is a re-org: endpoints behind one address may differ by a block. */
function onMissing(
  settings: TransmissionSettings,
  state: TransmissionState & { readonly kind: 'included' },
  look: Look,
): TransmissionStep {
  if (look.needed)
    return restart(settings, state, look, [{ kind: 'notice', name: 'transaction-reorged', nonce: state.nonce }])
  return look.now - state.includedAt >= settings.confirmWithinMs ? ended('superseded') : { state, effects: [] }
}

/** Sends anew under the nonce that is next now. */
function restart(
  settings: TransmissionSettings,
  state: Sending,
  look: Look,
  notices: readonly TransmissionEffect[],
): TransmissionStep {
  if (!look.needed) return ended('superseded', notices)
  if (state.restarts === RESTARTS_MAX) return ended('gave-up', notices)
  // The old transaction may come back under its nonce, where only a repetition or a higher offer is taken.
  const fees = look.nonce === state.nonce ? state.fees : marketFees(settings, look)
  return send({ nonce: look.nonce, fees, startedAt: look.now, restarts: state.restarts + 1 }, look.now, notices)
}

function send(sending: Sending, sentAt: number, before: readonly TransmissionEffect[]): TransmissionStep {
  const { nonce, fees, startedAt, restarts } = sending
  return {
    state: { kind: 'live', nonce, fees, startedAt, restarts, sentAt },
    effects: [...before, { kind: 'send', nonce, fees }],
  }
}

function ended(outcome: TransmissionOutcome, effects: readonly TransmissionEffect[] = []): TransmissionStep {
  return { state: { kind: 'ended', outcome }, effects }
}

function marketFees({ maxFeeCeiling }: TransmissionSettings, { baseFee, tip }: Look): Fees {
  const priorityFee = lesser(tip, maxFeeCeiling)
  return { priorityFee, maxFee: lesser(baseFee * BASE_FEE_ROOM + priorityFee, maxFeeCeiling) }
}

/** Both fees an eighth up or as wanted if that is more; undefined when the ceiling leaves no room for the eighth. */
function bumped({ maxFeeCeiling }: TransmissionSettings, fees: Fees, wanted: Fees): Fees | undefined {
  const floor = { maxFee: eighthUp(fees.maxFee), priorityFee: eighthUp(fees.priorityFee) }
  if (floor.maxFee > maxFeeCeiling) return undefined
  const maxFee = lesser(greater(floor.maxFee, wanted.maxFee), maxFeeCeiling)
  return { maxFee, priorityFee: lesser(greater(floor.priorityFee, wanted.priorityFee), maxFee) }
}

function eighthUp(fee: bigint): bigint {
  return fee + (fee + BUMP_DIVISOR - 1n) / BUMP_DIVISOR + (fee === 0n ? 1n : 0n)
}

function lesser(a: bigint, b: bigint): bigint {
  return a < b ? a : b
}

function greater(a: bigint, b: bigint): bigint {
  return a > b ? a : b
}
