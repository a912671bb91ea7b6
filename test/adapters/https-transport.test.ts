import { X509Certificate } from 'node:crypto'
import type { ClientRequest } from 'node:http'
import { request } from 'node:https'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, connect as tlsConnect } from 'node:tls'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { makeTlsIdentity } from '../../oracle-node/adapters/tls-identity.ts'
import { nodeIndex } from '../../oracle-node/core/units.ts'
import type { Transport } from '../../oracle-node/ports/transport.ts'
import { certificateAuthority } from '../support/certificate-authority.ts'
import { type TlsMember, tlsMembers, transportOf } from '../support/tls-members.ts'

type Answer = { readonly status?: number; readonly error?: string }
type Identity = { readonly keyPem: string; readonly certificatePem: string }

let members: TlsMember[]
beforeAll(async () => {
  members = await tlsMembers(3)
})

const memberAt = (index: number): TlsMember => members[index] as TlsMember

/** The first member listening, with what it received. */
async function listening(self = memberAt(0), all: readonly TlsMember[] = members) {
  const transport = await transportOf(self, all)
  onTestFinished(() => transport.close())
  const inbox: Array<{ from: number; message: unknown }> = []
  transport.onMessage((from, message) => inbox.push({ from, message }))
  return { transport, inbox, port: self.port }
}

/** A request that is written by hand: what no member's own transport would send. */
function post(port: number, body: string | Buffer, identity?: Identity, headers = {}): Promise<Answer> {
  return new Promise((resolve) => {
    const certificate = identity === undefined ? {} : { key: identity.keyPem, cert: identity.certificatePem }
    const options = { port, method: 'POST', path: '/v1/messages', rejectUnauthorized: false, agent: false, headers }
    const outgoing: ClientRequest = request({ host: '127.0.0.1', ...options, ...certificate }, (response) => {
      response.resume()
      response.once('end', () => resolve({ status: response.statusCode ?? 0 }))
    })
    outgoing.once('error', (error: NodeJS.ErrnoException) => resolve({ error: error.code ?? error.message }))
    outgoing.end(body)
  })
}

describe('a stranger is refused before it can say a word', () => {
  test('without a certificate', async () => {
    const { inbox, port } = await listening()
    expect((await post(port, '"hello"')).status).toBeUndefined()
    expect(inbox).toEqual([])
  })

  test('with a certificate that nobody knows, also under a member’s name', async () => {
    const { inbox, port } = await listening()
    for (const name of ['stranger', 'member-2']) {
      const identity = await makeTlsIdentity(name, new Date())
      expect((await post(port, '"hello"', identity)).status, name).toBeUndefined()
    }
    expect(inbox).toEqual([])
  })

  test('with a certificate that a member issued', async () => {
    const { inbox, port } = await listening()
    const issued = await certificateAuthority(memberAt(1)).issue('friend of member 2')
    expect((await post(port, '"hello"', issued)).status).toBeUndefined()
    expect(inbox).toEqual([])
  })

  test('with its own certificate shown back to it', async () => {
    const { inbox, port } = await listening()
    expect((await post(port, '"hello"', memberAt(0))).status).toBeUndefined()
    expect(inbox).toEqual([])
  })

  test('over TLS 1.2', async () => {
    const { inbox, port } = await listening()
    const old = { maxVersion: 'TLSv1.2' } as const
    const answer = await new Promise<Answer>((resolve) => {
      const { keyPem: key, certificatePem: cert } = memberAt(1)
      const options = { host: '127.0.0.1', port, key, cert, ...old, rejectUnauthorized: false, agent: false }
      request(options, (response) => resolve({ status: response.statusCode ?? 0 }))
        .once('error', (error: NodeJS.ErrnoException) => resolve({ error: error.code ?? error.message }))
        .end()
    })
    expect(answer.status).toBeUndefined()
    expect(inbox).toEqual([])
  })

  test('without TLS, or saying nothing at all, and then its connection is closed', async () => {
    const { inbox, port } = await listening()
    const closed = (text: string): Promise<number> =>
      new Promise((resolve) => {
        const started = performance.now()
        const socket = connect(port, '127.0.0.1', () => socket.write(text))
        socket.on('error', () => undefined)
        socket.once('close', () => resolve(performance.now() - started))
      })
    const [plain, silent] = await Promise.all([closed('POST / HTTP/1.1\r\n\r\n'), closed('')])
    expect(plain).toBeLessThan(2_000)
    expect(silent).toBeLessThan(6_000)
    expect(inbox).toEqual([])
  })
})

