import { spawn } from 'node:child_process'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { fileJournal } from '../../oracle-node/adapters/file-journal.ts'
import { sampleEntries, sampleObserved } from '../support/journal-entries.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const WRITER = fileURLToPath(new URL('../support/append-forever.ts', import.meta.url))

async function written(rounds: readonly number[]): Promise<string> {
  const path = join(temporaryFolder(), 'journal.jsonl')
  const journal = await fileJournal(path)
  for (const round of rounds) await journal.append(sampleObserved(round))
  await journal.close()
  return path
}

test('a file torn at any byte gives every whole line back, reports the rest, and is written on cleanly', async () => {
  const path = await written([1, 2, 3])
  const whole = readFileSync(path)
  for (let cut = 0; cut <= whole.length; cut += 1) {
    const kept = whole.subarray(0, cut)
    writeFileSync(path, kept)
    const torn: number[] = []
    const journal = await fileJournal(path, (bytes) => torn.push(bytes))
    const lines = kept.toString().split('\n').length - 1
    const rounds = [1, 2, 3].slice(0, Math.max(0, lines - 1))
    expect(journal.entries().map(({ round }) => round)).toEqual(rounds)
    const tail = cut - (kept.lastIndexOf('\n') + 1)
    expect(torn).toEqual(tail === 0 ? [] : [tail])
    await journal.append(sampleObserved(4))
    await journal.close()
    const again = await fileJournal(path, () => expect.unreachable('nothing is torn any more'))
    expect(again.entries().map(({ round }) => round)).toEqual([...rounds, 4])
    await again.close()
  }
}, 60_000)

test('a journal of before there were checksums is read, and has them from then on', async () => {
  const path = await written([1, 2, 3])
  const lines = readFileSync(path, 'utf8').split('\n')
  writeFileSync(path, lines.slice(1).map(withoutChecksum).join('\n'))
  const journal = await fileJournal(path)
  expect(journal.entries().map(({ round }) => round)).toEqual([1, 2, 3])
  await journal.close()
  expect(readFileSync(path, 'utf8')).toBe(lines.join('\n'))
})

function withoutChecksum(line: string): string {
  return line.slice(line.indexOf('{'))
}

const MOVED: ReadonlyArray<readonly [string, (lines: string[]) => string[], number]> = [
  ['one digit of a line', (lines) => lines.with(2, (lines[2] ?? '').replace('"round":2', '"round":5')), 3],
  ['a line left out', (lines) => lines.toSpliced(2, 1), 3],
  ['two lines changed about', (lines) => lines.with(2, lines[3] ?? '').with(3, lines[2] ?? ''), 3],
  ['the first entry left out', (lines) => lines.toSpliced(1, 1), 2],
  ['the last whole line', (lines) => lines.with(3, (lines[3] ?? '').replace('"round":3', '"round":4')), 4],
  ['the header', (lines) => lines.with(0, 'plimsoll-journal 3'), 1],
]
test.each(MOVED)('a file with %s is refused with file and line, and left', async (_, change, line) => {
  const path = await written([1, 2, 3])
  const changed = change(readFileSync(path, 'utf8').split('\n')).join('\n')
  writeFileSync(path, changed)
  await expect(fileJournal(path)).rejects.toThrow(`${path} line ${line} is damaged`)
  expect(readFileSync(path, 'utf8')).toBe(changed)
})

const DAMAGE: ReadonlyArray<readonly [string, (line: string) => string]> = [
  ['no JSON', (line) => line.slice(0, -1)],
  ['an entry of no kind', (line) => line.replace('"observed"', '"dreamt"')],
  ['a field more', (line) => line.replace('{', '{"extra":1,')],
  ['a round below zero', (line) => line.replace('"round":2', '"round":-2')],
  ['an observation that is none', (line) => line.replace('"node":1', '"node":0')],
  ['nothing', () => ''],
]
test.each(DAMAGE)(
  'a line without checksum that holds %s is refused with file and line, and the file is left',
  async (_, f) => {
    const path = await written([1, 2, 3])
    const lines = readFileSync(path, 'utf8').split('\n').slice(1).map(withoutChecksum)
    const damaged = lines.map((line, index) => (index === 1 ? f(line) : line)).join('\n')
    expect(damaged).not.toBe(lines.join('\n'))
    writeFileSync(path, damaged)
    await expect(fileJournal(path)).rejects.toThrow(`${path} line 2 is damaged`)
    expect(readFileSync(path, 'utf8')).toBe(damaged)
  },
)

