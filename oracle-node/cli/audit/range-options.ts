import { type Command, InvalidArgumentError } from 'commander'
import type { AuditEntry } from '../../ports/audit-log.ts'
import { UsageError } from '../command.ts'
import type { RecordSource } from './record-source.ts'

export type RangeOptions = { readonly from?: number; readonly to?: number }

export function addRangeOptions(command: Command): Command {
  return command
    .option('--from <round>', 'the first round (default: the oldest that is kept)', parseRound)
    .option('--to <round>', 'the last round (default: the newest)', parseRound)
}

export type Listed = {
  readonly entries: readonly AuditEntry[]
  /** Rounds between the first and the last that no record is of: nobody certified them, or not before this node. */
  readonly missing: ReadonlyArray<{ readonly from: number; readonly to: number }>
}

export async function listedIn(source: RecordSource, { from, to }: RangeOptions): Promise<Listed> {
  if (from !== undefined && to !== undefined && from > to) {
    throw new UsageError(`--from ${from} is after --to ${to}`)
  }
  const entries = await source.entries(from ?? 0, to ?? Number.MAX_SAFE_INTEGER - 1)
  const rounds = [...(from === undefined ? [] : [from - 1]), ...entries.map(({ round }) => round)]
  if (to !== undefined) rounds.push(to + 1)
  const missing = rounds.flatMap((round, index) => {
    const next = rounds[index + 1]
    return next === undefined || next <= round + 1 ? [] : [{ from: round + 1, to: next - 1 }]
  })
  return { entries, missing }
}

export function gapsText(missing: Listed['missing']): string {
  const shown = missing.slice(0, 5).map(({ from, to }) => (from === to ? `${from}` : `${from} to ${to}`))
  return `no record of rounds ${shown.join(', ')}${missing.length > shown.length ? ' and more' : ''}`
}

function parseRound(text: string): number {
  if (/^\d{1,13}$/.test(text)) return Number(text)
  throw new InvalidArgumentError(`got ${JSON.stringify(text)}; give a round's number`)
}
