import type { Server } from 'node:http'
import { fileURLToPath } from 'node:url'
import express, { type Response } from 'express'
import { DEFAULT_ASSETS } from '../../contracts/script/market-defaults.ts'
import type { Bounds, Parameter } from '../core/policy.ts'
import { defaultBounds } from '../core/policy-defaults.ts'
import type { MarketParameters } from './chain-watch.ts'
import type { RoundOutcome } from './conduct.ts'
import type { Input } from './input.ts'
import type { Network } from './network.ts'
import { relayExplanation } from './relay-explanation.ts'

const PAGE = fileURLToPath(new URL('../dashboard/', import.meta.url))
const CHARTS = fileURLToPath(new URL('../../node_modules/uplot/dist/', import.meta.url))
/** The page needs nothing but itself. */
const CONTENT_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; frame-ancestors 'none'"
/** A browser whose connection is half open notices it by the missing sign of life. */
const SIGN_OF_LIFE_MS = 15_000
/** Rounds that the page shows; at 15 minutes a round, five days. */
const ROUNDS_SHOWN = 480
/** Browsers that may watch at once. */
const WATCHERS_MAX = 32

/** What the page shows; `/v1/network` gives it whole, `/v1/stream` each new round, `/v1/explain/:asset` a node's explanation. */
export type NetworkState = {
  readonly input: Input['description']
  readonly stepSeconds: number
  readonly faulty: number
  readonly quorum: number
  readonly groupKey: string
  readonly oracle: string
  readonly steward: string
  readonly rpcUrl: string
  readonly nodes: ReadonlyArray<{
    readonly node: number
    readonly alive: boolean
    readonly operator: string
    readonly statusUrl: string
  }>
  /** How the steward may move each parameter. */
  readonly bounds: Readonly<Record<string, Readonly<Record<Parameter, Bounds>>>>
  /** Aave's parameters now. */
  readonly parameters: Readonly<Record<string, MarketParameters>>
  readonly rounds: readonly ShownRound[]
}

/** A round without its certificate, with Aave's parameters as they stood after it. */
export type ShownRound = Omit<RoundOutcome, 'report'> & {
  readonly report?: Omit<NonNullable<RoundOutcome['report']>, 'certificate'>
  readonly parameters: Readonly<Record<string, MarketParameters>>
}

export type Dashboard = { readonly url: string; add(outcome: RoundOutcome): Promise<void>; close(): Promise<void> }

/**
 * The status page of the whole network.
 * @param options.fallback Whether another port will do when this one is taken.
 * @throws {Error} when the port is taken and no other will do.
 */
export async function startDashboard(options: {
  readonly network: Network
  readonly input: Input['description']
  readonly stepSeconds: number
  readonly port: number
  readonly fallback: boolean
}): Promise<Dashboard> {
  const { network, input, stepSeconds } = options
  let rounds: ShownRound[] = []
  let parameters = await network.watch.parameters()
  const watchers = new Set<Response>()
  const nodesNow = (): NetworkState['nodes'] =>
    network.members.map(({ node, operator, httpPort }) => ({
      node,
      alive: network.isAlive(node),
      operator,
      statusUrl: `http://127.0.0.1:${httpPort}/v1/status`,
    }))
  const stateNow = (): NetworkState => ({
    input,
    stepSeconds,
    faulty: network.faulty,
    quorum: network.quorum,
    groupKey: network.groupKey,
    oracle: network.deployment.oracle,
    steward: network.deployment.steward,
    rpcUrl: network.rpcUrl,
    nodes: nodesNow(),
    bounds: Object.fromEntries(DEFAULT_ASSETS.map((asset) => [asset.symbol, defaultBounds(asset)])),
    parameters,
    rounds,
  })
  const app = express()
  app.disable('x-powered-by')
  app.use((_request, response, next) => {
    response.setHeader('content-security-policy', CONTENT_POLICY)
    response.setHeader('x-content-type-options', 'nosniff')
    next()
  })
  app.use('/vendor', express.static(CHARTS))
  app.use(express.static(PAGE))
  app.get('/v1/network', (_request, response) => {
    response.json(stateNow())
  })
  serveExplanations(app, network, (asset) => Object.hasOwn(parameters, asset))
  app.get('/v1/stream', (_request, response) => {
    if (watchers.size >= WATCHERS_MAX) {
      response.status(503).json({ detail: `${WATCHERS_MAX} browsers are watching already` })
      return
    }
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' }).write('\n')
    watchers.add(response)
    response.on('close', () => watchers.delete(response))
  })
  const signsOfLife = setInterval(() => {
    for (const watcher of watchers) watcher.write(': alive\n\n')
  }, SIGN_OF_LIFE_MS)
  const server = await listen(app, options.port, options.fallback)
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : options.port
  return {
    url: `http://127.0.0.1:${port}`,
    add: async (outcome) => {
      parameters = await network.watch.parameters()
      const shown = shownRound(outcome, parameters)
      rounds = [...rounds, shown].slice(-ROUNDS_SHOWN)
      for (const watcher of watchers) watcher.write(`data: ${JSON.stringify({ round: shown, nodes: nodesNow() })}\n\n`)
    },
    close: async () => {
      clearInterval(signsOfLife)
      for (const watcher of watchers) watcher.end()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** An asset's name becomes part of a URL, so only the network's own are passed on. */
function serveExplanations(app: express.Express, network: Network, isAsset: (name: string) => boolean): void {
  app.get('/v1/explain/:asset', async (request, response) => {
    const { asset } = request.params
    if (!isAsset(asset)) {
      response.status(404).json({ title: 'Not found', status: 404, detail: `${asset} is no asset of this network` })
      return
    }
    const nodes = network.members.filter(({ node }) => network.isAlive(node))
    const { status, body } = await relayExplanation({ nodes, asset })
    response.status(status).json(body)
  })
}

function shownRound(outcome: RoundOutcome, parameters: ShownRound['parameters']): ShownRound {
  const { report, ...rest } = outcome
  if (report === undefined) return { ...rest, parameters }
  const { certificate: _long, ...short } = report
  return { ...rest, report: short, parameters }
}

async function listen(app: express.Express, port: number, fallback: boolean): Promise<Server> {
  try {
    return await bind(app, port)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) throw error
    if (!fallback) throw new Error(`port ${port} is taken; give another with --port, or none for any that is free`)
    return await bind(app, 0)
  }
}

function bind(app: express.Express, port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = app.listen(port, '127.0.0.1', (error) => (error === undefined ? resolve(server) : reject(error)))
  })
}
