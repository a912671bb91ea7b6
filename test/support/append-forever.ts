import { fileJournal } from '../../oracle-node/adapters/file-journal.ts'
import type { JournalEntry } from '../../oracle-node/ports/journal.ts'
import { sampleEntries, sampleObserved } from './journal-entries.ts'

/*
 * Writes entries to a journal and prints the round of each that was acknowledged: run in a process of its own by the journal's
 * tests. `forever` goes on until it is killed; `until-full` writes large entries until one fails, and then small ones until one fails.
 */
const [path = '', mode] = process.argv.slice(2)
const journal = await fileJournal(path)

async function appendUntilFailure(from: number, entryOf: (round: number) => JournalEntry | undefined): Promise<number> {
  for (let round = from; ; round += 1) {
    const entry = entryOf(round)
    if (entry === undefined) throw new Error('there is an entry of each round')
    const acknowledged = await journal.append(entry).then(
      () => true,
      () => false,
    )
    if (!acknowledged) return round + 1
    process.stdout.write(`${round}\n`)
  }
}

if (mode === 'until-full') {
  const next = await appendUntilFailure(1, (round) => sampleEntries(round)[1])
  process.stdout.write('failed\n')
  await appendUntilFailure(next, sampleObserved)
} else {
  await appendUntilFailure(1, sampleObserved)
}
