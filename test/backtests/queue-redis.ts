import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { certificateAuthority } from '../support/certificate-authority.ts'
import { freePort } from '../support/postgres-server.ts'

const PROGRAM = 'redis-server'
const INSTALLER = 'apt-get'
const INSTALL = ['install', '-y', '--no-install-recommends', PROGRAM]

export type RedisServer = {
  readonly url: string
  readonly port: number
  readonly password: string
  /** With TLS: who signed its certificate. */
  readonly caFile: string
  stop(): Promise<void>
  /** Kills it and starts it anew at the same place, with nothing in it. */
  restart(): Promise<void>
}

/**
 * Whether a Redis server can be started; on a Debian machine where we are root it is installed where it is missing.
 * @throws {Error} in CI, where a skipped test would pass for a passed one.
 */
export function hasRedis(): boolean {
  if (isInstalled() || installed()) return true
  const how = `the tests of backtests/queue need a real Redis server: apt-get install ${PROGRAM} (or brew install redis)`
  if (process.env['CI'] === 'true') throw new Error(how)
  process.stderr.write(`skipped: ${how}\n`)
  return false
}

function isInstalled(): boolean {
  return spawnSync(PROGRAM, ['--version']).status === 0
}

function installed(): boolean {
  if (process.getuid?.() !== 0 || spawnSync(INSTALLER, ['--version']).status !== 0) return false
  const aptGet = (args: readonly string[]): boolean =>
    spawnSync(INSTALLER, args, {
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      timeout: 100_000,
    }).status === 0
  // A machine that is new knows no packages yet.
  return (aptGet(INSTALL) || (aptGet(['update']) && aptGet(INSTALL))) && isInstalled()
}

const CA_FILE = 'authority.pem'

async function tlsOptions(folder: string, port: number): Promise<string[]> {
  const [certificate, key, ca] = [join(folder, 'server.pem'), join(folder, 'server.key'), join(folder, CA_FILE)]
  const authority = certificateAuthority()
  const server = await authority.issue('localhost')
  writeFileSync(ca, (await authority.self()).certificatePem)
  writeFileSync(certificate, server.certificatePem)
  writeFileSync(key, server.keyPem)
  const files = ['--tls-cert-file', certificate, '--tls-key-file', key, '--tls-ca-cert-file', ca]
  return ['--port', '0', '--tls-port', `${port}`, '--tls-auth-clients', 'no', ...files]
}

/**
 * A Redis server of its own on a free port, which keeps nothing on disk.
 * @throws {Error} with what the server said, when it does not start.
 */
export async function startRedis(encryption: 'tls' | 'none' = 'none'): Promise<RedisServer> {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-redis-'))
  const port = await freePort()
  const password = 'for-tests'
  const url =
    encryption === 'tls' ? `rediss://:${password}@localhost:${port}` : `redis://:${password}@127.0.0.1:${port}`
  const listen = encryption === 'tls' ? await tlsOptions(folder, port) : ['--port', `${port}`]
  const start = async (): Promise<ChildProcess> => {
    const options = [
      '--bind',
      '127.0.0.1',
      '--save',
      '',
      '--appendonly',
      'no',
      '--dir',
      folder,
      '--requirepass',
      password,
    ]
    const server = spawn(PROGRAM, [...listen, ...options], { stdio: ['ignore', 'pipe', 'pipe'] })
    let said = ''
    for (const stream of [server.stdout, server.stderr]) {
      stream.on('data', (text: Buffer) => {
        said = `${said}${text}`.slice(-4_000)
      })
    }
    for (let attempt = 0; attempt < 100 && server.exitCode === null; attempt += 1) {
      if (said.includes('Ready to accept connections')) return server
      await wait(50)
    }
    server.kill('SIGKILL')
    throw new Error(`Redis did not start: ${said}`)
  }
  let server = await start()
  const stop = async (): Promise<void> => {
    const ended = new Promise((resolve) => server.once('exit', resolve))
    if (server.exitCode === null && server.kill('SIGKILL')) await ended
  }
  return {
    url,
    caFile: join(folder, CA_FILE),
    port,
    password,
    stop: async () => {
      await stop()
      rmSync(folder, { recursive: true, force: true })
    },
    restart: async () => {
      await stop()
      server = await start()
    },
  }
}
