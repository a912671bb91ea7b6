import { connect } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { parseRoundMessage } from '../../oracle-node/adapters/wire.ts'
import { type Explainer, explainer } from '../../oracle-node/app/explain.ts'
import { type NodeStatus, statusServer } from '../../oracle-node/app/http.ts'
import type { Certified } from '../../oracle-node/app/round-driver.ts'
import { FEATURE_COUNT, FEATURE_SPEC_HASH } from '../../oracle-node/core/feature-spec.ts'
import { unixSeconds } from '../../oracle-node/core/units.ts'
import { freePorts } from '../../oracle-node/devnet/processes.ts'
import { rebuildReport } from '../../oracle-node/protocol/check-proposal.ts'
import { makeWorld } from '../simulation/simulate.ts'
import { NOW, nodesOf, observationOf, settingsOf, signedBy } from '../support/committee.ts'

const world = makeWorld(4)
const nodes = nodesOf(world)
const settings = settingsOf(world, nodes[0] ?? (1 as never))

function certifiedRound(round: number): Certified {
  const observations = nodes.map((node) => signedBy(world, observationOf(node, round)))
  const rebuilt = rebuildReport({ ...settings, round }, observations)
  if (!rebuilt.ok) throw new Error(rebuilt.detail)
  const signature = `0x${'02'.repeat(65)}` as const
  const leader = nodes[0] as (typeof nodes)[number]
  const certificate = {
    kind: 'certificate',
    round,
    attempt: 1,
    leader,
    observations,
    signers: nodes.slice(0, 3),
    signature,
  } as const
  return { report: rebuilt.report, digest: rebuilt.digest, certificate }
}

async function start(status: Partial<NodeStatus> = {}, explain?: Explainer) {
  const [port = 0] = await freePorts(1)
  const full: NodeStatus = {
    node: 1,
    operator: '0xab',
    epoch: 1,
    groupKey: world.keys.groupKey,
    modelSet: settings.modelSet,
    models: ['risk', 'depth'],
    currentRound: 12,
    abstainedIn: 0,
    now: unixSeconds(NOW),
    ...status,
  }
  const options = {
    host: '127.0.0.1',
    port,
    metrics: async () => 'a_metric 1\n',
    metricsType: 'text/plain; version=0.0.4',
  }
  const server = await statusServer({ ...options, status: () => full, ...(explain === undefined ? {} : { explain }) })
  onTestFinished(() => server.close())
  const get = (path: string, init?: RequestInit): Promise<Response> => fetch(`http://127.0.0.1:${port}${path}`, init)
  return { server, get, port }
}

test('a node is alive at once, and ready while it is at most three rounds behind', async () => {
  const { server, get } = await start({ currentRound: 12 })
  expect(await (await get('/healthz')).json()).toEqual({ status: 'alive' })
  const behind = await get('/readyz')
  expect([behind.status, await behind.json()]).toEqual([503, { ready: false, roundsBehind: 12 }])
  server.addRound(certifiedRound(8))
  expect((await get('/readyz')).status).toBe(503)
  server.addRound(certifiedRound(9))
  const ready = await get('/readyz')
  expect([ready.status, await ready.json()]).toEqual([200, { ready: true, roundsBehind: 3 }])
})

test('the status is what the node says of itself, with its newest round', async () => {
  const { server, get } = await start()
  expect(await (await get('/v1/status')).json()).toMatchObject({
    node: 1,
    currentRound: 12,
    newestRound: 0,
    abstainedIn: 0,
  })
  server.addRound(certifiedRound(11))
  server.addRound(certifiedRound(10))
  expect(await (await get('/v1/status')).json()).toMatchObject({ newestRound: 11, groupKey: world.keys.groupKey })
})

test('the metrics are passed on under their own type', async () => {
  const { get } = await start()
  const response = await get('/metrics')
  expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
  expect(await response.text()).toBe('a_metric 1\n')
})

