import { Redis } from 'ioredis'

/** How long a server may take to be reached. */
const CONNECT_MS = 5_000
const STEP_MS = 100
const MAX_STEPS = 20

/**
 * A connection that is made again whenever it is lost, on which commands wait until it is.
 * @param url - `redis://[user][:password@]host[:port][/database]`, or `rediss://` for TLS.
 * @param patienceMs - how long a lost server may be away: after that commands are rejected.
 * @throws {Error} that names the server, never the password, when it is not reached within seconds or does not let us in.
 */
export async function connectRedis(url: string, patienceMs: number): Promise<Redis> {
  const shown = shownUrl(url)
  let isReady = false
  const redis = new Redis(url, {
    // What BullMQ is tested with, and what servers before 6 speak.
    protocol: 2,
    lazyConnect: true,
    connectTimeout: CONNECT_MS,
    maxRetriesPerRequest: null,
    // By the attempt alone, since connections that are made like this one share it.
    retryStrategy: (attempt) => (isReady && waitedMs(attempt - 1) < patienceMs ? waitMs(attempt) : null),
  })
  let problem: string | undefined
  redis.on('error', (error: Error) => {
    problem ??= error.message
  })
  try {
    await within(
      CONNECT_MS + 1_000,
      redis.connect().then(() => redis.ping()),
    )
  } catch (error) {
    problem ??= error instanceof Error ? error.message : String(error)
  }
  if (problem !== undefined) {
    redis.disconnect()
    // Not with the error as its cause: that of a refused password holds the password.
    throw new Error(`Redis at ${shown} cannot be used: ${hintOf(problem)}`)
  }
  isReady = true
  return redis
}

/**
 * A server's URL without its password or options, to be printed.
 * @throws {Error} when it is no URL of a Redis server; it does not repeat what was given, which may hold a password.
 */
export function shownUrl(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  if (parsed === undefined || !/^rediss?:$/.test(parsed.protocol) || parsed.hostname === '') {
    throw new Error(
      'a Redis server is named like redis://[user][:password@]host[:port][/database], or rediss:// for TLS',
    )
  }
  const user = parsed.username === '' ? '' : `${parsed.username}@`
  return `${parsed.protocol}//${user}${parsed.host}${parsed.pathname === '/' ? '' : parsed.pathname}`
}

/** Before the n-th attempt: longer each time, up to two seconds. */
function waitMs(attempt: number): number {
  return Math.min(attempt, MAX_STEPS) * STEP_MS
}

/** Before the first n attempts in all. */
function waitedMs(attempts: number): number {
  const growing = Math.min(attempts, MAX_STEPS)
  return ((growing * (growing + 1)) / 2 + (attempts - growing) * MAX_STEPS) * STEP_MS
}

const HINTS: ReadonlyArray<readonly [RegExp, string]> = [
  [/ECONNREFUSED/, 'nothing listens there: is the server running?'],
  [/ENOTFOUND|EAI_AGAIN/, 'there is no such host'],
  [
    /ETIMEDOUT|no answer/,
    'no answer in time: is there a firewall, or does one side use TLS (rediss://) and the other not?',
  ],
  [/ECONNRESET|EPIPE/, 'it hung up: does it want TLS (rediss://)?'],
  [/WRONGPASS/, 'the user or the password is wrong'],
  [/NOAUTH/, 'a password is needed: redis://:password@host'],
  [/certificate|CERT_|SELF_SIGNED/i, 'its certificate is not trusted: name the CA in NODE_EXTRA_CA_CERTS'],
]

function hintOf(problem: string): string {
  const hint = HINTS.find(([pattern]) => pattern.test(problem))
  return hint === undefined ? problem : `${hint[1]} (${problem})`
}

async function within<Value>(milliseconds: number, promise: Promise<Value>): Promise<Value> {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => late.reject(new Error('no answer')), milliseconds)
  try {
    return await Promise.race([promise, late.promise])
  } finally {
    clearTimeout(timer)
  }
}