test('a certificate that a pinned authority signed proves no member: 403, for it is not the pinned one', async () => {
  const [one, , three] = members as [TlsMember, TlsMember, TlsMember]
  const authority = certificateAuthority()
  const two = { ...memberAt(1), ...(await authority.self()) }
  const { inbox, port } = await listening(one, [one, two, three])
  expect(await post(port, '"real"', two)).toEqual({ status: 204 })
  expect(await post(port, '"false"', await authority.issue('child'))).toEqual({ status: 403 })
  expect(inbox).toEqual([{ from: 2, message: 'real' }])
})

describe('a member that', () => {
  test('sends what is not JSON gets a 400, and its next message is heard', async () => {
    const { inbox, port } = await listening()
    for (const body of ['', '{', 'NaN', Buffer.from([0xff, 0xfe, 0x00]), '{"a":1}{"b":2}']) {
      expect(await post(port, body, memberAt(1)), String(body)).toEqual({ status: 400 })
    }
    expect(await post(port, '{"a":1}', memberAt(1))).toEqual({ status: 204 })
    expect(inbox).toEqual([{ from: 2, message: { a: 1 } }])
  })

  test('sends too much gets a 413, whether it says so beforehand or not', async () => {
    const { inbox, port } = await listening()
    const large = JSON.stringify('x'.repeat(1_600_000))
    expect(await post(port, large, memberAt(1))).toEqual({ status: 413 })
    expect(await post(port, large, memberAt(1), { 'transfer-encoding': 'chunked' })).toEqual({ status: 413 })
    const allowed = JSON.stringify('x'.repeat(1_400_000))
    expect(await post(port, allowed, memberAt(1))).toEqual({ status: 204 })
    expect(inbox).toHaveLength(1)
  })

  test('sends too much through its own transport is told no, and its next message is heard', async () => {
    const { inbox } = await listening()
    const two = await transportOf(memberAt(1), members)
    onTestFinished(() => two.close())
    expect(await two.send(nodeIndex(1), 'x'.repeat(2_000_000))).toBe(false)
    expect(await two.send(nodeIndex(1), 'short')).toBe(true)
    expect(inbox).toEqual([{ from: 2, message: 'short' }])
  })

  test('hangs up in the midst of a message has said nothing', async () => {
    const { inbox, port } = await listening()
    const { keyPem: key, certificatePem: cert } = memberAt(1)
    const headers = { 'content-length': 100 }
    const options = { host: '127.0.0.1', port, method: 'POST', key, cert, rejectUnauthorized: false, agent: false }
    const outgoing = request({ ...options, headers })
    outgoing.on('error', () => undefined)
    await new Promise<void>((resolve) => outgoing.write('{"half":', () => resolve()))
    await new Promise((wake) => setTimeout(wake, 50))
    outgoing.destroy()
    expect(await post(port, '"whole"', memberAt(2))).toEqual({ status: 204 })
    expect(inbox).toEqual([{ from: 3, message: 'whole' }])
  })
})

/** Another server in the second member's place. */
async function inPlaceOfTwo(server: Server, all: readonly TlsMember[] = members): Promise<Transport> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket) => sockets.add(socket))
  await new Promise<void>((resolve) => server.listen(memberAt(1).port, '127.0.0.1', () => resolve()))
  onTestFinished(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  const one = await transportOf(memberAt(0), all)
  onTestFinished(() => one.close())
  return one
}

