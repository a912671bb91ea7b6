import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { onTestFinished } from 'vitest'

export const PIN_TOKEN = 'a-token-of-this-test'

export type PinRequest = { readonly cid: string; readonly name?: string; readonly origins?: readonly string[] }

type Answer = readonly [number, unknown]
const REASONS: Readonly<Record<number, string>> = { 400: 'BAD_REQUEST', 401: 'UNAUTHORIZED', 404: 'NOT_FOUND' }

function refusal(status: number, details: string): Answer {
  return [status, { error: { reason: REASONS[status], details } }]
}

function faultOf(request: IncomingMessage, pin: PinRequest): string | undefined {
  if (request.headers['content-type'] !== 'application/json') return 'needs application/json'
  const unknown = Object.keys(pin).filter((key) => !['cid', 'name', 'origins', 'meta'].includes(key))
  if (unknown.length > 0) return `unknown: ${unknown.join(', ')}`
  if (!/^bafyrei[a-z2-7]{52}$/.test(pin.cid)) return 'not a CID'
  return (pin.name ?? '').length > 255 ? 'name is too long' : undefined
}

/**
 * A pinning service as the IPFS Pinning Service API 1.0 describes it: it checks what it is asked as a real one does, and goes through
 * the states that it is given, one for each question.
 */
export async function pinningServer(states: readonly string[] = ['queued', 'pinning', 'pinned']) {
  const pins: PinRequest[] = []
  const questions: string[] = []
  let asked = 0
  const state = (pin: PinRequest | undefined): object => {
    const status = states[Math.min(asked, states.length - 1)]
    asked += 1
    return { requestid: 'pin/1', status, created: '2026-01-01T00:00:00Z', pin, delegates: ['/ip4/10.0.0.1'] }
  }
  const answerTo = async (request: IncomingMessage): Promise<Answer> => {
    const question = `${request.method} ${request.url}`
    questions.push(question)
    if (request.headers.authorization !== `Bearer ${PIN_TOKEN}`) return refusal(401, 'access token is wrong')
    if (question === 'GET /psa/pins/pin%2F1') return [200, state(pins[0])]
    if (question !== 'POST /psa/pins') return refusal(404, question)
    const pin = (await json(request)) as PinRequest
    const fault = faultOf(request, pin)
    if (fault !== undefined) return refusal(400, fault)
    pins.push(pin)
    return [202, state(pin)]
  }
  const server = createServer((request, response) => {
    answerTo(request).then(
      ([status, body]) => response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body)),
      (error: unknown) => response.writeHead(500).end(String(error)),
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())))
  const { port } = server.address() as AddressInfo
  return { endpoint: `http://127.0.0.1:${port}/psa`, pins, questions }
}
