import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { freePorts } from '../../oracle-node/devnet/processes.ts'
import { relayExplanation } from '../../oracle-node/devnet/relay-explanation.ts'

/** A node that answers every question the same, and says what it was asked. */
async function nodeThat(status: number, type: string, body: string) {
  const asked: (string | undefined)[] = []
  const server = createServer((request, response) => {
    asked.push(request.url)
    response.writeHead(status, { 'content-type': type }).end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return { asked, httpPort: (server.address() as AddressInfo).port }
}

test('the first node that explains the asset is the one that answers, and its number with it', async () => {
  const silent = { node: 1, httpPort: (await freePorts(1))[0] ?? 0 }
  const old = { node: 2, ...(await nodeThat(404, 'text/html', '<p>Cannot GET')) }
  const busy = { node: 3, ...(await nodeThat(503, 'application/problem+json', '{"detail":"busy"}')) }
  const good = { node: 4, ...(await nodeThat(200, 'application/json; charset=utf-8', '{"round":7}')) }
  const spare = { node: 5, ...(await nodeThat(200, 'application/json', '{"round":7}')) }
  const given = await relayExplanation({ nodes: [silent, old, busy, good, spare], asset: 'W ETH' })
  expect(given).toEqual({ status: 200, body: { node: 4, round: 7 } })
  expect(good.asked).toEqual(['/v1/explain/W%20ETH'])
  expect(spare.asked).toEqual([])
})

test('when none explains it, what the last one said is the answer', async () => {
  const old = { node: 1, ...(await nodeThat(404, 'text/html', '<p>Cannot GET')) }
  const busy = { node: 2, ...(await nodeThat(503, 'application/problem+json', '{"detail":"busy"}')) }
  const silent = { node: 3, httpPort: (await freePorts(1))[0] ?? 0 }
  const broken = { node: 4, ...(await nodeThat(200, 'application/json', '{')) }
  const relay = (nodes: readonly { node: number; httpPort: number }[]) => relayExplanation({ nodes, asset: 'WETH' })
  expect(await relay([old, busy])).toEqual({ status: 503, body: { node: 2, detail: 'busy' } })
  expect(await relay([old])).toMatchObject({ status: 502, body: { detail: 'node 1 serves no explanations' } })
  expect(await relay([silent])).toMatchObject({ status: 502, body: { detail: expect.stringContaining('node 3') } })
  expect(await relay([broken])).toMatchObject({ status: 502, body: { detail: expect.stringContaining('node 4') } })
  expect(await relay([])).toMatchObject({ status: 503, body: { detail: expect.stringContaining('no node is up') } })
})
