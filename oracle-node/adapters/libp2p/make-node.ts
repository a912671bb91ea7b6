import { noise } from '@chainsafe/libp2p-noise'
import { yamux } from '@chainsafe/libp2p-yamux'
import { type GossipSub, gossipsub } from '@libp2p/gossipsub'
import { identify } from '@libp2p/identify'
import type { ConnectionGater, Libp2p, PrivateKey } from '@libp2p/interface'
import { ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import { webSockets } from '@libp2p/websockets'
import { createLibp2p } from 'libp2p'
import {
  CONNECTIONS_MAX,
  GOSSIP_BYTES_MAX,
  GOSSIP_ENTRIES_MAX,
  GOSSIP_OUT_BYTES_MAX,
  HANDSHAKE_TIMEOUT_MS,
  HANDSHAKES_MAX,
  HANDSHAKES_PER_SECOND_EACH,
  MESSAGE_BYTES_MAX,
  PING_MS,
  SEND_TIMEOUT_MS,
  STREAM_WINDOW_BYTES,
  STREAMS_MAX,
} from './limits.ts'

/** What a certificate goes by to everybody. */
export const BROADCAST_TOPIC = '/plimsoll/broadcast/1'

export type CommitteeNode = Libp2p<{ pubsub: GossipSub }>

/** A libp2p node with this network's limits; not started. */
export function makeNode(options: {
  readonly privateKey: PrivateKey
  readonly listen: readonly string[]
  readonly announce: readonly string[]
  readonly gater: ConnectionGater
}): Promise<CommitteeNode> {
  return createLibp2p({
    start: false,
    privateKey: options.privateKey,
    addresses: { listen: [...options.listen], announce: [...options.announce] },
    transports: [tcp(), webSockets()],
    connectionEncrypters: [noise()],
    streamMuxers: [
      yamux({
        maxInboundStreams: STREAMS_MAX,
        maxOutboundStreams: STREAMS_MAX,
        streamOptions: { maxStreamWindowSize: STREAM_WINDOW_BYTES },
      }),
    ],
    connectionGater: options.gater,
    connectionManager: {
      maxConnections: CONNECTIONS_MAX,
      maxIncomingPendingConnections: HANDSHAKES_MAX,
      inboundConnectionThreshold: HANDSHAKES_PER_SECOND_EACH,
      inboundUpgradeTimeout: HANDSHAKE_TIMEOUT_MS,
      inboundStreamProtocolNegotiationTimeout: HANDSHAKE_TIMEOUT_MS,
      outboundStreamProtocolNegotiationTimeout: HANDSHAKE_TIMEOUT_MS,
      dialTimeout: SEND_TIMEOUT_MS,
      addressDialTimeout: HANDSHAKE_TIMEOUT_MS,
      // Members are dialled again by the transport, for as long as they are members.
      reconnectRetries: 0,
    },
    connectionMonitor: { pingInterval: PING_MS },
    services: { identify: identify(), ping: ping(), pubsub: committeeGossip() },
  })
}

function committeeGossip(): ReturnType<typeof gossipsub> {
  return gossipsub({
    allowedTopics: [BROADCAST_TOPIC],
    // A committee is small and its certificates are few: the author sends to all, and the mesh covers whom it can't reach.
    floodPublish: true,
    doPX: false,
    fallbackToFloodsub: false,
    allowPublishToZeroTopicPeers: true,
    maxInboundDataLength: MESSAGE_BYTES_MAX,
    maxOutboundBufferSize: GOSSIP_OUT_BYTES_MAX,
    maxTopicBytesPerPeer: GOSSIP_BYTES_MAX,
    decodeRpcLimits: {
      maxSubscriptions: GOSSIP_ENTRIES_MAX,
      maxMessages: GOSSIP_ENTRIES_MAX,
      maxIhaveMessageIDs: GOSSIP_ENTRIES_MAX,
      maxIwantMessageIDs: GOSSIP_ENTRIES_MAX,
      maxIdontwantMessageIDs: GOSSIP_ENTRIES_MAX,
      maxControlMessages: GOSSIP_ENTRIES_MAX,
      maxPeerInfos: 0,
    },
    // The score against many peers at one address defends an open network. Here only members connect, and several may share one.
    scoreParams: { IPColocationFactorWeight: 0 },
  })
}
