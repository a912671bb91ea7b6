import { setTimeout as wait } from 'node:timers/promises'
import { z } from 'zod'
import type { Json, Perform, Task } from '../../backtests/tasks/task.ts'

/* What the tests of backtests/tasks and backtests/queue have done: pure, by integers alone. */

const inputSchema = z.object({
  seed: z.number(),
  rounds: z.number().default(1_000),
  bytes: z.number().default(64),
  waitMs: z.number().default(0),
  /** Keeps its thread from anything else, as a long calculation does. */
  blockMs: z.number().default(0),
})

/** A task of which `rounds` say how long it keeps a processor busy. */
export function churn(label: string, input: Json, needs: readonly string[] = []): Task {
  return { kind: 'churn', label, input, needs }
}

export const perform: Perform = async (task, context) => {
  if (task.kind === 'fail') throw new RangeError(`the price of ${task.label} is 0`)
  if (task.kind === 'exit') process.exit(7)
  const { seed, rounds, bytes, waitMs, blockMs } = inputSchema.parse(task.input)
  let state = seed >>> 0
  for (const need of task.needs) {
    for (const byte of await context.read(need)) state = step(state ^ byte)
  }
  for (let round = 0; round < rounds; round += 1) state = step(state)
  if (waitMs > 0) await wait(waitMs)
  if (blockMs > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, blockMs)
  return Uint8Array.from({ length: bytes }, () => {
    state = step(state)
    return state >>> 24
  })
}

function step(state: number): number {
  return (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
}
