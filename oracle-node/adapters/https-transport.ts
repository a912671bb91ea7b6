import type { IncomingMessage, ServerResponse } from 'node:http'
import { Agent, createServer, request } from 'node:https'
import type { TLSSocket } from 'node:tls'
import type { NodeIndex } from '../core/units.ts'
import type { Transport } from '../ports/transport.ts'
import { limitConnections } from './connection-limits.ts'
import { fingerprintOf } from './tls-identity.ts'

export type Peer = {
  readonly node: NodeIndex
  readonly host: string
  readonly port: number
  readonly certificatePem: string
}

/** A certificate of 100 observations with 64 assets each is about 0.9 MB of JSON; nothing else comes near. */
const MESSAGE_BYTES_MAX = 1_500_000
/** A peer that takes longer is as good as silent: the round has moved on. */
const SEND_TIMEOUT_MS = 4_000

/**
 * Mutual TLS 1.3 between members, each pinned by its own certificate: a connection is a member or it is refused in the
 * handshake. One POST a message; a 204 says that the peer took it.
 */
export async function httpsTransport(options: {
  readonly listen: { readonly host: string; readonly port: number }
  readonly keyPem: string
  readonly certificatePem: string
  /** The other members. */
  readonly peers: readonly Peer[]
}): Promise<Transport> {
  const { keyPem, certificatePem, peers } = options
  const trusted = { key: keyPem, cert: certificatePem, ca: peers.map((peer) => peer.certificatePem) }
  const nodeByFingerprint = new Map(peers.map((peer) => [fingerprintOf(peer.certificatePem), peer.node]))
  let handler: ((from: NodeIndex, message: unknown) => void) | undefined

  const server = createServer(
    {
      ...trusted,
      requestCert: true,
      rejectUnauthorized: true,
      minVersion: 'TLSv1.3',
      handshakeTimeout: SEND_TIMEOUT_MS,
      headersTimeout: SEND_TIMEOUT_MS,
      requestTimeout: SEND_TIMEOUT_MS,
      connectionsCheckingInterval: SEND_TIMEOUT_MS / 4,
    },
    (incoming, response) => {
      const from = nodeByFingerprint.get((incoming.socket as TLSSocket).getPeerX509Certificate()?.fingerprint256 ?? '')
      void receive(incoming, response, from, handler)
    },
  )
  limitConnections(server)
  // A stranger's failed handshake is not an event worth a crash; the socket is closed already.
  server.on('tlsClientError', () => undefined)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.listen.port, options.listen.host, () => resolve())
  })

  const lines = new Map(peers.map((peer) => [peer.node, lineTo(peer, trusted)]))
  return {
    send: (to, message) => lines.get(to)?.post(message) ?? Promise.resolve(false),
    onMessage: (given) => {
      handler = given
    },
    close: async () => {
      for (const line of lines.values()) line.close()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function receive(
  incoming: IncomingMessage,
  response: ServerResponse,
  from: NodeIndex | undefined,
  handler: ((from: NodeIndex, message: unknown) => void) | undefined,
): Promise<void> {
  const answer = (status: number): void => {
    // What was refused may not have been read to its end, so nothing can follow it on this connection.
    if (status !== 204) response.setHeader('connection', 'close')
    response.writeHead(status).end()
  }
  if (from === undefined) return answer(403)
  if (handler === undefined) return answer(503)
  const body = await readBody(incoming)
  if (body === undefined) return answer(413)
  let message: unknown
  try {
    message = JSON.parse(body)
  } catch {
    return answer(400)
  }
  answer(204)
  handler(from, message)
}

async function readBody(incoming: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = []
  let size = 0
  try {
    for await (const chunk of incoming) {
      size += (chunk as Buffer).length
      if (size > MESSAGE_BYTES_MAX) return undefined
      chunks.push(chunk as Buffer)
    }
  } catch {
    // The peer hung up in mid-message: there is no message.
    return undefined
  }
  return Buffer.concat(chunks).toString('utf8')
}

type Line = { post(message: unknown): Promise<boolean>; close(): void }
/** `stale`: the kept-alive connection was gone, so the peer may never have seen the message. */
type Outcome = 'taken' | 'not-taken' | 'stale'

/** A kept-alive connection to one peer that takes its pinned certificate and no other. */
function lineTo(peer: Peer, trusted: { key: string; cert: string }): Line {
  const pinned = fingerprintOf(peer.certificatePem)
  const agent = new Agent({
    ...trusted,
    ca: peer.certificatePem,
    keepAlive: true,
    maxSockets: 4,
    minVersion: 'TLSv1.3',
    checkServerIdentity: (_host, certificate) =>
      certificate.fingerprint256 === pinned ? undefined : new Error(`node ${peer.node} shows another certificate`),
  })
  const closing = new AbortController()
  const attempt = (body: string, signal: AbortSignal): Promise<Outcome> =>
    new Promise((resolve) => {
      const { host, port } = peer
      const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
      const outgoing = request({ host, port, method: 'POST', path: '/v1/messages', agent, headers, signal })
      outgoing.once('response', (response) => {
        response.resume()
        response.once('close', () => resolve(response.statusCode === 204 ? 'taken' : 'not-taken'))
      })
      outgoing.once('error', () => resolve(outgoing.reusedSocket && !signal.aborted ? 'stale' : 'not-taken'))
      outgoing.end(body)
    })
  const post = async (message: unknown): Promise<boolean> => {
    const body = JSON.stringify(message)
    if (Buffer.byteLength(body) > MESSAGE_BYTES_MAX) return false
    // One limit for waiting, connecting and answering: a peer that drips bytes, or lets messages queue up, gains nothing.
    const signal = AbortSignal.any([AbortSignal.timeout(SEND_TIMEOUT_MS), closing.signal])
    let outcome = await attempt(body, signal)
    // A peer that restarted has closed up to maxSockets connections that look open from here.
    for (let stale = 0; outcome === 'stale' && stale < agent.maxSockets; stale += 1)
      outcome = await attempt(body, signal)
    return outcome === 'taken'
  }
  return {
    post,
    close: () => {
      closing.abort()
      agent.destroy()
    },
  }
}
