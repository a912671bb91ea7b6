import { stat } from 'node:fs/promises'
import type { Command } from 'commander'
import { decodeRecord, parseCid } from '../../adapters/audit-block.ts'
import { CAR_ROUNDS_MAX, writeCar } from '../../adapters/audit-car.ts'
import { replayRecord } from '../../protocol/audit-record.ts'
import { newCommand, UsageError } from '../command.ts'
import { count, countOf, print, printJson, say } from '../output.ts'
import { addRangeOptions, gapsText, listedIn, type RangeOptions } from './range-options.ts'
import { addSourceOptions, type SourceOptions, sourceOf } from './record-options.ts'

type Options = SourceOptions & RangeOptions & { readonly out: string; readonly json?: boolean }

export function exportCommand(): Command {
  const command = newCommand(
    'export',
    'Write records as one CAR file, which any IPFS node imports: an index at its root, and a block each record.',
    [
      'plimsoll audit export --from 1 --to 500 --out rounds.car',
      'plimsoll audit export --config node.yaml --out all.car && ipfs dag import all.car',
    ],
  )
  return addRangeOptions(addSourceOptions(command))
    .requiredOption('--out <file>', 'the file; what is there already is replaced once the new one is whole')
    .option('--json', 'print one JSON object')
    .action(exportCar)
}

async function exportCar(options: Options): Promise<void> {
  const source = await sourceOf(options)
  const { entries, missing } = await listedIn(source, options)
  if (entries.length === 0)
    throw new UsageError(`${source.where} has no records of these rounds; see plimsoll audit list`)
  if (entries.length > CAR_ROUNDS_MAX) {
    throw new UsageError(
      `${count(entries.length)} rounds are more than the ${count(CAR_ROUNDS_MAX)} of one file; give --from and --to`,
    )
  }
  const rounds = entries.flatMap(({ round, cid }) => {
    const parsed = parseCid(cid)
    return parsed === undefined ? [] : [{ round, cid: parsed }]
  })
  const unequal: number[] = []
  const roundOf = new Map(entries.map(({ round, cid }) => [cid, round]))
  const root = await writeCar(options.out, {
    rounds,
    block: async (cid) => {
      const bytes = await source.block(cid.toString())
      if (bytes === undefined) throw new Error(`${source.where} no longer has ${cid}`)
      const decoded = decodeRecord(bytes)
      if (!decoded.ok) throw new Error(`${cid} of ${source.where} is no record: ${decoded.detail}`)
      const { round } = decoded.message.report
      if (roundOf.get(cid.toString()) !== round) throw new Error(`${cid} of ${source.where} is of round ${round}`)
      if (!replayRecord(decoded.message).equal) unequal.push(round)
      return bytes
    },
  })
  const { size } = await stat(options.out)
  const [first, last] = [entries[0]?.round, entries.at(-1)?.round]
  if (options.json === true) {
    printJson({
      file: options.out,
      bytes: size,
      root: root.toString(),
      from: first,
      to: last,
      rounds: rounds.length,
      missing,
      unequal,
    })
  } else {
    print(`${options.out}: ${countOf(rounds.length, 'round')}, ${first} to ${last}, ${count(size)} bytes`)
    print(`root ${root}`)
  }
  if (missing.length > 0) say(gapsText(missing))
  // They are evidence, so they are in the file all the same.
  if (unequal.length > 0) say(`not what their own observations give: rounds ${unequal.join(', ')}; see plimsoll replay`)
}
