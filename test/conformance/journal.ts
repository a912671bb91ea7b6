import { describe, expect, test } from 'vitest'
import type { Journal } from '../../oracle-node/ports/journal.ts'
import { sampleEntries, sampleObserved } from '../support/journal-entries.ts'

/** What every Journal owes its callers. `open` opens the same journal each time it is called. */
export function testJournal(name: string, make: () => { open(): Promise<Journal> }): void {
  describe(`journal: ${name}`, () => {
    test('is empty at first, and gives back what was appended, whole and in order', async () => {
      const { open } = make()
      const journal = await open()
      expect(journal.entries()).toEqual([])
      const entries = [1, 2, 3].flatMap(sampleEntries)
      for (const entry of entries) await journal.append(entry)
      expect(journal.entries()).toEqual(entries)
      await journal.close()
    })

    test('remembers after it was closed and opened again', async () => {
      const { open } = make()
      const entries = [7, 8].flatMap(sampleEntries)
      const before = await open()
      for (const entry of entries) await before.append(entry)
      await before.close()
      const after = await open()
      expect(after.entries()).toEqual(entries)
      await after.append(sampleObserved(9))
      await after.close()
      const last = await open()
      expect(last.entries()).toEqual([...entries, sampleObserved(9)])
      await last.close()
    })

    test('keeps the order of appends that nobody waited for', async () => {
      const { open } = make()
      const journal = await open()
      const entries = Array.from({ length: 20 }, (_, index) => sampleObserved(index + 1))
      await Promise.all(entries.map((entry) => journal.append(entry)))
      await journal.close()
      const reopened = await open()
      expect(reopened.entries()).toEqual(entries)
      await reopened.close()
    })

    test('holds an acknowledged entry for whoever opens it next, also when it was never closed', async () => {
      const { open } = make()
      const journal = await open()
      await journal.append(sampleObserved(4))
      const other = await open()
      expect(other.entries()).toEqual([sampleObserved(4)])
      await Promise.all([journal.close(), other.close()])
    })

    test('takes nothing once it is closed, and says so', async () => {
      const { open } = make()
      const journal = await open()
      await journal.close()
      await expect(journal.append(sampleObserved(1))).rejects.toThrow()
    })
  })
}
