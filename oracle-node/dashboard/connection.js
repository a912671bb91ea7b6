const RETRY_MS = [1_000, 2_000, 4_000, 8_000, 15_000]
const LOAD_WITHIN_MS = 10_000

/**
 * Follows the network: the whole state at each (re)connection, then each round. When the stream breaks it says so, and tries
 * again for as long as the page is open.
 * @param {{onState(state: object): void, onRound(event: object): void, onLost(retryAt: number): void}} listener
 */
export function follow(listener) {
  let failures = 0

  const connect = () => {
    const source = new EventSource('/v1/stream')
    let early = []
    let over = false

    const lose = () => {
      if (over) return
      over = true
      source.close()
      const wait = RETRY_MS[Math.min(failures, RETRY_MS.length - 1)]
      failures += 1
      listener.onLost(Date.now() + wait)
      setTimeout(connect, wait)
    }

    // The stream is opened first: a round that ends while the state is being fetched comes by one or by both, and is kept once.
    source.addEventListener('open', async () => {
      const state = await load()
      if (over) return
      if (state === undefined) return lose()
      failures = 0
      listener.onState(state)
      for (const event of early) listener.onRound(event)
      early = undefined
    })
    source.addEventListener('message', ({ data }) => {
      const event = parse(data)
      if (event === undefined) return lose()
      if (early === undefined) listener.onRound(event)
      else early.push(event)
    })
    source.addEventListener('error', lose)
  }
  connect()
}

async function load() {
  try {
    const response = await fetch('/v1/network', { cache: 'no-store', signal: AbortSignal.timeout(LOAD_WITHIN_MS) })
    return response.ok ? await response.json() : undefined
  } catch {
    return undefined
  }
}

function parse(text) {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
