import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Placement } from '../../oracle-node/devnet/members.ts'
import type { Order } from './forwarder.ts'

const FORWARDER = fileURLToPath(new URL('forwarder.ts', import.meta.url))
/** Where nodes meet each other, and where they meet the chain and the venues, which no fault of the network touches. */
const PEERS = '10.77.0'
const SERVICES = '10.78.0'
const SERVICES_HOST = `${SERVICES}.254`
const LATE_PORT = 4001

/** A network of network namespaces, one a node, joined by bridges; made and removed by the test. */
export type Namespaces = {
  readonly place: Placement
  /** What delays and loses: the kernel's netem, or where it was built without, forwarders for the delay and iptables for the loss. */
  readonly means: 'netem' | 'forwarders and iptables'
  /** Cuts nodes into two groups that hear nothing of each other: packets vanish, connections stay open. */
  part(others: readonly number[]): void
  /** Joins all again. */
  heal(): void
  /** Every packet on its way to a node is late by this, or lost with this probability. */
  impair(trouble: { readonly delayMs: number; readonly lossPercent: number }): void
  /** Milliseconds until node 2, which listens at `port`, answers node 1's first bytes. */
  answerMs(port: number): number
  /** How many packets between nodes were lost on purpose since the trouble began. */
  lost(): number
  remove(): void
}

