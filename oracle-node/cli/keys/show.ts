import type { Command } from 'commander'
import { openSecrets } from '../../adapters/encrypted-key-store.ts'
import { readConfig, readPassphrase } from '../../app/config.ts'
import { identityOf, keystorePath } from '../../app/keys.ts'
import { newCommand } from '../command.ts'
import { print, printJson } from '../output.ts'

export function showCommand(): Command {
  return newCommand('show', 'What a node’s keystore holds, without its secrets.', [
    'plimsoll keys show --config node.yaml',
  ])
    .requiredOption('--config <file>', 'the node’s configuration')
    .option('--json', 'print one JSON object')
    .action(show)
}

async function show({ config: file, json }: { readonly config: string; readonly json?: boolean }): Promise<void> {
  const config = readConfig(file)
  const secrets = await openSecrets(keystorePath(config.dataFolder), readPassphrase(config.passphraseFile, process.env))
  const { operator } = identityOf(secrets)
  const { group, ceremony } = secrets
  if (json === true) {
    const held = group && { node: group.node, keys: group.keys, ceremony: group.ceremony }
    return printJson({ operator, group: held ?? null, unfinished: ceremony?.id ?? null })
  }
  print(`operator   ${operator}`)
  if (group === undefined) print('group key  none')
  else {
    print(`group key  ${group.keys.groupKey}`)
    print(`share      ${group.node} of ${group.keys.members}, ${group.keys.threshold} of them sign`)
  }
  if (ceremony !== undefined) print(`unfinished ceremony ${ceremony.id}: run its command again to go on`)
}
