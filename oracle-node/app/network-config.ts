import { isIPv4, isIPv6 } from 'node:net'
import { z } from 'zod'
import { isListenAddress, readPeerAddress } from '../adapters/libp2p/peer-address.ts'

/** The registry's limit on what an operator may announce; more to listen at than to announce makes no sense. */
const ADDRESSES_MAX = 4

const announced = z.string().superRefine((text, context) => {
  const read = readPeerAddress(text, '')
  if (!read.ok) context.addIssue(read.detail)
})
const listened = z
  .string()
  .refine(isListenAddress, 'needs an IP and a TCP port, for instance /ip4/0.0.0.0/tcp/4001 or /ip4/0.0.0.0/tcp/4002/ws')

/** How members' messages travel. */
export const transportSchema = z.discriminatedUnion('kind', [
  /** Mutual TLS, each member pinned by the certificate in `members`: for committees whose operators know each other. */
  z.strictObject({ kind: z.literal('tls') }),
  /** libp2p, each member known by what it registered on the chain: for committees of strangers. */
  z.strictObject({
    kind: z.literal('libp2p'),
    /** Multiaddrs, in place of `listen`: for WebSockets, or several. */
    listen: z.array(listened).min(1).max(ADDRESSES_MAX).optional(),
    /** Where others reach this node, when that is elsewhere: behind NAT, or by a DNS name. */
    announce: z.array(announced).min(1).max(ADDRESSES_MAX).optional(),
  }),
])

type Libp2pConfig = Extract<z.infer<typeof transportSchema>, { kind: 'libp2p' }>
type Networked = {
  readonly listen: { readonly host: string; readonly port: number }
  readonly transport?: z.infer<typeof transportSchema> | undefined
  readonly registry?: object | undefined
}

/** libp2p where the chain says who the members are, TLS where the configuration does, unless it says otherwise. */
export function transportOf(config: Networked): z.infer<typeof transportSchema> {
  return config.transport ?? { kind: config.registry === undefined ? 'tls' : 'libp2p' }
}

/** The multiaddrs to listen at. @throws {Error} when `listen.host` is a name, which nothing can listen at. */
export function listenAddresses({ listen }: Networked, transport: Libp2pConfig): readonly string[] {
  if (transport.listen !== undefined) return transport.listen
  const { host, port } = listen
  if (isIPv4(host)) return [`/ip4/${host}/tcp/${port}`]
  if (isIPv6(host)) return [`/ip6/${host}/tcp/${port}`]
  throw new Error(`listen.host is ${JSON.stringify(host)}; libp2p listens at an IP, for instance 0.0.0.0`)
}

/** What this node says on the chain of where it is. @throws {Error} that names an address that nobody else reaches. */
export function announcedAddresses(config: Networked, transport: Libp2pConfig): readonly string[] {
  const addresses = transport.announce ?? listenAddresses(config, transport)
  for (const address of addresses) {
    const read = readPeerAddress(address, '')
    if (!read.ok)
      throw new Error(`can't announce ${read.detail}. Name where others reach this node in transport.announce`)
  }
  return addresses
}
