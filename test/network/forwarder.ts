import { connect, createServer, type Socket } from 'node:net'

/*
 * Passes TCP connections on, in a node's namespace, as it is told over its channel. It brings services of the machine to the node's
 * own loopback. And on kernels that were built without netem it makes the network slow: what a forward that is `late` carries comes
 * late by so many milliseconds each way. Bytes come late as with netem, while a connection's own handshake does not.
 */

type End = { readonly host: string; readonly port: number }
export type Order = { readonly from: End; readonly to: End; readonly late: boolean } | { readonly delayMs: number }

let delayMs = 0
process.on('message', (order: Order) => {
  if ('delayMs' in order) delayMs = order.delayMs
  else forward(order)
})
process.once('disconnect', () => process.exit(0))
process.send?.('ready')

function forward({ from, to, late }: { readonly from: End; readonly to: End; readonly late: boolean }): void {
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (incoming) => {
    const outgoing = connect({ ...to, allowHalfOpen: true, noDelay: true })
    passOn(incoming, outgoing, late)
    passOn(outgoing, incoming, late)
  })
  server.listen(from.port, from.host, () => process.send?.(from.port))
}

/** Passes on in order: what was sent later never leaves earlier, also when the delay was cut in between. */
function passOn(from: Socket, to: Socket, late: boolean): void {
  let latest = 0
  const pass = (action: () => void): void => {
    const now = performance.now()
    latest = Math.max(latest, now + delayMs)
    if (late) setTimeout(action, latest - now)
    else action()
  }
  from.on('data', (chunk) => pass(() => to.destroyed || to.write(chunk)))
  from.on('end', () => pass(() => to.end()))
  from.on('error', () => undefined)
  from.on('close', () => pass(() => to.destroy()))
}