test('a damaged certificate, signing entry or message of another kind is refused too', async () => {
  const path = join(temporaryFolder(), 'journal.jsonl')
  const journal = await fileJournal(path)
  for (const entry of sampleEntries(5)) await journal.append(entry)
  await journal.close()
  const lines = readFileSync(path, 'utf8').split('\n').slice(1)
  const [observed = '', signing = '', certified = ''] = lines.map(withoutChecksum)
  const certificate = JSON.parse(certified)
  const share = { kind: 'refusal', round: 5, attempt: 0, session: 0, reason: 'time-off', detail: '' }
  const cases = [
    signing.replace('"node":1', '"node":101'),
    signing.replace('"digest":"0x', '"digest":"0x00'),
    certified.replace('"leader":1', '"leader":"one"'),
    JSON.stringify({ ...certificate, certificate: share }),
  ]
  for (const line of cases) {
    writeFileSync(path, `${observed}\n${line}\n`)
    await expect(fileJournal(path), line.slice(0, 100)).rejects.toThrow(`${path} line 2 is damaged`)
  }
})

test('the newest thousand rounds are kept, in memory at once and in the file when it is opened', async () => {
  const path = await written([1, 2, 1_000])
  const journal = await fileJournal(path)
  expect(journal.entries().map(({ round }) => round)).toEqual([1, 2, 1_000])
  await journal.append(sampleObserved(1_001))
  expect(journal.entries().map(({ round }) => round)).toEqual([2, 1_000, 1_001])
  await journal.close()
  expect(readFileSync(path, 'utf8').trim().split('\n')).toHaveLength(5)
  const again = await fileJournal(path)
  expect(again.entries().map(({ round }) => round)).toEqual([2, 1_000, 1_001])
  await again.close()
  expect(readFileSync(path, 'utf8').trim().split('\n')).toHaveLength(4)
})

test('a node that never stops keeps a file that it can open again: twice what is kept at most', async () => {
  const path = await written(Array.from({ length: 1_000 }, (_, index) => index + 1))
  const journal = await fileJournal(path)
  for (let round = 1_001; round <= 2_001; round += 1) await journal.append(sampleObserved(round))
  await journal.append(sampleObserved(2_002))
  await journal.close()
  expect(readFileSync(path, 'utf8').trim().split('\n').length).toBeLessThan(1_010)
  const again = await fileJournal(path)
  expect(again.entries()[0]?.round).toBe(1_003)
  expect(again.entries().at(-1)?.round).toBe(2_002)
  await again.close()
})

test('the file is its owner’s alone to read', async () => {
  const path = await written([1])
  expect(statSync(path).mode & 0o777).toBe(0o600)
})

test('a file that cannot be read is an error, not an empty journal', async () => {
  await expect(fileJournal(temporaryFolder())).rejects.toThrow(/EISDIR/)
})

test('what a writer said it wrote is there after it is killed in the midst of its work', async () => {
  for (const patience of [30, 90]) {
    const path = join(temporaryFolder(), 'journal.jsonl')
    const { child, acknowledged } = writer(process.execPath, nodeArguments(path, 'forever'))
    await expect.poll(() => acknowledged().length, { timeout: 20_000 }).toBeGreaterThan(patience)
    child.kill('SIGKILL')
    await new Promise((resolve) => child.once('close', resolve))
    const rounds = acknowledged()
    const journal = await fileJournal(path)
    const found = journal.entries().map(({ round }) => round)
    await journal.close()
    expect(found.slice(0, rounds.length)).toEqual(rounds)
    // At most the one that was under way is there without having been acknowledged.
    expect(found.length - rounds.length).toBeLessThanOrEqual(1)
  }
})

test('a write that failed half way leaves no half line: what comes after it can be written and read', async () => {
  const path = join(temporaryFolder(), 'journal.jsonl')
  // A file that may grow no further fails as a full disk does: with the part that fits already written.
  const { child, acknowledged, output } = writer('sh', [
    '-c',
    `trap '' XFSZ; ulimit -S -f 34; exec "$0" "$@"`,
    process.execPath,
    ...nodeArguments(path, 'until-full'),
  ])
  expect(await new Promise((resolve) => child.once('close', resolve))).toBe(0)
  expect(output()).toMatch(/\d\nfailed\n\d/)
  const journal = await fileJournal(path)
  expect(journal.entries().map(({ round }) => round)).toEqual(acknowledged())
  await journal.close()
})

function nodeArguments(path: string, mode: 'forever' | 'until-full'): string[] {
  return ['--disable-warning=ExperimentalWarning', WRITER, path, mode]
}

function writer(program: string, args: readonly string[]) {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString()
  })
  const acknowledged = (): number[] =>
    output
      .split('\n')
      .slice(0, -1)
      .filter((line) => line !== 'failed')
      .map(Number)
  return { child, acknowledged, output: () => output }
}
