import { BlockList, isIPv4 } from 'node:net'
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import { TCP, WebSockets, WebSocketsSecure } from '@multiformats/multiaddr-matcher'

export type PeerAddress =
  | { readonly ok: true; readonly address: Multiaddr }
  /** What is wrong with it and what was needed. */
  | { readonly ok: false; readonly detail: string }

/** The registry's limit too: a DNS name's 253 characters and what stands around it. */
const ADDRESS_LENGTH_MAX = 300

/**
 * Hosts that no member is reached at: whoever registers one wants others to knock at their own machine's or their cloud's services.
 * Private networks and loopback are let be: a committee may run in one.
 */
const NOBODYS = new BlockList()
NOBODYS.addSubnet('0.0.0.0', 8, 'ipv4')
NOBODYS.addSubnet('169.254.0.0', 16, 'ipv4')
NOBODYS.addSubnet('224.0.0.0', 3, 'ipv4')
NOBODYS.addAddress('::', 'ipv6')
NOBODYS.addSubnet('fe80::', 10, 'ipv6')
NOBODYS.addSubnet('ff00::', 8, 'ipv6')

/**
 * Reads an address that a member announces: `/ip4`, `/ip6`, `/dns`, `/dns4` or `/dns6` and `/tcp`, with `/ws`, `/wss` or `/tls/ws`
 * behind it for WebSockets. A peer id at its end must be the member's own, and is taken off.
 */
export function readPeerAddress(text: string, peerId: string): PeerAddress {
  const wrong = (what: string): PeerAddress => ({
    ok: false,
    detail: `${JSON.stringify(text.slice(0, 120))} ${what}; needed is for instance /dns4/node.example/tcp/4001`,
  })
  if (text.length > ADDRESS_LENGTH_MAX) return wrong(`has ${text.length} characters of ${ADDRESS_LENGTH_MAX}`)
  let address: Multiaddr
  try {
    address = multiaddr(text)
  } catch {
    return wrong('is no multiaddr')
  }
  const named = address.getComponents().findLast(({ name }) => name === 'p2p')
  if (named !== undefined && named.value !== peerId)
    return wrong(peerId === '' ? 'names a peer' : `names another peer than ${peerId}`)
  if (named !== undefined) address = address.decapsulate('/p2p')
  if (![TCP, WebSockets, WebSocketsSecure].some((form) => form.exactMatch(address)))
    return wrong('is neither TCP nor WebSockets')
  const components = address.getComponents()
  const host = components[0]?.value ?? ''
  if (components[0]?.name.startsWith('ip') && NOBODYS.check(host, isIPv4(host) ? 'ipv4' : 'ipv6'))
    return wrong('is at a host that no other machine reaches')
  if (Number(components[1]?.value) === 0) return wrong('has port 0')
  return { ok: true, address }
}

/** Whether a text is an address that a node can listen at: an IP of this machine, TCP or WebSockets without TLS. */
export function isListenAddress(text: string): boolean {
  try {
    const address = multiaddr(text)
    const isIp = address.getComponents()[0]?.name.startsWith('ip') === true
    return isIp && [TCP, WebSockets].some((form) => form.exactMatch(address))
  } catch {
    return false
  }
}
