import { type Command, InvalidArgumentError, Option } from 'commander'
import { auditFolder } from '../../app/audit.ts'
import { type NodeConfig, readConfig } from '../../app/config.ts'
import type { Hex } from '../../core/bytes.ts'
import { isPoint } from '../../core/group.ts'
import type { Signatories } from '../../protocol/audit-record.ts'
import { UsageError } from '../command.ts'
import { PAGE_DEFAULT } from './node-source.ts'
import { openSource, type RecordSource } from './record-source.ts'

export type SourceOptions = {
  readonly node?: string
  readonly config?: string
  readonly data?: string
  readonly file?: string
}

/** Where records come from; with none of them, from the network of `npm start` on this machine. */
export function addSourceOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--node <url>', `a running node’s status address, or a devnet’s page (default: ${PAGE_DEFAULT})`).env(
        'PLIMSOLL_NODE',
      ),
    )
    .option('--config <file>', 'a node’s configuration: its own records, and whom to check against')
    .option('--data <folder>', 'a node’s data folder, also of one that is running')
    .option('--file <file>', 'a CAR file, a block, or the JSON of a round; - is the standard input')
}

export function sourceOf(options: SourceOptions): Promise<RecordSource> {
  const { node, data, file } = options
  const given = [data !== undefined && '--data', file !== undefined && '--file'].filter(Boolean)
  if (given.length > 1) throw new UsageError(`${given.join(' and ')} are two places; give one`)
  if (file !== undefined) return openSource({ file })
  if (data !== undefined) return openSource({ folder: auditFolder(data) })
  if (node === undefined && options.config !== undefined) {
    return openSource({ folder: auditFolder(readConfig(options.config).dataFolder) })
  }
  return openSource(node === undefined ? {} : { node })
}

/** Where what a record is checked against was taken from. */
export type Trust = {
  readonly committee: 'config' | 'record'
  readonly groupKey: 'config' | 'flag' | 'record'
  readonly domain: 'config' | 'record'
}

/** Whom a record must be of, as far as the configuration and the flag say it; the rest is the record's own word. */
export function trustedFor(
  own: Signatories,
  options: { readonly config?: string; readonly groupKey?: Hex },
): { readonly signatories: Signatories; readonly trust: Trust } {
  const config = options.config === undefined ? undefined : readConfig(options.config)
  const groupKey = options.groupKey ?? config?.groupKey
  const chain = config?.run?.chain
  return {
    signatories: {
      domain: chain === undefined ? own.domain : { chainId: BigInt(chain.chainId), oracle: chain.oracle },
      committee: config === undefined ? own.committee : committeeIn(config, own.committee),
      groupKey: groupKey ?? own.groupKey,
    },
    trust: {
      committee: (config?.members.length ?? 0) > 0 ? 'config' : 'record',
      groupKey: options.groupKey !== undefined ? 'flag' : groupKey !== undefined ? 'config' : 'record',
      domain: chain === undefined ? 'record' : 'config',
    },
  }
}

/** Where a registry says who the members are the configuration names none: then only the epoch is its word. */
function committeeIn({ epoch, members }: NodeConfig, own: Signatories['committee']): Signatories['committee'] {
  return { epoch, operators: members.length === 0 ? own.operators : members.map(({ operator }) => operator) }
}

export function groupKeyOption(): Option {
  return new Option(
    '--group-key <hex>',
    'the committee’s public key, 33 bytes; goes before the configuration’s',
  ).argParser(parseGroupKey)
}

function parseGroupKey(text: string): Hex {
  const key = text.toLowerCase()
  if (/^0x0[23][0-9a-f]{64}$/.test(key) && isPoint(key as Hex)) return key as Hex
  throw new InvalidArgumentError(
    `got ${JSON.stringify(text.slice(0, 80))}; give a compressed key: 0x02 or 0x03 and 64 hex digits, of a point of secp256k1`,
  )
}
