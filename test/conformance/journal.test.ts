import { join } from 'node:path'
import { fileJournal } from '../../oracle-node/adapters/file-journal.ts'
import type { JournalEntry } from '../../oracle-node/ports/journal.ts'
import { memoryJournal } from '../support/memory-journal.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { testJournal } from './journal.ts'

testJournal('file', () => {
  const path = join(temporaryFolder(), 'journal.jsonl')
  return { open: () => fileJournal(path) }
})

testJournal('memory', () => {
  const disk: JournalEntry[] = []
  return { open: async () => memoryJournal(disk) }
})