/** @returns What the command wrote. @throws {Error} with what it complained of. */
function run(command: string): string {
  const [program = '', ...args] = command.split(' ')
  try {
    return execFileSync(program, args, { stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' })
  } catch (error) {
    const printed = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : ''
    throw new Error(`${command}: ${printed === '' ? String(error) : printed}`)
  }
}

function works(...commands: readonly string[]): boolean {
  try {
    for (const command of commands) run(command)
    return true
  } catch {
    return false
  }
}

/** Why this machine has no network namespaces for tests; undefined when it has. */
export function whyNoNamespaces(): string | undefined {
  const name = `plimsoll-try-${process.pid}`
  try {
    run(`ip netns add ${name}`)
    run(`ip netns del ${name}`)
    return undefined
  } catch (error) {
    return `network namespaces need root and iproute2: ${error instanceof Error ? error.message : error}`
  }
}

/** Makes a namespace for each of `count` nodes. What a run before left is removed first. */
export async function makeNamespaces(count: number): Promise<Namespaces> {
  const nodes = Array.from({ length: count }, (_, index) => index + 1)
  let forwarders: Forwarder[] = []
  removeAll(count)
  try {
    for (const bridge of ['plim-a', 'plim-b', 'plim-s']) {
      run(`ip link add ${bridge} type bridge`)
      run(`ip link set ${bridge} up`)
    }
    run(`ip addr add ${SERVICES_HOST}/24 dev plim-s`)
    for (const node of nodes) addNode(node)
    forwarders = await Promise.all(nodes.map(startForwarder))
  } catch (error) {
    removeAll(count)
    throw error
  }
  const netem = works('tc qdisc add dev plim-p1 root netem delay 1ms', 'tc qdisc del dev plim-p1 root')
  return {
    means: netem ? 'netem' : 'forwarders and iptables',
    place: {
      servicesHost: SERVICES_HOST,
      hostOf: (node) => `${PEERS}.${node}`,
      within: (node) => ['ip', 'netns', 'exec', `plim-${node}`],
      announceOf: async (node, port) => {
        if (netem) return undefined
        const host = `${PEERS}.${node}`
        await forwarders[node - 1]?.forward({ from: { host, port: LATE_PORT }, to: { host, port }, late: true })
        return [`/ip4/${host}/tcp/${LATE_PORT}`]
      },
      urlFor: async (url) => {
        const port = Number(new URL(url).port)
        const order = { from: { host: '127.0.0.1', port }, to: { host: SERVICES_HOST, port }, late: false }
        await Promise.all(forwarders.map((each) => each.forward(order)))
        return `http://127.0.0.1:${port}`
      },
    },
    part: (others) => {
      for (const node of others) run(`ip link set plim-p${node} master plim-b`)
    },
    heal: () => {
      for (const node of nodes) run(`ip link set plim-p${node} master plim-a`)
    },
    impair: ({ delayMs, lossPercent }) => {
      for (const node of nodes) {
        if (netem) {
          run(`tc qdisc replace dev plim-p${node} root netem delay ${delayMs}ms loss ${lossPercent}%`)
          continue
        }
        loseBy(node, lossPercent)
        forwarders[node - 1]?.process.send({ delayMs })
      }
    },
    answerMs: (port) => answerMs(netem ? port : LATE_PORT),
    lost: () => nodes.reduce((sum, node) => sum + (netem ? lostByNetem(node) : lostByTables(node)), 0),
    remove: () => {
      for (const forwarder of forwarders) forwarder.process.kill('SIGKILL')
      removeAll(count)
    },
  }
}

/** Two cables: one to the other nodes, one to the services. The nodes' ends are in their namespace, the others at the bridges. */
function addNode(node: number): void {
  run(`ip netns add plim-${node}`)
  run(`ip -n plim-${node} link set lo up`)
  for (const [kind, bridge, subnet] of [
    ['p', 'plim-a', PEERS],
    ['s', 'plim-s', SERVICES],
  ]) {
    run(`ip link add plim-${kind}${node} type veth peer name ${kind}0 netns plim-${node}`)
    run(`ip link set plim-${kind}${node} master ${bridge} up`)
    run(`ip -n plim-${node} addr add ${subnet}.${node}/24 dev ${kind}0`)
    run(`ip -n plim-${node} link set ${kind}0 up`)
  }
}

function loseBy(node: number, percent: number): void {
  run(`ip netns exec plim-${node} iptables -F INPUT`)
  if (percent === 0) return
  const chance = `-m statistic --mode random --probability ${percent / 100}`
  run(`ip netns exec plim-${node} iptables -A INPUT -i p0 ${chance} -j DROP`)
}

function answerMs(port: number): number {
  // What both sides of libp2p say first; the answer is the same.
  const program = `
    const started = performance.now()
    const socket = require('node:net').connect(${port}, '${PEERS}.2', () => socket.write('\\x13/multistream/1.0.0\\n'))
    socket.once('data', () => { console.log(performance.now() - started); process.exit(0) })`
  const args = ['netns', 'exec', 'plim-1', process.execPath, '-e', program]
  return Number(execFileSync('ip', args, { encoding: 'utf8', timeout: 20_000 }))
}

function lostByNetem(node: number): number {
  return Number(/dropped (\d+)/.exec(run(`tc -s qdisc show dev plim-p${node}`))?.[1] ?? 0)
}

function lostByTables(node: number): number {
  return Number(/^\s*(\d+)\s+\d+\s+DROP/m.exec(run(`ip netns exec plim-${node} iptables -L INPUT -v -x -n`))?.[1] ?? 0)
}

type Forwarder = { readonly process: ChildProcess; forward(order: Order): Promise<void> }

async function startForwarder(node: number): Promise<Forwarder> {
  const command = ['netns', 'exec', `plim-${node}`, process.execPath, FORWARDER]
  const started = spawn('ip', command, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  await once(started, 'message')
  return {
    process: started,
    forward: async (order) => {
      const listening = once(started, 'message')
      started.send(order)
      await listening
    },
  }
}

/** Also what a run that was cut off left behind. */
function removeAll(count: number): void {
  for (let node = 1; node <= count; node += 1) {
    works(`ip netns del plim-${node}`)
    // The kernel takes a dead namespace's cables away some time later.
    for (const kind of ['p', 's']) works(`ip link del plim-${kind}${node}`)
  }
  for (const bridge of ['plim-a', 'plim-b', 'plim-s']) works(`ip link del ${bridge}`)
}
