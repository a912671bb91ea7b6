import { Command } from 'commander'
import { openSecrets } from '../adapters/encrypted-key-store.ts'
import { readConfig, readPassphrase } from './config.ts'
import { generateGroupKey } from './key-ceremony.ts'
import { keystorePath, newKeys } from './keys.ts'

/** Of a devnet's members, which start at one time; `plimsoll keys generate` gives operators more. */
const KEYGEN_TIMEOUT_SECONDS = 120
const KEYGEN_LINGER_MS = 30_000

const program = new Command('plimsoll-node')
  .description('One node of a Plimsoll oracle network.')
  .showHelpAfterError('(add --help for the usage)')

program
  .command('keys')
  .description('make this node’s operator key and TLS identity, sealed under a passphrase')
  .requiredOption('--data <folder>', 'the node’s data folder; keystore.json is made in it')
  .option('--passphrase-file <file>', 'a file with the passphrase; PLIMSOLL_PASSPHRASE goes before it')
  .action(async (options: { data: string; passphraseFile?: string }) => {
    print(await newKeys(options.data, readPassphrase(options.passphraseFile, process.env)))
  })

program
  .command('dkg')
  .description('make the group key together with all other members; `plimsoll keys generate` does so with progress')
  .requiredOption('--config <file>', 'the node’s configuration')
  .option('--timeout <seconds>', 'give up after this long', String(KEYGEN_TIMEOUT_SECONDS))
  .action(async (options: { config: string; timeout: string }) => {
    const config = readConfig(options.config)
    const timeoutMs = Number(options.timeout) * 1000
    if (!(timeoutMs > 0)) throw new Error(`--timeout needs a number of seconds above 0, got ${options.timeout}`)
    const passphrase = readPassphrase(config.passphraseFile, process.env)
    const { keys } = await generateGroupKey(config, passphrase, {
      timeoutMs,
      patienceMs: timeoutMs / 2,
      lingerMs: KEYGEN_LINGER_MS,
      number: 1,
      replace: false,
    })
    print(keys)
  })

program
  .command('register')
  .description('say in the registry on the chain where this node is; the operator’s key signs and pays')
  .requiredOption('--config <file>', 'the node’s configuration')
  .action(async (options: { config: string }) => {
    const config = readConfig(options.config)
    const { registerNode } = await import('./connect.ts')
    const passphrase = readPassphrase(config.passphraseFile, process.env)
    print(await registerNode(config, await openSecrets(keystorePath(config.dataFolder), passphrase)))
  })

program
  .command('run')
  .description('take part in every round until it is stopped')
  .requiredOption('--config <file>', 'the node’s configuration')
  .action(async (options: { config: string }) => {
    const config = readConfig(options.config)
    // Loaded here so that making keys does not wait for the venues' and models' libraries.
    const { startNode } = await import('./node.ts')
    const node = await startNode(config, readPassphrase(config.passphraseFile, process.env))
    const stop = (): void => {
      node.stop().then(
        () => process.exit(0),
        () => process.exit(1),
      )
    }
    process.once('SIGINT', stop)
    process.once('SIGTERM', stop)
    // A parent that started this node over a channel and is gone takes it along, however it went.
    process.once('disconnect', stop)
    process.send?.('ready')
  })

function print(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`)
}

await program.parseAsync().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`)
  // At once: what a failed start opened before it failed would keep the process alive.
  process.exit(1)
})
