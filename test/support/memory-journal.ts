import type { Journal, JournalEntry } from '../../oracle-node/ports/journal.ts'

/** A journal whose disk is an array: opened again on the same array it remembers, as a file does. */
export function memoryJournal(disk: JournalEntry[] = []): Journal {
  let closed = false
  return {
    append: async (entry) => {
      if (closed) throw new Error('the journal is closed')
      disk.push(structuredClone(entry))
    },
    entries: () => disk,
    close: async () => {
      closed = true
    },
  }
}