test('another member at a member’s port is not taken for it, nor is a stranger of the same name', async () => {
  for (const identity of [memberAt(2), await makeTlsIdentity('member-2', new Date())]) {
    const received: string[] = []
    const server = createTlsServer({ key: identity.keyPem, cert: identity.certificatePem }, (socket) => {
      socket.on('data', (chunk) => received.push(chunk.toString()))
      socket.on('error', () => undefined)
    })
    const one = await inPlaceOfTwo(server)
    expect(await one.send(nodeIndex(2), 'a secret share for member 2')).toBe(false)
    expect(received).toEqual([])
    await one.close()
    await new Promise((resolve) => void server.close(resolve))
  }
})

test('a server with a certificate that the pinned one issued is not taken for the member either', async () => {
  const authority = certificateAuthority()
  const pinned = { ...memberAt(1), ...(await authority.self()) }
  for (const [identity, taken] of [
    [await authority.issue('127.0.0.1'), false],
    [pinned, true],
  ] as const) {
    const server = createTlsServer({ key: identity.keyPem, cert: identity.certificatePem }, (socket) => {
      socket.on('error', () => undefined)
      socket.once('data', () => socket.end('HTTP/1.1 204 No Content\r\n\r\n'))
    })
    const one = await inPlaceOfTwo(server, [memberAt(0), pinned, memberAt(2)])
    expect(await one.send(nodeIndex(2), 'a secret share for member 2')).toBe(taken)
    await one.close()
    await new Promise((resolve) => void server.close(resolve))
  }
})

describe('a peer that', () => {
  test('takes the message and never answers is given up on in seconds', async () => {
    const { keyPem: key, certificatePem: cert } = memberAt(1)
    const one = await inPlaceOfTwo(createTlsServer({ key, cert }, (socket) => void socket.on('error', () => undefined)))
    const started = performance.now()
    expect(await one.send(nodeIndex(2), 'hello')).toBe(false)
    expect(performance.now() - started).toBeLessThan(6_000)
  })

  test('answers a byte at a time is given up on as well', async () => {
    const { keyPem: key, certificatePem: cert } = memberAt(1)
    const server = createTlsServer({ key, cert }, (socket) => {
      socket.on('error', () => undefined)
      const drip = setInterval(() => socket.write('H'), 500)
      socket.once('close', () => clearInterval(drip))
      socket.write('HTTP/1.1 204 No Content\r\n')
    })
    const one = await inPlaceOfTwo(server)
    const started = performance.now()
    // More than there are connections to it, so that some wait for one.
    const sent = await Promise.all([1, 2, 3, 4, 5, 6].map((each) => one.send(nodeIndex(2), each)))
    expect(sent).toEqual([false, false, false, false, false, false])
    expect(performance.now() - started).toBeLessThan(6_000)
  })

  test('accepts no TLS is given up on, and does not hold up messages to others', async () => {
    const one = await inPlaceOfTwo(createServer((socket) => void socket.on('error', () => undefined)))
    const { inbox } = await listening(memberAt(2))
    const started = performance.now()
    const silent = one.send(nodeIndex(2), 'hello').then((taken) => ({ taken, after: performance.now() - started }))
    expect(await one.send(nodeIndex(3), 'hello')).toBe(true)
    expect(inbox).toEqual([{ from: 1, message: 'hello' }])
    expect(performance.now() - started).toBeLessThan(1_000)
    const { taken, after } = await silent
    expect(taken).toBe(false)
    expect(after).toBeLessThan(6_000)
  })
})

