import { type Command, InvalidArgumentError } from 'commander'
import { type NodeConfig, readConfig, readPassphrase } from '../../app/config.ts'
import type { CeremonyOptions, CeremonyResult } from '../../app/key-ceremony.ts'
import { describeProgress } from '../../app/run-ceremony.ts'
import { countOf, print, printJson, say, styled } from '../output.ts'

export type CeremonyFlags = {
  readonly config: string
  readonly timeout: number
  readonly patience: number
  readonly linger: number
  readonly json?: boolean
  readonly quiet?: boolean
}

const STEPS = ['members', 'deals', 'agreement', 'shares', 'done']

/** What every command that takes part in a ceremony understands. */
export function withCeremonyOptions(command: Command): Command {
  return command
    .requiredOption('--config <file>', 'the node’s configuration')
    .option('--timeout <seconds>', 'give up after this long; the next run goes on from there', parseSeconds, 600)
    .option(
      '--patience <seconds>',
      'how long to wait for members that do not come, and for deals that do not',
      parseSeconds,
      120,
    )
    .option('--linger <seconds>', 'how long to stay for the others afterwards', parseSeconds, 60)
    .option('--quiet', 'no progress')
    .option('--json', 'print one JSON object')
}

/** The configuration, its passphrase, and how to take part. */
export function readFlags(flags: CeremonyFlags): {
  readonly config: NodeConfig
  readonly passphrase: string
  readonly options: CeremonyOptions
} {
  const config = readConfig(flags.config)
  const passphrase = readPassphrase(config.passphraseFile, process.env)
  const options = {
    timeoutMs: flags.timeout * 1_000,
    patienceMs: flags.patience * 1_000,
    lingerMs: flags.linger * 1_000,
    onProgress: flags.quiet === true ? () => undefined : progressPrinter(),
  }
  return { config, passphrase, options }
}

/** A line on stderr whenever something is new. */
function progressPrinter(): NonNullable<CeremonyOptions['onProgress']> {
  let last = ''
  const told = new Set<number>()
  return (progress, nameOf) => {
    for (const { party, detail } of progress.faults) {
      if (!told.has(party)) say(styled('yellow', `${nameOf(party)} ${detail}`))
      told.add(party)
    }
    const line = `${STEPS.indexOf(progress.step) + 1}/${STEPS.length} ${progress.step}: ${describeProgress(progress, nameOf)}`
    if (line !== last) say(line)
    last = line
  }
}

export function printResult(result: CeremonyResult, json: boolean | undefined): void {
  if (json === true) printJson(result)
  else printText(result)
}

function printText({ keys, node, excluded, faults }: CeremonyResult): void {
  print(`group key  ${keys.groupKey}`)
  print(`committee  ${countOf(keys.members, 'member')}, ${keys.threshold} of them sign`)
  print(node === undefined ? 'this node  has handed its share over and holds none' : `this node  holds share ${node}`)
  for (const { party, reason } of excluded) print(`left out   the deal of ${party}: ${reason}`)
  for (const { party, kind, detail } of faults) print(`at fault   ${party}: ${kind}, ${detail}`)
}

function parseSeconds(text: string): number {
  const seconds = Number(text)
  if (seconds > 0 && seconds <= 86_400) return seconds
  throw new InvalidArgumentError(`got ${JSON.stringify(text)}; give a number of seconds above 0, 86400 at most`)
}

/** Which of several tries; all members give the same. */
export function parseNumber(text: string): number {
  const number = Number(text)
  if (Number.isInteger(number) && number >= 1 && number <= 1_000_000) return number
  throw new InvalidArgumentError(`got ${JSON.stringify(text)}; give a whole number from 1 to 1000000`)
}
