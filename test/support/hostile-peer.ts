import type { Connection, Libp2p, PrivateKey, Stream } from '@libp2p/interface'
import { lpStream } from '@libp2p/utils'
import { multiaddr } from '@multiformats/multiaddr'
import { onTestFinished } from 'vitest'
import { type CommitteeNode, makeNode } from '../../oracle-node/adapters/libp2p/make-node.ts'
import { MESSAGE_PROTOCOL } from '../../oracle-node/adapters/libp2p/send-stream.ts'
import type { Libp2pMember } from './libp2p-members.ts'

/** A libp2p node that a test writes to by hand: what no member's own transport would send. It lets anybody in. */
export async function hostilePeer(privateKey: PrivateKey, listen: readonly string[] = []): Promise<CommitteeNode> {
  const node = await makeNode({ privateKey, listen, announce: [], gater: {} })
  await node.start()
  onTestFinished(() => node.stop())
  return node
}

export function dial(node: Libp2p, target: Libp2pMember, force = false): Promise<Connection> {
  const signal = AbortSignal.timeout(3_000)
  return node.dial(multiaddr(`${target.address}/p2p/${target.peerId}`), { force, signal })
}

export function openStream(connection: Connection): Promise<Stream> {
  return connection.newStream(MESSAGE_PROTOCOL, { signal: AbortSignal.timeout(3_000), maxOutboundStreams: 10_000 })
}

/** Says bytes as one frame. @returns The answer: 1 for taken, 0 for not; undefined when the stream was cut. */
export async function say(connection: Connection, bytes: Uint8Array | string): Promise<number | undefined> {
  try {
    const stream = await openStream(connection)
    const frames = lpStream(stream)
    const signal = AbortSignal.timeout(6_000)
    await frames.write(typeof bytes === 'string' ? new TextEncoder().encode(bytes) : bytes, { signal })
    const answer = await frames.read({ signal })
    await stream.close({ signal })
    return answer.get(0)
  } catch {
    return undefined
  }
}

/** Milliseconds until a stream or connection is closed by the other side. */
export function closedAfter(closable: Stream | Connection): Promise<number> {
  const started = performance.now()
  return new Promise((resolve) => {
    const look = setInterval(() => {
      if (closable.status === 'open') return
      clearInterval(look)
      resolve(performance.now() - started)
    }, 20)
    onTestFinished(() => clearInterval(look))
  })
}
