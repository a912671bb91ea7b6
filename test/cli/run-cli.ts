import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const PROGRAM = fileURLToPath(new URL('../../oracle-node/cli/main.ts', import.meta.url))

export type CliRun = { readonly code: number | null; readonly stdout: string; readonly stderr: string }
export type StartedCli = { readonly process: ChildProcess; readonly done: Promise<CliRun> }

/** Starts `plimsoll` with these words in a folder, as from a shell without a terminal. */
export function startCli(words: readonly string[], cwd: string, env: NodeJS.ProcessEnv = {}): StartedCli {
  const { PLIMSOLL_STORE: _, ...inherited } = process.env
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', PROGRAM, ...words], {
    cwd,
    env: { ...inherited, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let [stdout, stderr] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text) => {
    stderr += text
  })
  const done = once(child, 'close').then(([code]: unknown[]) => ({
    code: typeof code === 'number' ? code : null,
    stdout,
    stderr,
  }))
  return { process: child, done }
}

export function runCli(words: readonly string[], cwd: string, env: NodeJS.ProcessEnv = {}): Promise<CliRun> {
  return startCli(words, cwd, env).done
}
