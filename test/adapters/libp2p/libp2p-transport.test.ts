import { randomBytes } from 'node:crypto'
import { connect, createServer, type Socket } from 'node:net'
import type { Connection } from '@libp2p/interface'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { libp2pTransport } from '../../../oracle-node/adapters/libp2p/libp2p-transport.ts'
import { CONNECTIONS_EACH_MAX, MESSAGES_AT_ONCE_MAX } from '../../../oracle-node/adapters/libp2p/limits.ts'
import { nodeIndex } from '../../../oracle-node/core/units.ts'
import type { Transport } from '../../../oracle-node/ports/transport.ts'
import { closedAfter, dial, hostilePeer, openStream, say } from '../../support/hostile-peer.ts'
import {
  changingDirectory,
  type Libp2pMember,
  libp2pMembers,
  libp2pTransportOf,
  peersOf,
  strangerKey,
} from '../../support/libp2p-members.ts'
import { memoryTelemetry } from '../../support/memory-telemetry.ts'

let members: Libp2pMember[]
beforeAll(async () => {
  members = await libp2pMembers(4)
})
const memberAt = (index: number): Libp2pMember => members[index] as Libp2pMember
const wait = (ms: number): Promise<void> => new Promise((wake) => setTimeout(wake, ms))

/** A member listening, with what it received. */
async function listening(index = 0, directory = changingDirectory(peersOf(members))) {
  const self = memberAt(index)
  const telemetry = memoryTelemetry()
  const options = { privateKey: self.privateKey, listen: [self.address], directory, telemetry }
  const transport = await libp2pTransport(options)
  onTestFinished(() => transport.close())
  const inbox: Array<{ from: number; message: unknown }> = []
  transport.onMessage((from, message) => inbox.push({ from, message }))
  return { transport, inbox, telemetry, directory, self }
}

async function joined(index: number): Promise<Transport> {
  const transport = await libp2pTransportOf(memberAt(index), members)
  onTestFinished(() => transport.close())
  return transport
}

describe('a stranger', () => {
  test('is refused before it can say a word', async () => {
    const { inbox, self } = await listening()
    const stranger = await hostilePeer(strangerKey())
    const connection = await dial(stranger, self).catch(() => undefined)
    if (connection !== undefined) {
      expect(await say(connection, '"hello"')).toBeUndefined()
      expect(await closedAfter(connection)).toBeLessThan(1_000)
    }
    expect(inbox).toEqual([])
    // The same by a member's key is heard, so it is the key that made the difference.
    const two = await hostilePeer(memberAt(1).privateKey)
    expect(await say(await dial(two, self), '"hello"')).toBe(1)
    expect(inbox).toEqual([{ from: 2, message: 'hello' }])
  })

  test('in a member’s place is not taken for it', async () => {
    const imposter = await hostilePeer(strangerKey(), [memberAt(1).address])
    const received: unknown[] = []
    await imposter.handle('/plimsoll/message/1', (stream) => void received.push(stream))
    const { transport } = await listening()
    expect(await transport.send(nodeIndex(2), 'a secret share for member 2')).toBe(false)
    expect(received).toEqual([])
  })

  test('that says nothing, or anything but a handshake, is hung up on', async () => {
    const { inbox, self } = await listening()
    const closed = (bytes: string | Uint8Array): Promise<number> =>
      new Promise((resolve) => {
        const started = performance.now()
        const socket = connect(self.port, '127.0.0.1', () => socket.write(bytes))
        socket.on('error', () => undefined)
        socket.resume()
        socket.once('close', () => resolve(performance.now() - started))
      })
    const garbage = Uint8Array.from({ length: 5_000 }, (_, index) => (index * 131) % 251)
    const after = await Promise.all(['', 'GET / HTTP/1.1\r\n\r\n', '\u0013/multistream/1.0.0\n', garbage].map(closed))
    for (const ms of after) expect(ms).toBeLessThan(5_000)
    expect(inbox).toEqual([])
  })

  test('with many hosts and connections that wait keeps no member out', async () => {
    const { inbox, self } = await listening()
    const flood = Array.from({ length: 400 }, (_, index) =>
      connect({ host: '127.0.0.1', port: self.port, localAddress: `127.0.1.${1 + (index % 100)}` }).on(
        'error',
        () => undefined,
      ),
    )
    onTestFinished(() => {
      for (const socket of flood) socket.destroy()
    })
    await wait(300)
    const two = await joined(1)
    expect(await two.send(nodeIndex(1), 'through the crowd')).toBe(true)
    expect(inbox).toEqual([{ from: 2, message: 'through the crowd' }])
    await expect.poll(() => flood.filter(({ closed }) => !closed).length, { timeout: 6_000 }).toBe(0)
  })
})

