import { nodeIndex } from '../../oracle-node/core/units.ts'
import { libp2pMembers, libp2pTransportOf } from '../support/libp2p-members.ts'
import { memoryNetwork } from '../support/memory-transport.ts'
import { tlsMembers, transportOf } from '../support/tls-members.ts'
import { testTransport } from './transport.ts'

testTransport('mutual TLS', async (count) => {
  const members = await tlsMembers(count)
  return Promise.all(members.map((member) => transportOf(member, members)))
})

testTransport('memory', async (count) => {
  const network = memoryNetwork()
  return Array.from({ length: count }, (_, index) => network.join(nodeIndex(index + 1)))
})

for (const [name, suffix] of [
  ['libp2p over TCP', ''],
  ['libp2p over WebSockets', '/ws'],
] as const) {
  testTransport(name, async (count) => {
    const members = await libp2pMembers(count, suffix)
    return Promise.all(members.map((member) => libp2pTransportOf(member, members)))
  })
}
