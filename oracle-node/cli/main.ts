import { readFileSync } from 'node:fs'
import type { Command } from 'commander'
import { exitOf, newCommand } from './command.ts'

/** Each group of commands, or command of its own, loaded when it is named: help and version need none of them. */
const GROUPS: Readonly<Record<string, { readonly description: string; load(): Promise<Command> }>> = {
  data: {
    description: 'market history: fetch, import, check, list, keep and serve it',
    load: async () => (await import('./data/commands.ts')).dataCommands(),
  },
  backtest: {
    description: 'replay lending markets and forecasts over the past, and report what would have been lost',
    load: async () => (await import('./backtest/commands.ts')).backtestCommands(),
  },
  evidence: {
    description: 'proofs that members broke the protocol: list what a node found, verify a file',
    load: async () => (await import('./evidence/commands.ts')).evidenceCommands(),
  },
  keys: {
    description: 'the committee’s key: generate it, hand it over, renew its shares, bring a lost share back',
    load: async () => (await import('./keys/commands.ts')).keysCommands(),
  },
  model: {
    description: 'models: list them, read their cards, verify them',
    load: async () => (await import('./model/commands.ts')).modelCommands(),
  },
  audit: {
    description: 'public records of rounds: list them, export them as one file, have them pinned',
    load: async () => (await import('./audit/commands.ts')).auditCommands(),
  },
  replay: {
    description: 'derive a round’s report again from its public record, and check every signature',
    load: async () => (await import('./audit/replay.ts')).replayCommand(),
  },
  verify: {
    description: 'check a report’s signature offline',
    load: async () => (await import('./audit/verify.ts')).verifyCommand(),
  },
}

async function programFor(words: readonly string[]): Promise<Command> {
  const program = newCommand('plimsoll', 'Risk and liquidity oracle for lending markets.', [
    'plimsoll data --help',
    'plimsoll data check --json my-data',
  ]).version(versionOf())
  for (const [name, group] of Object.entries(GROUPS)) {
    program.addCommand(words.includes(name) ? await group.load() : newCommand(name, group.description))
  }
  return program
}

/** Of the package. */
function versionOf(): string {
  const { version }: { version: string } = JSON.parse(
    readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
  )
  return version
}

// A reader that has seen enough, such as `head`, is not an error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit(0)
})

try {
  const program = await programFor(process.argv.slice(2))
  await program.parseAsync()
} catch (error) {
  const { code, message } = exitOf(error)
  if (message !== undefined) process.stderr.write(`${message}\n`)
  process.exitCode = code
}