describe('a member that', () => {
  test('sends what is not JSON is cut off there, and its next message is heard', async () => {
    const { inbox, self, telemetry } = await listening()
    const connection = await dial(await hostilePeer(memberAt(1).privateKey), self)
    for (const body of [
      '{',
      'NaN',
      Uint8Array.of(0xff, 0xfe, 0x00),
      Uint8Array.of(0x22, 0xc3, 0x28, 0x22),
      '{"a":1}{"b":2}',
    ])
      expect(await say(connection, body), String(body)).toBeUndefined()
    expect(await say(connection, 'null')).toBe(1)
    expect(inbox).toEqual([{ from: 2, message: null }])
    expect(telemetry.counted('plimsoll_messages_rejected_total', { node: '2' })).toBe(5)
  })

  test('sends too much is cut off before it is read, and its next message is heard', async () => {
    const { inbox, self } = await listening()
    const connection = await dial(await hostilePeer(memberAt(1).privateKey), self)
    expect(await say(connection, JSON.stringify('x'.repeat(1_600_000)))).toBeUndefined()
    // The length alone is enough: two gigabytes to come.
    const stream = await openStream(connection)
    stream.send(Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x07, 0x22))
    expect(await closedAfter(stream)).toBeLessThan(1_000)
    expect(await say(connection, JSON.stringify('x'.repeat(1_400_000)))).toBe(1)
    expect(inbox).toHaveLength(1)
  })

  test('sends too much through its own transport is told no, and its next message is heard', async () => {
    const { inbox } = await listening()
    const two = await joined(1)
    expect(await two.send(nodeIndex(1), 'x'.repeat(2_000_000))).toBe(false)
    expect(await two.send(nodeIndex(1), 'short')).toBe(true)
    expect(inbox).toEqual([{ from: 2, message: 'short' }])
  })

  test('leaves messages half said holds up itself alone, and for seconds', async () => {
    const { inbox, self } = await listening()
    const connection = await dial(await hostilePeer(memberAt(1).privateKey), self)
    const halves = await Promise.all([1, 2, 3, 4].map(() => openStream(connection)))
    for (const half of halves) half.send(new TextEncoder().encode('\u0064{"half":'))
    await wait(50)
    expect(await say(connection, '"one too many"')).toBeUndefined()
    const three = await joined(2)
    expect(await three.send(nodeIndex(1), 'whole')).toBe(true)
    const after = await Promise.all(halves.map(closedAfter))
    for (const ms of after) expect(ms).toBeLessThan(5_000)
    expect(await say(connection, '"again"')).toBe(1)
    expect(inbox).toEqual([
      { from: 3, message: 'whole' },
      { from: 2, message: 'again' },
    ])
  })

  test('never closes its end of what was answered loses those streams in seconds', async () => {
    const { self } = await listening()
    const connection = await dial(await hostilePeer(memberAt(1).privateKey), self)
    const streams = await Promise.all([1, 2, 3].map(() => openStream(connection)))
    for (const stream of streams) stream.send(new TextEncoder().encode('\u0002""'))
    for (const ms of await Promise.all(streams.map(closedAfter))) expect(ms).toBeLessThan(5_000)
    expect(connection.status).toBe('open')
  })

  test('hangs up in the midst of a message has said nothing', async () => {
    const { inbox, self, telemetry } = await listening()
    const peer = await hostilePeer(memberAt(1).privateKey)
    const half = await openStream(await dial(peer, self))
    half.send(new TextEncoder().encode('\u0064{"half":'))
    await wait(50)
    half.abort(new Error('hung up'))
    await peer.stop()
    const three = await joined(2)
    expect(await three.send(nodeIndex(1), 'whole')).toBe(true)
    expect(inbox).toEqual([{ from: 3, message: 'whole' }])
    expect(telemetry.counted('plimsoll_messages_rejected_total')).toBe(0)
  })

  test('floods is heard as far as its bucket goes, then shut out; the others notice nothing', async () => {
    const { inbox, self, telemetry } = await listening()
    const flooder = await hostilePeer(memberAt(1).privateKey)
    const connection = await dial(flooder, self)
    const worker = async (): Promise<void> => {
      while (connection.status === 'open') await say(connection, '"flood"')
    }
    const started = performance.now()
    const flood = Promise.all([worker(), worker(), worker()])
    const three = await joined(2)
    expect(await three.send(nodeIndex(1), 'calm')).toBe(true)
    await flood
    const seconds = (performance.now() - started) / 1_000
    const heard = inbox.filter(({ from }) => from === 2).length
    expect(heard).toBeGreaterThanOrEqual(MESSAGES_AT_ONCE_MAX)
    expect(heard).toBeLessThanOrEqual(MESSAGES_AT_ONCE_MAX + 50 * seconds + 1)
    expect(telemetry.lines.map(({ event }) => event)).toContain('peer-shut-out')
    const again = await dial(flooder, self).catch(() => undefined)
    expect(again === undefined ? undefined : await say(again, '"let me in"')).toBeUndefined()
    expect(await three.send(nodeIndex(1), 'still calm')).toBe(true)
  })

  test('opens connections without end loses its own oldest, and the others notice nothing', async () => {
    const { self } = await listening()
    const greedy = await hostilePeer(memberAt(2).privateKey)
    const opened: Connection[] = []
    for (let index = 0; index < 12; index += 1) opened.push(await dial(greedy, self, true))
    await expect.poll(() => opened.filter(({ status }) => status === 'open').length).toBe(CONNECTIONS_EACH_MAX)
    expect(await (await joined(1)).send(nodeIndex(1), 'still here')).toBe(true)
  })
})

