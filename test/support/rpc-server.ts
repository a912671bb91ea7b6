import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'

export type RpcCall = { readonly id: number; readonly method: string; readonly params: readonly unknown[] }

/** A JSON-RPC endpoint that answers whatever a test wants, the lies of a hostile node too. */
export type RpcServer = {
  readonly url: string
  /** Every HTTP request's calls, in order. */
  readonly requests: RpcCall[][]
  close(): Promise<void>
}

/** @param answer Gets the calls of one HTTP request and ends the response. */
export async function rpcServer(
  answer: (calls: readonly RpcCall[], response: ServerResponse) => void | Promise<void>,
): Promise<RpcServer> {
  const requests: RpcCall[][] = []
  const server = createServer(async (request, response) => {
    const body: unknown = JSON.parse(await textOf(request))
    const calls = (Array.isArray(body) ? body : [body]) as RpcCall[]
    requests.push(calls)
    await answer(calls, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has a port')
  return {
    url: `http://127.0.0.1:${address.port}`,
    requests,
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** Ends a response with a result for each call. */
export function answerEach(
  calls: readonly RpcCall[],
  response: ServerResponse,
  resultOf: (call: RpcCall) => unknown,
): void {
  response.end(JSON.stringify(calls.map((call) => ({ jsonrpc: '2.0', id: call.id, result: resultOf(call) }))))
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}