describe('a round', () => {
  test('is shown with everything that proves it: the report can be rebuilt from what is shown', async () => {
    const { server, get } = await start()
    const certified = certifiedRound(7)
    server.addRound(certified)
    const shown = (await (await get('/v1/rounds/7')).json()) as { certificate: unknown }
    const [record] = certified.report.values
    expect(shown).toMatchObject({
      round: 7,
      time: certified.report.time,
      leader: 1,
      attempt: 1,
      observers: [1, 2, 3, 4],
      signers: [1, 2, 3],
      digest: certified.digest,
      records: [
        { asset: 'WETH', priceE8: String(record?.record.priceE8), volatilityBps: record?.record.volatilityBps },
      ],
    })
    const parsed = parseRoundMessage(shown.certificate)
    if (!parsed.ok || parsed.message.kind !== 'certificate') throw new Error('a certificate')
    const rebuilt = rebuildReport({ ...settings, round: 7 }, parsed.message.observations)
    expect(rebuilt.ok && rebuilt.digest).toBe(certified.digest)
  })

  test('that is not here is a problem that says which is', async () => {
    const { server, get } = await start()
    server.addRound(certifiedRound(7))
    for (const round of ['8', '-1', 'seven', '7.5', '__proto__']) {
      const response = await get(`/v1/rounds/${round}`)
      expect(response.status, round).toBe(404)
      expect(response.headers.get('content-type')).toContain('application/problem+json')
      expect(await response.json()).toMatchObject({ status: 404, detail: expect.stringContaining('the newest is 7') })
    }
  })

  test('is forgotten when 256 newer ones are here, and the newest is kept', async () => {
    const { server, get } = await start()
    const sample = certifiedRound(1)
    for (let round = 1; round <= 257; round += 1) {
      server.addRound({ ...sample, report: { ...sample.report, round } })
    }
    expect((await get('/v1/rounds/1')).status).toBe(404)
    expect((await get('/v1/rounds/2')).status).toBe(200)
    expect((await get('/v1/rounds/257')).status).toBe(200)
  })
})

describe('an explanation', () => {
  const vector = (value: number) => ({
    specHash: FEATURE_SPEC_HASH,
    values: new Array<number>(FEATURE_COUNT).fill(value),
  })
  const risk = {
    id: 'risk',
    predict: async ({ values }: { values: readonly number[] }) => {
      const [value = 0] = values
      if (value > 9) throw new Error('out of range')
      return { volatility: value, valueAtRisk99: value, expectedShortfall99: value }
    },
  }
  const served = async () => {
    const explain = explainer({ risk, depth: { id: 'depth', predict: async () => 1 }, reference: vector(0) })
    for (const round of [4, 5]) {
      const features = vector(round / 100)
      explain.record(round, [{ asset: 'WETH', time: unixSeconds(NOW), features }])
    }
    explain.record(5, [{ asset: 'WILD', time: unixSeconds(NOW), features: vector(10) }])
    return start({}, explain)
  }

  test('is served for each asset that the node judged, against training and against an earlier round', async () => {
    const { get } = await served()
    expect(await (await get('/v1/explain')).json()).toEqual({
      assets: [
        { asset: 'WETH', round: 5, time: NOW },
        { asset: 'WILD', round: 5, time: NOW },
      ],
    })
    for (const path of ['/v1/explain/WETH', '/v1/explain/WETH?since=4']) {
      const response = await get(path)
      expect(response.status).toBe(200)
      expect(await response.json()).toMatchObject({
        asset: 'WETH',
        round: 5,
        reference: { kind: 'training' },
        contributions: expect.arrayContaining([expect.objectContaining({ feature: 'realized_1h' })]),
        sinceLast: { reference: { kind: 'round', round: 4 } },
      })
    }
  })

  test.each([
    ['/v1/explain/DOGE', 404, 'no DOGE'],
    ['/v1/explain/__proto__', 404, 'no __proto__'],
    ['/v1/explain/WETH?since=3', 404, 'rounds 4 to 4'],
    ['/v1/explain/WETH?since=-1', 400, 'number of an earlier round'],
    ['/v1/explain/WETH?since=4&since=4', 400, 'number of an earlier round'],
    ['/v1/explain/WILD', 500, 'out of range'],
  ])('that cannot be given is a problem that says why: %s', async (path, status, detail) => {
    const { get } = await served()
    const response = await get(path)
    expect(response.status).toBe(status)
    expect(response.headers.get('content-type')).toContain('application/problem+json')
    expect(await response.json()).toMatchObject({
      status,
      title: expect.any(String),
      detail: expect.stringContaining(detail),
    })
  })

  test('is not served by a node that has none', async () => {
    const { get } = await start()
    expect((await get('/v1/explain/WETH')).status).toBe(404)
  })
})

test('nothing can be changed from outside, and the server does not say what it runs on', async () => {
  const { get } = await start()
  for (const method of ['POST', 'PUT', 'DELETE']) expect((await get('/v1/status', { method })).status, method).toBe(404)
  expect((await get('/v1/status')).headers.get('x-powered-by')).toBeNull()
  expect((await get('/../../etc/passwd')).status).toBe(404)
})

test('a port that is taken is an error, and a closed server leaves no connection open', async () => {
  const { server, port } = await start()
  const options = { host: '127.0.0.1', port, metrics: async () => '', metricsType: 'text/plain' }
  await expect(statusServer({ ...options, status: () => ({}) as NodeStatus })).rejects.toThrow('EADDRINUSE')
  const idle = connect(port, '127.0.0.1')
  idle.on('error', () => undefined)
  await new Promise<void>((resolve) => idle.once('connect', () => resolve()))
  const closed = new Promise<void>((resolve) => idle.once('close', () => resolve()))
  idle.write('GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n')
  await new Promise((wake) => idle.once('data', wake))
  await server.close()
  await closed
})
