import type { CeremonyLog } from '../adapters/ceremony-log.ts'
import { parseCeremonyMessage } from '../adapters/ceremony-wire.ts'
import type { NodeIndex } from '../core/units.ts'
import type { Transport } from '../ports/transport.ts'
import {
  type CeremonyEffect,
  type CeremonyEvent,
  type CeremonyStep,
  startCeremony,
  stepCeremony,
} from '../protocol/ceremony/ceremony.ts'
import { type CeremonyProgress, type Outcome, progressOf } from '../protocol/ceremony/outcome.ts'
import { type CeremonySettings, type CeremonyTiming, partiesOf } from '../protocol/ceremony/settings.ts'
import type { CeremonySecrets, CeremonyState } from '../protocol/ceremony/state.ts'

const TICK_MS = 100
/** Messages on their way to one party: what does not go through is said again, so that more would only pile up. */
const SENDING_MAX = 8

export type CeremonyRun = {
  readonly settings: CeremonySettings
  readonly timing: CeremonyTiming
  readonly self: NodeIndex
  readonly secrets: CeremonySecrets
  readonly log: CeremonyLog
  readonly transport: Transport
  /** Gives up after this long; what was done so far is kept, and the next run goes on with it. */
  readonly timeoutMs: number
  /** How long it stays for others after it has its own outcome. */
  readonly lingerMs: number
  /** The outcome was sealed in an earlier run: this one is for the others. */
  readonly finished: boolean
  /** How a party is called to whoever runs this. */
  nameOf(party: NodeIndex): string
  /** Puts the outcome where it belongs, durably. */
  seal(outcome: Outcome): Promise<void>
  onProgress(progress: CeremonyProgress): void
}

/**
 * Takes part in a ceremony until it has its outcome and the others have theirs, or have been waited for.
 * @returns The outcome; undefined for a run that was for the others alone.
 * @throws {Error} that says who did not answer, when there was no outcome in time.
 */
export async function runCeremony(run: CeremonyRun): Promise<Outcome | undefined> {
  const { settings, timing, self, secrets, log, transport, finished } = run
  const post = postTo(transport)
  const done = Promise.withResolvers<Outcome | undefined>()
  let carried: Promise<void> = Promise.resolve()
  let outcome: Outcome | undefined
  let state: CeremonyState
  const now = (): number => performance.now()

  const carryOut = async (effect: CeremonyEffect): Promise<void> => {
    if (effect.kind === 'keep') await log.append(effect.letters)
    else if (effect.kind === 'send') post.send(effect.to, effect.message)
    else if (outcome === undefined) {
      outcome = effect.outcome
      await run.seal(effect.outcome)
      take({ kind: 'sealed' })
    }
  }
  const enter = (step: CeremonyStep): void => {
    state = step.state
    run.onProgress(progressOf(state))
    // One after the other: nothing may leave before what it came of is on the disk.
    for (const effect of step.effects) carried = carried.then(() => carryOut(effect))
    carried.catch(done.reject)
  }
  const take = (event: CeremonyEvent): void => enter(stepCeremony(state, event, now()))

  enter(startCeremony({ settings, timing, self, secrets, kept: log.letters, finished, now: now() }))
  transport.onMessage((from, json) => {
    const parsed = parseCeremonyMessage(json)
    if (parsed.ok) take({ kind: 'message', from, message: parsed.message })
  })
  const deadline = now() + run.timeoutMs
  let lingerUntil = finished ? now() + run.lingerMs : Number.POSITIVE_INFINITY
  const ticker = setInterval(() => {
    take({ kind: 'tick' })
    if (state.finished) {
      lingerUntil = Math.min(lingerUntil, now() + run.lingerMs)
      if (now() >= lingerUntil || othersAreDone(state)) done.resolve(outcome)
    } else if (now() >= deadline) done.reject(new Error(tooLate(progressOf(state), run)))
  }, TICK_MS)
  try {
    return await done.promise
  } finally {
    clearInterval(ticker)
    transport.onMessage(() => undefined)
    // The last status tells the others that they need not wait for this party.
    await carried.catch(() => undefined)
    await post.emptied()
  }
}

function othersAreDone({ settings, claims, self }: CeremonyState): boolean {
  return partiesOf(settings).every((party) => party === self || claims.get(party)?.done === true)
}

function tooLate(progress: CeremonyProgress, { timeoutMs, nameOf }: CeremonyRun): string {
  const named = progress.faults.map(({ party, detail }) => `; ${nameOf(party)} ${detail}`).join('')
  return (
    `the ceremony did not finish within ${timeoutMs / 1_000} s: ${describeProgress(progress, nameOf)}${named}. ` +
    'Nothing is lost: run the same command again to go on, and let the others do so too'
  )
}

/** Where a ceremony stands, in a line. */
export function describeProgress(progress: CeremonyProgress, nameOf: CeremonyRun['nameOf']): string {
  const { step, members, deals, view, waitingFor } = progress
  const stands = {
    members: `${members.here} of ${members.all} members have come`,
    deals: `${deals.good} of ${deals.all} deals are good (${deals.needed} are needed)`,
    agreement: `the members agree on whose deals count, view ${view}`,
    shares: 'the key is agreed on, but this node lacks shares of it',
    done: 'done',
  }[step]
  return waitingFor.length === 0 ? stands : `${stands}; no answer yet from ${waitingFor.map(nameOf).join(', ')}`
}

/** Sends without waiting, a few messages at a time to each party. */
function postTo(transport: Transport) {
  const open = new Map<NodeIndex, Set<Promise<unknown>>>()
  return {
    send: (to: NodeIndex, message: unknown): void => {
      const own = open.get(to) ?? new Set()
      open.set(to, own)
      if (own.size >= SENDING_MAX) return
      const sending: Promise<unknown> = transport.send(to, message).finally(() => own.delete(sending))
      own.add(sending)
    },
    emptied: () => Promise.all([...open.values()].flatMap((own) => [...own])),
  }
}
