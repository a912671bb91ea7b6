import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { RECORDED_START, recordedHistory } from '../../data/recorded/recorded-history.ts'
import { SYNTHETIC_START, syntheticHistory } from '../../data/synthetic/simulator.ts'
import { buildContracts } from '../../oracle-node/devnet/build.ts'
import { type Network, startNetwork } from '../../oracle-node/devnet/network.ts'

const START = fileURLToPath(new URL('../../oracle-node/devnet/start.ts', import.meta.url))
const SHARED = fileURLToPath(new URL('../../../shared/data/', import.meta.url))

/** @throws {Error} when the recordings are not there: these tests are about them. */
export function recordings(): string {
  if (!existsSync(SHARED))
    throw new Error(`${SHARED} is missing: the end-to-end tests replay the recorded market data there`)
  return SHARED
}

/** Runs the very program that `npm start` runs, to its end. */
export async function runStart(
  args: readonly string[],
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [START, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString()
  })
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString()
  })
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  return { code, stdout, stderr }
}

/** The network of `npm start` in a temporary folder, for tests that look inside. */
export async function networkOf(
  input: 'recorded' | 'synthetic',
  programs: Readonly<Record<number, URL>> = {},
  transport: 'tls' | 'libp2p' = 'tls',
): Promise<Network> {
  await buildContracts()
  const recorded = input === 'recorded'
  const history = recorded
    ? recordedHistory(recordings())
    : syntheticHistory({ seed: '1', from: SYNTHETIC_START, hours: 48 })
  return startNetwork({
    folder: mkdtempSync(join(tmpdir(), 'plimsoll-e2e-')),
    stepSeconds: 900,
    market: { kind: 'replay', history, from: recorded ? RECORDED_START : SYNTHETIC_START },
    onStage: () => undefined,
    programs,
    transport,
  })
}

export type LogLine = { readonly event: string; readonly round?: number } & Readonly<Record<string, unknown>>

/** What a node wrote to its log. */
export function logOf(network: Network, node: number): LogLine[] {
  return linesOf(network, node, 'node.log').map((line) => JSON.parse(line))
}

export function journalOf(
  network: Network,
  node: number,
): Array<{ readonly kind: string; readonly round: number } & Record<string, unknown>> {
  // Behind the header, a checksum and JSON a line.
  const [, ...lines] = linesOf(network, node, 'journal.jsonl')
  return lines.map((line) => JSON.parse(line.slice(line.indexOf('{'))))
}

function linesOf(network: Network, node: number, file: string): string[] {
  const folder = network.members[node - 1]?.folder ?? ''
  return readFileSync(join(folder, file), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
}

/** A node's metric, summed over its labels that match. */
export async function metricOf(
  network: Network,
  node: number,
  name: string,
  labels: Readonly<Record<string, string>>,
): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${network.members[node - 1]?.httpPort}/metrics`)).text()
  const wanted = Object.entries(labels).map(([key, value]) => `${key}="${value}"`)
  return text
    .split('\n')
    .filter((line) => line.startsWith(`${name}{`) && wanted.every((label) => line.includes(label)))
    .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0)
}
