import { type ChildProcess, spawn } from 'node:child_process'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'

/** A process of the network that must not outlive this one. */
export type Child = {
  readonly alive: () => boolean
  kill(signal: NodeJS.Signals): void
  readonly exited: Promise<void>
}

const EXIT_WITHIN_MS = 3_000

/** Starts processes and ends all of them, politely first. */
export class Processes {
  readonly #children = new Set<Child>()

  /**
   * Starts a TypeScript program and waits for the first thing it says over its channel.
   * @param within A command that runs another in some place, and is replaced by it: `ip netns exec …`.
   * @throws {Error} with what it printed, when it ends before that.
   */
  async start(
    script: URL,
    args: readonly string[],
    within: readonly string[] = [],
  ): Promise<{ child: Child; said: unknown }> {
    const { process: started, printed } = launch(script, args, within)
    const child = this.#register(started)
    const said = await new Promise<unknown>((resolve, reject) => {
      started.once('message', resolve)
      started.once('error', reject)
      void child.exited.then(() => reject(new Error(`${nameOf(script)} ended at its start:\n${printed()}`)))
    })
    return { child, said }
  }

  /**
   * Runs a program to its end.
   * @returns What it wrote to standard output.
   * @throws {Error} with what it printed, when it ends with an error.
   */
  async runToEnd(script: URL, args: readonly string[], within: readonly string[] = []): Promise<string> {
    const { process: started, printed, output, closed } = launch(script, args, within)
    this.#register(started)
    // Not its exit: what it wrote last may still be on the way then.
    await closed
    if (started.exitCode !== 0) throw new Error(`${nameOf(script)} ${args[0] ?? ''} failed:\n${printed()}`)
    return output()
  }

  #register(started: ChildProcess): Child {
    const child = childOf(started)
    this.#children.add(child)
    void child.exited.then(() => this.#children.delete(child))
    return child
  }

  async stop(): Promise<void> {
    const children = [...this.#children]
    for (const child of children) child.kill('SIGTERM')
    const patience = setTimeout(() => {
      for (const child of children) child.kill('SIGKILL')
    }, EXIT_WITHIN_MS)
    await Promise.all(children.map((child) => child.exited))
    clearTimeout(patience)
  }
}

function launch(script: URL, args: readonly string[], within: readonly string[]) {
  const node = [process.execPath, '--disable-warning=ExperimentalWarning', fileURLToPath(script), ...args]
  const [program = '', ...rest] = [...within, ...node]
  const started = spawn(program, rest, {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    // A group of its own: Ctrl-C at a terminal reaches this program alone, which then ends the others in order.
    detached: true,
  })
  let output = ''
  let errors = ''
  started.stdout?.on('data', (chunk: Buffer) => {
    output = (output + chunk.toString()).slice(-PRINTED_MAX)
  })
  started.stderr?.on('data', (chunk: Buffer) => {
    errors = (errors + chunk.toString()).slice(-PRINTED_MAX)
  })
  const closed = new Promise<void>((resolve) => {
    started.once('close', () => resolve())
    started.once('error', () => resolve())
  })
  return { process: started, output: () => output, printed: () => `${output}${errors}`.trim(), closed }
}

/** Enough for a stack trace, and no more of a child that prints without end. */
const PRINTED_MAX = 64_000

function childOf(started: ChildProcess): Child {
  const exited = new Promise<void>((resolve) => {
    started.once('exit', () => resolve())
    started.once('error', () => resolve())
  })
  const alive = (): boolean => started.exitCode === null && started.signalCode === null
  return {
    alive,
    kill: (signal) => {
      if (alive()) started.kill(signal)
    },
    exited,
  }
}

function nameOf(script: URL): string {
  return script.pathname.split('/').at(-1) ?? script.pathname
}

/** Ports that were free a moment ago; all are held until the last is found, so that no two are the same. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer())
  const ports = await Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((resolve, reject) => {
          server.once('error', reject)
          server.listen(0, '127.0.0.1', () => {
            const address = server.address()
            resolve(typeof address === 'object' && address !== null ? address.port : 0)
          })
        }),
    ),
  )
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}
