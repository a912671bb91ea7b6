import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Every process of ours, so that a run does not say what is known. */
export const NODE_FLAGS = ['--disable-warning=ExperimentalWarning'] as const

/**
 * What a module prints as JSON in a process of its own: its memory is then its own, and so are the garbage and the compiled code that it
 * begins with.
 */
export async function inChild<T>(module: string, words: readonly (string | number)[] = []): Promise<T> {
  const { stdout } = await run(process.execPath, [...NODE_FLAGS, fileURLToPath(module), ...words.map(String)], {
    encoding: 'utf8',
    maxBuffer: 16_000_000,
  })
  return JSON.parse(stdout) as T
}

/** For {@link inChild}. */
export function print(value: unknown): void {
  process.stdout.write(JSON.stringify(value))
}

/** Wall clock and processor, of all threads of this process. */
export type Spent = { readonly seconds: number; readonly processorSeconds: number }

export async function spentOn(work: () => unknown): Promise<Spent> {
  const [began, used] = [performance.now(), process.cpuUsage()]
  await work()
  const { user, system } = process.cpuUsage(used)
  return { seconds: (performance.now() - began) / 1_000, processorSeconds: (user + system) / 1e6 }
}

export function peakMegabytes(): number {
  return Math.round((process.resourceUsage().maxRSS * 1_024) / 1e6)
}
