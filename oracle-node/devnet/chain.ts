import hre from 'hardhat'

/*
 * The local chain as a process of its own: Hardhat's simulated network behind JSON-RPC on a free port of this machine, or at another address of it.
 * Its first block has the time of the argument; from then on its clock runs with the wall's until it is set.
 */

const [startSeconds = '', host = '127.0.0.1'] = process.argv.slice(2)
const initialDate = new Date(Number(startSeconds) * 1000)
if (Number.isNaN(initialDate.getTime())) {
  throw new Error(`usage: chain.ts UNIX-SECONDS [HOST], got ${JSON.stringify(startSeconds)}`)
}
const server = await hre.network.createServer({ network: 'devnet', override: { initialDate } }, host, 0)
const { port } = await server.listen()
const stop = (): void => {
  server.close().finally(() => process.exit(0))
}
process.once('SIGINT', stop)
process.once('SIGTERM', stop)
process.once('disconnect', stop)
process.send?.({ port })
