import { setTimeout as sleep } from 'node:timers/promises'
import { openParquetStore } from '../../oracle-node/adapters/store/parquet-store.ts'
import { numberedBar, numberedRows } from './numbered-rows.ts'

/*
 * Appends numbered rows and prints each number that was acknowledged: run in a process of its own by the store's tests. `forever FROM`
 * goes on from a number until it is killed, and rolls and merges all the time; `until-full` appends calls of 50 bars until one fails,
 * then single bars until one fails, and leaves the store as a crash would.
 */
const [folder = '', mode, from = '0'] = process.argv.slice(2)

async function appendForever(): Promise<void> {
  const store = await openParquetStore({ folder, rollRows: 120, rollSeconds: 1, syncMilliseconds: 100 })
  const mergeForever = async (): Promise<void> => {
    for (;;) {
      await store.compact()
      await sleep(15)
    }
  }
  void mergeForever()
  for (let number = Number(from); ; number += 1) {
    await store.append(numberedRows(number))
    process.stdout.write(`${number}\n`)
    if (number % 7 === 0) await sleep(1)
  }
}

async function appendUntilFull(): Promise<void> {
  const store = await openParquetStore({ folder })
  const untilFailure = async (first: number, count: number): Promise<number> => {
    for (let next = first; ; next += count) {
      const bars = Array.from({ length: count }, (_, index) => numberedBar(next + index))
      const isTaken = await store.append({ bars }).then(
        () => true,
        () => false,
      )
      if (!isTaken) return next
      process.stdout.write(`${next + count - 1}\n`)
    }
  }
  const next = await untilFailure(0, 50)
  process.stdout.write('failed\n')
  await untilFailure(next, 1)
  process.exit(0)
}

await (mode === 'until-full' ? appendUntilFull() : appendForever())
