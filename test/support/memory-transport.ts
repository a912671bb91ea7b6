import type { NodeIndex } from '../../oracle-node/core/units.ts'
import type { Transport } from '../../oracle-node/ports/transport.ts'

/** What a test may do to a message on its way: change it, or lose it by giving undefined. */
export type Tamper = (letter: { from: NodeIndex; to: NodeIndex; message: unknown }) => unknown

/** A network in one process: messages go as JSON text, so that nothing but JSON passes and nobody shares an object. */
export function memoryNetwork(tamper: Tamper = ({ message }) => message): { join(node: NodeIndex): Transport } {
  const handlers = new Map<NodeIndex, (from: NodeIndex, message: unknown) => void>()
  return {
    join: (self) => {
      let open = true
      return {
        send: async (to, message) => {
          await new Promise((wake) => setImmediate(wake))
          const handler = handlers.get(to)
          if (!open || handler === undefined || to === self) return false
          const passed = tamper({ from: self, to, message: JSON.parse(JSON.stringify(message)) })
          if (passed === undefined) return false
          handler(self, passed)
          return true
        },
        onMessage: (handler) => {
          handlers.set(self, handler)
        },
        close: async () => {
          open = false
          handlers.delete(self)
        },
      }
    },
  }
}