describe('a peer that', () => {
  test('takes the message and never answers is given up on in seconds', async () => {
    const mute = await hostilePeer(memberAt(1).privateKey, [memberAt(1).address])
    await mute.handle('/plimsoll/message/1', () => undefined)
    const { transport } = await listening()
    const started = performance.now()
    const sent = await Promise.all([1, 2, 3, 4, 5, 6].map((each) => transport.send(nodeIndex(2), each)))
    expect(sent).toEqual([false, false, false, false, false, false])
    expect(performance.now() - started).toBeLessThan(6_000)
  })

  test('accepts a connection and no handshake is given up on, and holds up nobody else', async () => {
    const sockets: Socket[] = []
    const server = createServer((socket) => void sockets.push(socket.on('error', () => undefined)))
    await new Promise<void>((resolve) => server.listen(memberAt(1).port, '127.0.0.1', () => resolve()))
    onTestFinished(() => {
      server.close()
      for (const socket of sockets) socket.destroy()
    })
    const { transport } = await listening()
    const { inbox } = await listening(2)
    const started = performance.now()
    const silent = transport.send(nodeIndex(2), 'hello')
    expect(await transport.send(nodeIndex(3), 'hello')).toBe(true)
    expect(performance.now() - started).toBeLessThan(1_000)
    expect(inbox).toEqual([{ from: 1, message: 'hello' }])
    expect(await silent).toBe(false)
    expect(performance.now() - started).toBeLessThan(6_000)
  })
})

test('a member that restarts is reached again, and known for who it is', async () => {
  const { inbox, transport } = await listening()
  for (const attempt of [1, 2, 3]) {
    const two = await libp2pTransportOf(memberAt(1), members)
    two.onMessage(() => undefined)
    expect(await two.send(nodeIndex(1), attempt)).toBe(true)
    expect(await transport.send(nodeIndex(2), attempt)).toBe(true)
    await two.close()
  }
  expect(inbox).toEqual([1, 2, 3].map((message) => ({ from: 2, message })))
})

