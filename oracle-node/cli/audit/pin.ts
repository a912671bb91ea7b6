import { readFile, stat } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Command, InvalidArgumentError } from 'commander'
import { parseCid } from '../../adapters/audit-block.ts'
import { readCar } from '../../adapters/audit-car.ts'
import { type PinningService, type PinStatus, pinningService } from '../../adapters/pinning-service.ts'
import { Failed, newCommand, UsageError } from '../command.ts'
import { print, printJson, say } from '../output.ts'
import { readGiven } from './read-given.ts'

type Options = {
  readonly endpoint: string
  readonly tokenFile?: string
  readonly name?: string
  readonly origin?: readonly string[]
  readonly wait?: number
  readonly json?: boolean
}

const TOKEN_VARIABLE = 'PLIMSOLL_PIN_TOKEN'
/** The first question comes soon, the later ones seldom. */
const [POLL_MS_MIN, POLL_MS_MAX] = [250, 10_000]

export function pinCommand(): Command {
  return newCommand(
    'pin',
    'Ask a pinning service (IPFS Pinning Service API) to keep records: of a CAR file all, or one block. The service fetches them ' +
      'from the IPFS network, so some IPFS node must have imported them first.',
    [
      'ipfs dag import rounds.car && plimsoll audit pin rounds.car --endpoint https://api.pinata.cloud/psa --token-file token',
      'plimsoll audit pin bafyrei… --endpoint https://pins.example/psa --origin /dns4/ipfs.example/tcp/4001/p2p/12D3… --wait 300',
    ],
  )
    .argument('<what>', 'a CAR file of plimsoll audit export, whose root is pinned, or a record’s CID')
    .requiredOption('--endpoint <url>', 'of the service; /pins is put behind it')
    .option('--token-file <file>', `a file with the access token; ${TOKEN_VARIABLE} goes before it`)
    .option('--name <name>', 'what the pin is called at the service (default: the file’s name)')
    .option(
      '--origin <multiaddr>',
      'an IPFS node that has the blocks; may be given again',
      (each: string, all: string[] = []) => [...all, each],
    )
    .option(
      '--wait <seconds>',
      'until it is pinned or has failed (default: only until the request is taken)',
      parseSeconds,
    )
    .option('--json', 'print one JSON object')
    .action(pin)
}

async function pin(what: string, options: Options): Promise<void> {
  const token = await readToken(options.tokenFile)
  const { cid, name } = await rootOf(what)
  if (!URL.canParse(options.endpoint))
    throw new UsageError(`--endpoint: got ${JSON.stringify(options.endpoint)}; give a URL`)
  const service = pinningService({ endpoint: options.endpoint, token })
  const called = options.name ?? name
  const first = await service.add({
    cid,
    ...(called !== undefined && { name: called }),
    ...(options.origin !== undefined && { origins: options.origin }),
  })
  const last = options.wait === undefined ? first : await settled(service, first, options.wait)
  if (options.json === true) printJson({ cid, ...last })
  else print(`${cid}: ${last.status} (request ${last.requestId})`)
  if (last.status === 'failed') {
    throw new Failed('the service could not fetch it: an IPFS node that it reaches must have the blocks; see --origin')
  }
  if (options.wait !== undefined && last.status !== 'pinned') {
    throw new Failed(`still ${last.status} after ${options.wait} s; the service goes on by itself`)
  }
  if (last.status !== 'pinned') say('taken, and not yet pinned: --wait waits for it')
}

async function settled(service: PinningService, first: PinStatus, seconds: number): Promise<PinStatus> {
  const until = performance.now() + 1_000 * seconds
  let status = first
  for (let pause = POLL_MS_MIN; status.status === 'queued' || status.status === 'pinning'; pause *= 2) {
    const left = until - performance.now()
    if (left <= 0) break
    await sleep(Math.min(pause, POLL_MS_MAX, left))
    status = await service.get(first.requestId)
  }
  return status
}

async function rootOf(what: string): Promise<{ readonly cid: string; readonly name?: string }> {
  if (parseCid(what) !== undefined) return { cid: what }
  const found = await stat(what).catch(() => undefined)
  if (found?.isFile() !== true) throw new UsageError(`${what} is neither a file nor the CID of a record`)
  const { root } = await readCar(await readGiven(what)).catch((error: unknown) => {
    throw new Error(`${what} is no CAR file of records`, { cause: error })
  })
  return { cid: root.toString(), name: what.split(/[\\/]/).at(-1) ?? what }
}

async function readToken(file: string | undefined): Promise<string> {
  const given = process.env[TOKEN_VARIABLE] ?? ''
  if (given === '' && file === undefined) {
    throw new UsageError(`no access token: set ${TOKEN_VARIABLE}, or name a --token-file`)
  }
  const text = given === '' && file !== undefined ? await tokenIn(file) : given
  const token = text.trim()
  if (/^[\x21-\x7e]{1,8000}$/.test(token)) return token
  throw new UsageError('the access token must be one line without spaces')
}

async function tokenIn(file: string): Promise<string> {
  return await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new UsageError(`can't read the token file ${file}: ${cause instanceof Error ? cause.message : cause}`)
  })
}

function parseSeconds(text: string): number {
  const seconds = Number(text)
  if (seconds > 0 && seconds <= 86_400) return seconds
  throw new InvalidArgumentError(`got ${JSON.stringify(text)}; give a number of seconds above 0, up to 86400`)
}
