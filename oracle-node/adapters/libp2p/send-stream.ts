import type { Connection, Libp2p, PeerId, Stream } from '@libp2p/interface'
import { lpStream } from '@libp2p/utils'
import type { Multiaddr } from '@multiformats/multiaddr'
import PQueue from 'p-queue'
import { MESSAGE_BYTES_MAX, SEND_TIMEOUT_MS, SENDING_MAX, SENDS_WAITING_MAX } from './limits.ts'

/** One stream a message: its JSON, and one byte that answers. */
export const MESSAGE_PROTOCOL = '/plimsoll/message/1'
export const TAKEN = 1
export const NOT_TAKEN = 0

/** What is read ahead of a frame's end: its length, and the answer's first byte. */
const FRAME_SLACK_BYTES = 4_096
/** A connection that looked open may be gone, and the one after it too when both sides had dialled. */
const TRIES_MAX = 3

export function framed(stream: Stream): ReturnType<typeof lpStream<Stream>> {
  return lpStream(stream, { maxDataLength: MESSAGE_BYTES_MAX, maxBufferSize: MESSAGE_BYTES_MAX + FRAME_SLACK_BYTES })
}

/** The way to one peer: messages go a few at a time, the rest waits. */
export type Line = { post(body: Uint8Array): Promise<boolean> }
/** `stale`: the connection was gone, so the peer may never have seen the message. */
type Outcome = 'taken' | 'not-taken' | 'stale'

export function lineTo(
  node: Libp2p,
  peer: PeerId,
  options: { readonly addresses: () => Multiaddr[]; readonly closing: AbortSignal },
): Line {
  const { addresses, closing } = options
  const queue = new PQueue({ concurrency: SENDING_MAX })
  /** Behind NAT, say, and it has not dialled this node. */
  const isUnreachable = (): boolean => addresses().length === 0 && node.getConnections(peer).length === 0
  const connected = async (signal: AbortSignal): Promise<Connection> => {
    // The newest: an older one may be what is left of a peer that restarted.
    const open = node.getConnections(peer).findLast(({ status }) => status === 'open')
    if (open !== undefined) return open
    return await node.dial(addresses(), { signal })
  }
  const attempt = async (body: Uint8Array, signal: AbortSignal): Promise<Outcome> => {
    if (isUnreachable()) return 'not-taken'
    // A dial that began before the peer was up may be the one that this joined: worth another.
    const connection = await connected(signal).catch(() => undefined)
    if (connection === undefined) return 'stale'
    const outcome = await exchange(connection, body, signal)
    if (outcome === 'taken' || closing.aborted) return outcome
    // No answer in all that time: what looks like a connection may lead nowhere, and the next message must not wait for it too.
    if (signal.aborted || outcome === 'stale') connection.abort(new Error('it leads nowhere'))
    return outcome
  }
  return {
    post: async (body) => {
      if (body.length > MESSAGE_BYTES_MAX || queue.size >= SENDS_WAITING_MAX) return false
      // One limit for waiting, connecting and answering: a peer that drips bytes, or lets messages queue up, gains nothing.
      const signal = AbortSignal.any([AbortSignal.timeout(SEND_TIMEOUT_MS), closing])
      return await queue.add(async () => {
        for (let tries = 0; tries < TRIES_MAX && !signal.aborted; tries += 1) {
          const outcome = await attempt(body, signal)
          if (outcome !== 'stale') return outcome === 'taken'
        }
        return false
      })
    },
  }
}

async function exchange(connection: Connection, body: Uint8Array, signal: AbortSignal): Promise<Outcome> {
  let stream: Stream
  try {
    stream = await connection.newStream(MESSAGE_PROTOCOL, { signal })
  } catch {
    return signal.aborted ? 'not-taken' : 'stale'
  }
  try {
    const frames = framed(stream)
    await frames.write(body, { signal })
    const answer = await frames.read({ signal })
    await stream.close({ signal })
    return answer.byteLength === 1 && answer.get(0) === TAKEN ? 'taken' : 'not-taken'
  } catch (error) {
    stream.abort(error instanceof Error ? error : new Error(String(error)))
    return connection.status === 'open' || signal.aborted ? 'not-taken' : 'stale'
  }
}
