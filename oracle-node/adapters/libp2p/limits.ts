/** A certificate of 100 observations with 64 assets each is about 0.9 MB of JSON; nothing else comes near. */
export const MESSAGE_BYTES_MAX = 1_500_000
/** A peer that takes longer is as good as silent: the round has moved on. */
export const SEND_TIMEOUT_MS = 4_000
/** A message that dribbles in for longer than its sender would wait is of no use to anybody. */
export const RECEIVE_TIMEOUT_MS = 4_000

/** Messages that are on their way to one peer at once; more wait. Three hide the round trip, and each may be of the full size. */
export const SENDING_MAX = 3
/** Messages that wait for a peer: a whole key generation with 100 members sends one each; what is above that is a peer that is gone. */
export const SENDS_WAITING_MAX = 256
/** One above what a peer's own sender has open, for a stream that it gave up on and that is not closed here yet. */
export const RECEIVING_MAX = SENDING_MAX + 1
/** In each protocol's negotiation, before it is known what a stream is for: our own, gossip's two, identify's and ping's. */
export const STREAMS_MAX = 32

/** What one member may send: an honest one needs a handful a second in its worst round; the burst is a round of 100 leaders' answers. */
export const MESSAGES_PER_SECOND = 50
export const MESSAGES_AT_ONCE_MAX = 250
/** Offences (floods, oversize, garbage) before a member is shut out for a while: a bug may cause a few, only a liar this many. */
export const OFFENCES_MAX = 50
/** As long as a handful of rounds at their quickest: long enough that flooding doesn't pay, short enough that a mended node is back. */
export const SHUT_OUT_MS = 60_000

/** Two members that dial each other at once have two; the rest is room for those that one side gave up on. */
export const CONNECTIONS_EACH_MAX = 4
/** All members at their most, with room: strangers never count, since they are refused before they are connected. */
export const CONNECTIONS_MAX = 512
/** Connections that may be in their handshake at once: what strangers hold costs some kilobytes each, so many are let wait. */
export const HANDSHAKES_MAX = 1_024
/** New connections a second from one host: several members may share one, and a handshake costs about 5 ms of a core. */
export const HANDSHAKES_PER_SECOND_EACH = 32
/** After that whoever has not said who it is makes room. */
export const HANDSHAKE_TIMEOUT_MS = 3_000

/** How often members that are not connected are dialled: two rounds of the quickest schedule, and no flood at 100 members. */
export const REDIAL_MS = 5_000
/** Half-dead connections are found by a ping this often. */
export const PING_MS = 10_000
/** What one peer may lay in a stream's window before it is read: a message fits in a handful of round trips. */
export const STREAM_WINDOW_BYTES = 1_048_576

/** The gossip's envelope around a message: topic, sequence number, signature, key. */
const GOSSIP_ENVELOPE_BYTES = 1_024
export const GOSSIP_BYTES_MAX: number = MESSAGE_BYTES_MAX + GOSSIP_ENVELOPE_BYTES
/** One topic, and a handful of certificates: a frame with more of anything is cut off there. */
export const GOSSIP_ENTRIES_MAX = 128
/** What waits for one slow peer before gossip gives up on it: a few of the largest messages. */
export const GOSSIP_OUT_BYTES_MAX = 6_000_000
