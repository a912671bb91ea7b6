import type { Server } from 'node:http'
import express from 'express'
import type { UnixSeconds } from '../core/units.ts'
import type { Certified } from './round-driver.ts'
import { type JsonRound, jsonRound } from './round-json.ts'

/** Certificates that the status keeps at hand. */
export const ROUNDS_SHOWN = 256
/** A node that has seen no certificate for this many rounds says that it is not ready. */
const ROUNDS_BEHIND_MAX = 3

export type NodeStatus = {
  readonly node: number
  readonly operator: string
  readonly epoch: number
  readonly groupKey: string
  readonly modelSet: string
  readonly models: readonly string[]
  /** The round that the node's clock says it is. */
  readonly currentRound: number
  /** The newest round in which this node judged no asset, 0 for none. */
  readonly abstainedIn: number
  readonly now: UnixSeconds
}

export type StatusServer = { addRound(certified: Certified): void; close(): Promise<void> }

/** A node's own status, health and metrics; read-only, and nothing in it is secret. */
export async function statusServer(options: {
  readonly host: string
  readonly port: number
  readonly status: () => NodeStatus
  readonly metrics: () => Promise<string>
  readonly metricsType: string
}): Promise<StatusServer> {
  const rounds = new Map<number, JsonRound>()
  const newest = (): number => Math.max(0, ...rounds.keys())
  const app = express()
  app.disable('x-powered-by')
  app.get('/healthz', (_request, response) => {
    response.json({ status: 'alive' })
  })
  app.get('/readyz', (_request, response) => {
    const behind = options.status().currentRound - newest()
    const ready = behind <= ROUNDS_BEHIND_MAX
    response.status(ready ? 200 : 503).json({ ready, roundsBehind: behind })
  })
  app.get('/metrics', async (_request, response) => {
    response.type(options.metricsType).send(await options.metrics())
  })
  app.get('/v1/status', (_request, response) => {
    response.json({ ...options.status(), newestRound: newest() })
  })
  app.get('/v1/rounds/:round', (request, response) => {
    const found = rounds.get(Number(request.params.round))
    if (found === undefined) {
      const detail = `no certificate of round ${request.params.round} here; the newest is ${newest()}`
      response
        .status(404)
        .type('application/problem+json')
        .send(JSON.stringify({ title: 'Not found', status: 404, detail }))
      return
    }
    response.json(found)
  })
  const server = await new Promise<Server>((resolve, reject) => {
    const listening = app.listen(options.port, options.host, (error) =>
      error === undefined ? resolve(listening) : reject(error),
    )
  })
  return {
    addRound: (certified) => {
      rounds.set(certified.report.round, jsonRound(certified))
      const oldest = Math.min(...rounds.keys())
      if (rounds.size > ROUNDS_SHOWN) rounds.delete(oldest)
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}
