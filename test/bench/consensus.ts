import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { quantile } from '../../oracle-node/core/stats.ts'
import { type LinkRound, simulateLinks } from './consensus/links.ts'
import { benchMemory, benchProcesses } from './consensus/processes.ts'

/*
 * `npm run bench -- consensus [--json] [--save] [--quick]`: from the members' observations to a certificate. Real processes on loopback,
 * with TLS, journal and everything else, all on this machine's cores; and larger committees in virtual time over links of 50 ms.
 */

const SAVED = new URL('results/consensus.json', import.meta.url)
const LINK_MS = 50
const quick = process.argv.includes('--quick')

function links(size: number, rounds: number) {
  const runs = Array.from({ length: rounds }, (_, index) => simulateLinks(size, LINK_MS, 100 + index))
  const middle = (key: keyof LinkRound): number =>
    Number(
      quantile(
        runs.map((run) => run[key]),
        0.5,
      ).toFixed(1),
    )
  return {
    members: size,
    linkMs: LINK_MS,
    rounds,
    leaderMs: middle('leaderMs'),
    lastMemberMs: middle('lastMs'),
    bytesANodeARound: Math.round(middle('bytesANode')),
    leaderCpuMs: middle('leaderCpuMs'),
    followerCpuMs: middle('followerCpuMs'),
  }
}

async function stage<T>(name: string, work: () => T | Promise<T>): Promise<T> {
  process.stderr.write(`${name} …\n`)
  return work()
}

const figures = {
  bench: 'consensus',
  machine: { cores: cpus().length, cpu: cpus()[0]?.model, node: process.version },
  unit: 'milliseconds from observation to certificate',
  processes: [
    await stage('4 processes over TLS', () => benchProcesses(4, quick ? 30 : 300, 'tls')),
    await stage('4 processes over libp2p', () => benchProcesses(4, quick ? 30 : 300, 'libp2p')),
    await stage('16 processes over TLS', () => benchProcesses(16, quick ? 10 : 100, 'tls')),
    await stage('16 processes over libp2p', () => benchProcesses(16, quick ? 10 : 100, 'libp2p')),
  ],
  memory: await stage('memory', () => benchMemory(4, quick ? [100, 300] : [1_000, 2_000, 5_000, 10_000], 'tls')),
  links: [
    await stage('31 members over links', () => links(31, quick ? 2 : 9)),
    await stage('100 members over links', () => links(100, quick ? 1 : 5)),
  ],
  limit:
    'real processes share the cores with each other and other work; over links every member has a core of its own, and three messages pass before the leader has the certificate, four before the last member',
}
if (process.argv.includes('--save')) writeFileSync(SAVED, `${JSON.stringify(figures, null, 2)}\n`)
process.stdout.write(`${JSON.stringify(figures, null, process.argv.includes('--json') ? 0 : 2)}\n`)