test('a member that restarts is reached again, and known for who it is', async () => {
  const { inbox } = await listening()
  for (const attempt of [1, 2, 3]) {
    const two = await transportOf(memberAt(1), members)
    expect(await two.send(nodeIndex(1), attempt)).toBe(true)
    await two.close()
  }
  expect(inbox).toEqual([1, 2, 3].map((message) => ({ from: 2, message })))
  const one = await transportOf(memberAt(2), members)
  onTestFinished(() => one.close())
  const again = await transportOf(memberAt(1), members)
  again.onMessage(() => undefined)
  expect(await one.send(nodeIndex(2), 'before')).toBe(true)
  await again.close()
  const restarted = await transportOf(memberAt(1), members)
  onTestFinished(() => restarted.close())
  restarted.onMessage(() => undefined)
  expect(await one.send(nodeIndex(2), 'after')).toBe(true)
})

test('strangers who connect and say nothing, again and again, keep no member out', async () => {
  const { port, inbox } = await listening()
  const flood = Array.from({ length: 400 }, () => connect({ host: '127.0.0.1', port }).on('error', () => undefined))
  onTestFinished(() => {
    for (const socket of flood) socket.destroy()
  })
  await new Promise((wake) => setTimeout(wake, 300))
  const sender = await transportOf(memberAt(1), members)
  onTestFinished(() => sender.close())
  expect(await sender.send(nodeIndex(1), 'through the crowd')).toBe(true)
  expect(inbox).toEqual([{ from: 2, message: 'through the crowd' }])
})

test('a member that opens connections without end loses its own oldest, and the others notice nothing', async () => {
  const { port } = await listening()
  const { keyPem, certificatePem } = memberAt(2)
  let closed = 0
  const greedy = Array.from({ length: 40 }, () =>
    tlsConnect({ host: '127.0.0.1', port, key: keyPem, cert: certificatePem, rejectUnauthorized: false })
      .on('error', () => undefined)
      .on('close', () => {
        closed += 1
      }),
  )
  onTestFinished(() => {
    for (const socket of greedy) socket.destroy()
  })
  await expect.poll(() => closed, { timeout: 3_000 }).toBe(32)
  const sender = await transportOf(memberAt(1), members)
  onTestFinished(() => sender.close())
  expect(await sender.send(nodeIndex(1), 'still here')).toBe(true)
})

test('a port that is taken is an error that says so', async () => {
  await listening()
  await expect(transportOf(memberAt(0), members)).rejects.toThrow(/EADDRINUSE/)
})

test('two members must not share a subject: OpenSSL finds a pinned certificate by it, and so only one of the two', async () => {
  const twins = await tlsMembers(3, (node) => (node === 1 ? 'one' : 'twin'))
  const self = twins[0] as TlsMember
  const { port } = await listening(self, twins)
  const answers = await Promise.all([twins[1], twins[2]].map((twin) => post(port, '"hello"', twin)))
  // Why newKeys names a certificate after its operator's address. Were both taken, that rule could go.
  expect(answers.filter(({ status }) => status === 204)).toHaveLength(1)
})

test('a TLS identity names itself, lasts ten years from yesterday, and has a serial number above zero', async () => {
  const now = new Date('2026-01-01T00:00:00Z')
  const made = await Promise.all(Array.from({ length: 600 }, () => makeTlsIdentity('0xabc', now)))
  for (const { certificatePem, keyPem } of made) {
    const certificate = new X509Certificate(certificatePem)
    expect(certificate.subject).toBe('CN=0xabc')
    expect(certificate.ca).toBe(false)
    expect(new Date(certificate.validFrom).getTime()).toBe(now.getTime() - 86_400_000)
    expect(new Date(certificate.validTo).getTime()).toBeGreaterThan(new Date('2035-12-01').getTime())
    expect(certificate.serialNumber).toMatch(/^[4-7][0-9A-F]{15}$/)
    expect(keyPem).toMatch(/^-----BEGIN PRIVATE KEY-----\n(?:[A-Za-z0-9+/=]{1,64}\n)+-----END PRIVATE KEY-----\n$/)
  }
  expect(new Set(made.map(({ keyPem }) => keyPem)).size).toBe(600)
})