test('a member without an address, behind NAT, is answered over the connection that it opened', async () => {
  const hidden = peersOf(members).map((peer) => (peer.node === 2 ? { ...peer, addresses: [] } : peer))
  const { transport } = await listening(0, changingDirectory(hidden))
  expect(await transport.send(nodeIndex(2), 'too early')).toBe(false)
  const two = await joined(1)
  const inbox: unknown[] = []
  two.onMessage((from, message) => inbox.push({ from, message }))
  await expect.poll(() => transport.send(nodeIndex(2), 'you called')).toBe(true)
  expect(inbox).toContainEqual({ from: 1, message: 'you called' })
})

test('who leaves the committee is cut off, who joins is let in, and an address that is none is named in the log', async () => {
  const first = peersOf(members)
  const { inbox, directory, telemetry } = await listening(0, changingDirectory(first.slice(0, 2)))
  const two = await joined(1)
  const three = await joined(2)
  expect(await two.send(nodeIndex(1), 'in')).toBe(true)
  expect(await three.send(nodeIndex(1), 'out')).toBe(false)
  directory.set([first[0], { ...first[2], addresses: ['/ip4/0.0.0.0/tcp/1', 'nonsense'] }] as typeof first)
  expect(await two.send(nodeIndex(1), 'out now')).toBe(false)
  await expect.poll(() => three.send(nodeIndex(1), 'in now')).toBe(true)
  expect(inbox).toEqual([
    { from: 2, message: 'in' },
    { from: 3, message: 'in now' },
  ])
  expect(telemetry.lines.filter(({ event }) => event === 'peer-address-skipped')).toHaveLength(2)
})

describe('a broadcast', () => {
  test('reaches all, each of whom knows who wrote it', async () => {
    const all = await Promise.all([0, 1, 2, 3].map((index) => listening(index)))
    await all[0]?.transport.broadcast?.({ certificate: 1 })
    for (const each of all.slice(1))
      await expect.poll(() => each.inbox[0]).toEqual({ from: 1, message: { certificate: 1 } })
    expect(all[0]?.inbox).toEqual([])
  })

  test('goes through a third where the direct way is cut', async () => {
    const without = (node: number) =>
      changingDirectory(peersOf(members).filter((peer) => peer.node !== node && peer.node !== 4))
    const [one, , three] = [await listening(0, without(3)), await listening(1), await listening(2)]
    // Member 3 knows member 1, which has no way to it and lets it not in.
    expect(await three.transport.send(nodeIndex(1), 'direct')).toBe(false)
    await expect
      .poll(
        async () => {
          await one.transport.broadcast?.('around the corner')
          return three.inbox[0]
        },
        { timeout: 10_000, interval: 500 },
      )
      .toEqual({ from: 1, message: 'around the corner' })
  })

  test('that is garbage or unsigned is not heard', async () => {
    const { inbox, self, telemetry } = await listening()
    const liar = await hostilePeer(memberAt(1).privateKey)
    await dial(liar, self)
    const { pubsub } = liar.services
    pubsub.subscribe('/plimsoll/broadcast/1')
    await expect.poll(() => pubsub.getSubscribers('/plimsoll/broadcast/1').length).toBe(1)
    const publish = (text: string | Uint8Array) =>
      pubsub.publish('/plimsoll/broadcast/1', typeof text === 'string' ? new TextEncoder().encode(text) : text)
    await publish('"signed"')
    await expect.poll(() => inbox).toEqual([{ from: 2, message: 'signed' }])
    await publish('{')
    await publish(Uint8Array.of(0xff))
    await expect.poll(() => telemetry.counted('plimsoll_messages_rejected_total', { node: '2' })).toBe(2)
    Object.assign(pubsub, { publishConfig: { type: 1 }, msgIdFn: () => randomBytes(20) })
    expect((await publish('"unsigned"')).recipients).toHaveLength(1)
    await wait(500)
    expect(inbox).toHaveLength(1)
    expect(telemetry.lines.filter(({ level }) => level === 'error')).toEqual([])
  })
})

test('a port that is taken is an error that says so', async () => {
  await listening()
  await expect(libp2pTransportOf(memberAt(0), members)).rejects.toThrow(/can't listen at \/ip4\/127.*EADDRINUSE/s)
})
