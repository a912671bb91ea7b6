import type { IncomingMessage, ServerResponse } from 'node:http'
import { Agent, createServer, request } from 'node:https'
import type { TLSSocket } from 'node:tls'
import type { NodeIndex } from '../core/units.ts'
import type { Transport } from '../ports/transport.ts'
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
/** Both directions of a committee of 100, with room for reconnections. */
const CONNECTIONS_MAX = 400

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
    { ...trusted, requestCert: true, rejectUnauthorized: true, minVersion: 'TLSv1.3' },
    (incoming, response) => {
      const from = nodeByFingerprint.get((incoming.socket as TLSSocket).getPeerX509Certificate()?.fingerprint256 ?? '')
      void receive(incoming, response, from, handler)
    },
  )
  server.maxConnections = CONNECTIONS_MAX
  server.headersTimeout = SEND_TIMEOUT_MS
  server.requestTimeout = SEND_TIMEOUT_MS
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
    if (!response.headersSent) response.writeHead(status).end()
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
  const post = (message: unknown): Promise<boolean> =>
    new Promise((resolve) => {
      const body = JSON.stringify(message)
      const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
      const outgoing = request(
        {
          host: peer.host,
          port: peer.port,
          method: 'POST',
          path: '/v1/messages',
          agent,
          headers,
          timeout: SEND_TIMEOUT_MS,
        },
        (response) => {
          response.resume()
          response.once('close', () => resolve(response.statusCode === 204))
        },
      )
      outgoing.once('timeout', () => outgoing.destroy())
      outgoing.once('error', () => resolve(false))
      outgoing.end(body)
    })
  return { post, close: () => agent.destroy() }
}
