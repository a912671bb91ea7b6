import type { Server } from 'node:http'
import express, { type Express } from 'express'
import type { UnixSeconds } from '../core/units.ts'
import type { AuditReader } from '../ports/audit-log.ts'
import { serveAudit } from './audit-http.ts'
import type { Explainer, NoExplanation } from './explain.ts'
import { sendProblem } from './problem.ts'
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
  /** Without it the node explains nothing. */
  readonly explain?: Explainer
  /** Without it no records of rounds are served. */
  readonly audit?: AuditReader
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
      sendProblem(response, {
        title: 'Not found',
        status: 404,
        detail: `no certificate of round ${request.params.round} here; the newest is ${newest()}`,
      })
      return
    }
    response.json(found)
  })
  if (options.audit !== undefined) serveAudit(app, options.audit)
  if (options.explain !== undefined) serveExplanations(app, options.explain)
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

const STATUS_OF: Readonly<Record<NoExplanation, { readonly title: string; readonly status: number }>> = {
  'unknown-asset': { title: 'Not found', status: 404 },
  'unknown-round': { title: 'Not found', status: 404 },
  busy: { title: 'Busy', status: 503 },
  'model-failed': { title: 'A model failed', status: 500 },
}

/** Why an asset's prediction is what it is, and why it is not what it was: docs/EXPLAIN.md. */
function serveExplanations(app: Express, explain: Explainer): void {
  app.get('/v1/explain', (_request, response) => {
    response.json({ assets: explain.newest() })
  })
  app.get('/v1/explain/:asset', async (request, response) => {
    const { since } = request.query
    if (since !== undefined && !(typeof since === 'string' && /^\d{1,15}$/.test(since))) {
      const detail = `since is ${JSON.stringify(since)}, the number of an earlier round was needed`
      sendProblem(response, { title: 'Bad request', status: 400, detail })
      return
    }
    const answer = await explain.explain(request.params.asset, since === undefined ? undefined : Number(since))
    if (answer.ok) response.json(answer.explanation)
    else sendProblem(response, { ...STATUS_OF[answer.reason], reason: answer.reason, detail: answer.detail })
  })
}
