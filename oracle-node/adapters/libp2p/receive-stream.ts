import type { Connection, Stream } from '@libp2p/interface'
import type { NodeIndex } from '../../core/units.ts'
import { RECEIVE_TIMEOUT_MS } from './limits.ts'
import type { PeerAllowances } from './peer-allowance.ts'
import { framed, NOT_TAKEN, TAKEN } from './send-stream.ts'

export type Receiver = {
  readonly allowances: PeerAllowances
  /** Which member a peer is. */
  nodeOf(peerId: string): NodeIndex | undefined
  /** Hands a message on; `false` when nobody listens yet. */
  deliver(from: NodeIndex, message: unknown): boolean
  /** Told of floods, garbage and messages that are too long. */
  onOffence(peerId: string, what: string): void
}

/** Takes one message in: bounded in size, number and time before anything of it is looked at. */
export async function receive(stream: Stream, connection: Connection, receiver: Receiver): Promise<void> {
  const peerId = connection.remotePeer.toString()
  const from = receiver.nodeOf(peerId)
  if (from === undefined) return stream.abort(new Error('not a member'))
  if (!receiver.allowances.begin(peerId)) {
    receiver.onOffence(peerId, 'too many messages')
    return stream.abort(new Error('too many messages'))
  }
  const signal = AbortSignal.timeout(RECEIVE_TIMEOUT_MS)
  // Also when all was said and answered: a peer that never closes its end must not fill the connection with dead streams.
  signal.addEventListener('abort', () => stream.abort(new Error('too slow')), { once: true })
  try {
    const frames = framed(stream)
    const body = await frames.read({ signal })
    const message = parseJson(body.subarray())
    if (message === undefined) {
      receiver.onOffence(peerId, 'no JSON')
      return stream.abort(new Error('no JSON'))
    }
    const taken = receiver.deliver(from, message.value)
    await frames.write(Uint8Array.of(taken ? TAKEN : NOT_TAKEN), { signal })
    await stream.close({ signal })
  } catch (error) {
    const reason = error instanceof Error ? error : new Error(String(error))
    stream.abort(reason)
    if (FRAMING_FAULTS.has(reason.name)) receiver.onOffence(peerId, reason.name)
  } finally {
    receiver.allowances.end(peerId)
  }
}

/** What only a peer that does not keep to the protocol causes; a lost connection is no offence. */
const FRAMING_FAULTS = new Set([
  'InvalidDataLengthError',
  'InvalidDataLengthLengthError',
  'InvalidMessageLengthError',
  'StreamBufferError',
])

/** JSON in UTF-8, or `undefined`; wrapped, since `null` is JSON as well. */
export function parseJson(bytes: Uint8Array): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) }
  } catch {
    return undefined
  }
}
