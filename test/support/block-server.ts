import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** The smallest JSON-RPC server that has a newest block; what it answers may be anything, since an RPC may lie. */
export type BlockServer = {
  readonly url: string
  /** What the newest block's `timestamp` is, or the whole of `result` when it is no number. */
  block: unknown
  requests: number
  close(): Promise<void>
}

export async function blockServer(timestamp: number): Promise<BlockServer> {
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += String(chunk)
    made.requests += 1
    const answers = [JSON.parse(body)].flat().map((call: { id: number; method: string }) => {
      if (call.method === 'eth_chainId') return { jsonrpc: '2.0', id: call.id, result: '0x7a69' }
      const { block } = made
      const result = typeof block === 'number' ? { timestamp: `0x${block.toString(16)}` } : block
      return { jsonrpc: '2.0', id: call.id, result }
    })
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify(body.startsWith('[') ? answers : answers[0]))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const made: BlockServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    block: timestamp,
    requests: 0,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
  return made
}
