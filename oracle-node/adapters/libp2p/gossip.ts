import { type Message, type TopicValidatorFn, TopicValidatorResult } from '@libp2p/gossipsub'
import { MESSAGE_BYTES_MAX } from './limits.ts'
import { BROADCAST_TOPIC, type CommitteeNode } from './make-node.ts'
import { parseJson, type Receiver } from './receive-stream.ts'

/** Certificates to all: what arrives is signed by its author, who must be a member and within its allowance. */
export function committeeGossip(
  node: CommitteeNode,
  receiver: Receiver,
): { publish(body: Uint8Array): Promise<ReadonlySet<string>> } {
  const { pubsub } = node.services
  const validate: TopicValidatorFn = (relay, message: Message) => {
    const author = message.type === 'signed' ? message.from.toString() : ''
    if (receiver.nodeOf(author) === undefined) return TopicValidatorResult.Reject
    if (!receiver.allowances.spend(author)) {
      // Whoever passes it on may be honest; the author is not.
      if (relay.toString() === author) receiver.onOffence(author, 'too many broadcasts')
      return TopicValidatorResult.Ignore
    }
    if (message.data.length <= MESSAGE_BYTES_MAX && parseJson(message.data) !== undefined)
      return TopicValidatorResult.Accept
    receiver.onOffence(author, 'a broadcast that is no JSON')
    return TopicValidatorResult.Reject
  }
  pubsub.topicValidators.set(BROADCAST_TOPIC, validate)
  pubsub.addEventListener('message', ({ detail }) => {
    if (detail.topic !== BROADCAST_TOPIC || detail.type !== 'signed') return
    const from = receiver.nodeOf(detail.from.toString())
    const parsed = parseJson(detail.data)
    if (from !== undefined && parsed !== undefined) receiver.deliver(from, parsed.value)
  })
  node.addEventListener('start', () => pubsub.subscribe(BROADCAST_TOPIC))
  return {
    /** Who was sent it directly, by peer id. */
    publish: async (body) => {
      const published = await pubsub.publish(BROADCAST_TOPIC, body).catch(() => ({ recipients: [] }))
      return new Set(published.recipients.map((peer) => peer.toString()))
    },
  }
}
