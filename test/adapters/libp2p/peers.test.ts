import { secp256k1 } from '@noble/curves/secp256k1.js'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  MESSAGES_AT_ONCE_MAX,
  MESSAGES_PER_SECOND,
  OFFENCES_MAX,
  RECEIVING_MAX,
  SHUT_OUT_MS,
} from '../../../oracle-node/adapters/libp2p/limits.ts'
import { readPeerAddress } from '../../../oracle-node/adapters/libp2p/peer-address.ts'
import { PeerAllowances } from '../../../oracle-node/adapters/libp2p/peer-allowance.ts'
import { libp2pKeyOf, peerIdOf, peerKeyOf } from '../../../oracle-node/adapters/libp2p/peer-identity.ts'

const OPERATOR = Uint8Array.from({ length: 32 }, (_, index) => index + 1)
const publicKey = (key: Uint8Array): `0x${string}` => `0x${Buffer.from(secp256k1.getPublicKey(key)).toString('hex')}`
const PEER = peerIdOf(publicKey(peerKeyOf(OPERATOR)))
const OTHER = peerIdOf(publicKey(peerKeyOf(OPERATOR.toReversed())))

describe('an address', () => {
  test.each([
    ['/ip4/192.0.2.7/tcp/4001', '/ip4/192.0.2.7/tcp/4001'],
    ['/ip4/127.0.0.1/tcp/4001/ws', '/ip4/127.0.0.1/tcp/4001/ws'],
    ['/ip6/2001:db8::1/tcp/4001', '/ip6/2001:db8::1/tcp/4001'],
    ['/dns4/node.example/tcp/443/wss', '/dns4/node.example/tcp/443/wss'],
    ['/dns/node.example/tcp/443/tls/ws', '/dns/node.example/tcp/443/tls/ws'],
    [`/dns6/node.example/tcp/4001/p2p/${PEER}`, '/dns6/node.example/tcp/4001'],
  ])('is read: %s', (text, address) => {
    const read = readPeerAddress(text, PEER)
    expect(read.ok && read.address.toString()).toBe(address)
  })

  test.each([
    ['', 'TCP nor WebSockets'],
    ['node.example:4001', 'no multiaddr'],
    ['/ip4/192.0.2.7/udp/4001', 'TCP nor WebSockets'],
    ['/ip4/192.0.2.7', 'TCP nor WebSockets'],
    ['/ip4/192.0.2.777/tcp/4001', 'no multiaddr'],
    ['/unix/tmp/x', 'no multiaddr'],
    [`/ip4/192.0.2.7/tcp/4001/p2p/${OTHER}`, 'another peer'],
    [`/ip4/192.0.2.7/tcp/4001/p2p/${OTHER}/p2p-circuit/p2p/${PEER}`, 'TCP nor WebSockets'],
    ['/ip4/0.0.0.0/tcp/4001', 'no other machine'],
    ['/ip4/169.254.169.254/tcp/80', 'no other machine'],
    ['/ip4/255.255.255.255/tcp/80', 'no other machine'],
    ['/ip6/fe80::1/tcp/80', 'no other machine'],
    ['/ip6/::/tcp/80', 'no other machine'],
    ['/ip6/::ffff:169.254.169.254/tcp/80', 'no other machine'],
    ['/ip4/192.0.2.7/tcp/0', 'port 0'],
    [`/dns4/${'x'.repeat(400)}/tcp/1`, 'characters'],
  ])('is refused with what is wrong: %s', (text, what) => {
    const read = readPeerAddress(text, PEER)
    expect(!read.ok && read.detail).toContain(what)
    expect(!read.ok && read.detail).toContain('/dns4/node.example/tcp/4001')
  })

  test('is read or refused, whatever it is', () => {
    const parts = fc.constantFrom(
      '/',
      'ip4',
      'ip6',
      'dns4',
      'tcp',
      'ws',
      'p2p',
      'tls',
      '127.0.0.1',
      '::1',
      '4001',
      PEER,
    )
    const pieced = fc.array(parts, { maxLength: 12 }).map((all) => all.join('/'))
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary', maxLength: 400 }), pieced), (text) => {
        const read = readPeerAddress(text, PEER)
        if (read.ok) expect(readPeerAddress(read.address.toString(), PEER)).toEqual(read)
        else expect(read.detail.length).toBeLessThan(400)
      }),
      { numRuns: 2_000 },
    )
  })
})

describe('a peer’s identity', () => {
  test('is always the same for an operator’s key, is not that key, and is another for another', () => {
    expect(peerKeyOf(OPERATOR)).toEqual(peerKeyOf(OPERATOR))
    expect(peerKeyOf(OPERATOR)).not.toEqual(OPERATOR)
    expect(PEER).not.toBe(OTHER)
    // A peer id is what the whole network knows a node by: a change of the derivation would rename every node.
    expect(PEER).toBe('16Uiu2HAmEAbSMka98HX2m9977SkHrKHyE87NTS3qK3Di7SW6DKJw')
    expect(libp2pKeyOf(peerKeyOf(OPERATOR)).publicKey.type).toBe('secp256k1')
  })

  test('is not read from what is no point of the curve', () => {
    for (const bad of ['00', '02', '04', '05'].map((first) => `0x${first}${'ff'.repeat(32)}` as const))
      expect(() => peerIdOf(bad), bad).toThrow()
  })
})

describe('a peer’s allowance', () => {
  function accounts() {
    const clock = { now: 0 }
    return { clock, allowances: new PeerAllowances(() => clock.now) }
  }
  const drain = (allowances: PeerAllowances, peer: string): number => {
    let spent = 0
    while (spent < 10_000 && allowances.spend(peer)) spent += 1
    return spent
  }

  test('is a burst, then a rate, and another peer’s is its own', () => {
    const { clock, allowances } = accounts()
    expect(drain(allowances, 'a')).toBe(MESSAGES_AT_ONCE_MAX)
    clock.now = 1_000
    expect(drain(allowances, 'a')).toBe(MESSAGES_PER_SECOND)
    clock.now = 1_000_000
    expect(drain(allowances, 'a')).toBe(MESSAGES_AT_ONCE_MAX)
    expect(drain(allowances, 'b')).toBe(MESSAGES_AT_ONCE_MAX)
  })

  test('is a number of messages at once', () => {
    const { allowances } = accounts()
    for (let each = 0; each < RECEIVING_MAX; each += 1) expect(allowances.begin('a')).toBe(true)
    expect(allowances.begin('a')).toBe(false)
    expect(allowances.begin('b')).toBe(true)
    allowances.end('a')
    expect(allowances.begin('a')).toBe(true)
  })

  test('ends after many offences, for a while', () => {
    const { clock, allowances } = accounts()
    for (let each = 1; each < OFFENCES_MAX; each += 1) expect(allowances.offend('a')).toBe(false)
    expect(allowances.isShutOut('a')).toBe(false)
    expect(allowances.offend('a')).toBe(true)
    expect(allowances.isShutOut('a')).toBe(true)
    expect(allowances.isShutOut('b')).toBe(false)
    clock.now = SHUT_OUT_MS
    expect(allowances.isShutOut('a')).toBe(false)
  })

  test('is forgotten with its peer', () => {
    const { allowances } = accounts()
    drain(allowances, 'a')
    drain(allowances, 'b')
    allowances.keepOnly(new Set(['b']))
    expect(allowances.spend('a')).toBe(true)
    expect(allowances.spend('b')).toBe(false)
  })
})
