/** An explanation takes a node a second at worst, and waits for others before it. */
const ANSWER_WITHIN_MS = 10_000

export type AskedNode = { readonly node: number; readonly httpPort: number }
export type Relayed = { readonly status: number; readonly body: Readonly<Record<string, unknown>> }

/**
 * The page may speak to its own server alone, so the server asks the nodes for it: the first that explains the asset, with its number
 * as `node`. When none does, what the last one said is the answer.
 * @param options.asset One that the network reports; it becomes part of a URL.
 */
export async function relayExplanation(options: {
  readonly nodes: readonly AskedNode[]
  readonly asset: string
}): Promise<Relayed> {
  let last: Relayed = problem(503, 'no node is up that could be asked')
  for (const node of options.nodes) {
    last = await ask(node, options.asset)
    if (last.status === 200) return last
  }
  return last
}

async function ask({ node, httpPort }: AskedNode, asset: string): Promise<Relayed> {
  try {
    const response = await fetch(`http://127.0.0.1:${httpPort}/v1/explain/${encodeURIComponent(asset)}`, {
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    })
    const isJson = /^application\/(?:problem\+)?json\b/.test(response.headers.get('content-type') ?? '')
    if (!isJson) return problem(502, `node ${node} serves no explanations`)
    return { status: response.status, body: { node, ...Object(await response.json()) } }
  } catch (error) {
    return problem(502, `node ${node} did not answer: ${error instanceof Error ? error.message : String(error)}`)
  }
}

function problem(status: number, detail: string): Relayed {
  return { status, body: { title: 'No explanation', status, detail } }
}
