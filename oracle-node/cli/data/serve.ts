import { once } from 'node:events'
import { type Command, InvalidArgumentError } from 'commander'
import { unifiedSource } from '../../../data/history/market-name.ts'
import { isoTime } from '../../../data/history/time-format.ts'
import type { History } from '../../../data/recorded/history.ts'
import type { FaultKind } from '../../../data/venues/faults.ts'
import type { ServedVenues } from '../../../data/venues/serve-venues.ts'
import { VENUES, type VenueId } from '../../core/market.ts'
import { newCommand, UsageError } from '../command.ts'
import { print, printJson, say, table } from '../output.ts'
import { parseDate } from './market-options.ts'
import { openStore, type StoreOption, storeOf, storeOption } from './store-option.ts'

type Options = StoreOption & {
  readonly from?: number
  readonly to?: number
  readonly speed: number
  readonly venues?: readonly VenueId[]
  readonly host: string
  readonly port?: number
  readonly fault?: Readonly<Partial<Record<VenueId, string>>>
  readonly markets?: string
  readonly json?: boolean
}

export function serveCommand(): Command {
  return newCommand(
    'serve',
    'Replay what a store holds from local servers that speak the venues’ own REST and WebSocket.',
    [
      'plimsoll data serve --from 2023-03-11 --speed 60',
      'plimsoll data serve --venues kraken,coinbase --port 8081 --fault kraken:http-500 --markets markets.json',
    ],
  )
    .addOption(storeOption())
    .option('--from <time>', 'where the replay starts (default: as early as there is history before it)', parseDate)
    .option('--to <time>', 'what is later is not shown (default: all)', parseDate)
    .option('--speed <number>', 'how many times faster than real', parseSpeed, 1)
    .option('--venues <names>', 'only these, between commas (default: all that the store has)', parseVenues)
    .option('--host <address>', 'where to listen', '127.0.0.1')
    .option('--port <number>', 'of the first venue, the others on those after it (default: free ones)', parsePort)
    .option(
      '--fault <venue:kind>',
      'what is wrong with a venue, for instance kraken:http-500; may be given again',
      parseFault,
    )
    .option('--markets <file>', 'write a market configuration for nodes that watch these servers')
    .option('--json', 'print the addresses as one JSON object')
    .action(serve)
}

async function serve(options: Options): Promise<void> {
  const history = await loaded(options)
  const served = await started(history, options)
  // A signal that comes while the addresses are being printed must end it, too.
  const stopped = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
  try {
    if (options.markets !== undefined) await writeMarkets(options.markets, history, served)
    report(history, served, options)
    await stopped
  } finally {
    await served.close()
  }
}

async function loaded(options: Options): Promise<History> {
  const store = await openStore(storeOf(options), { readOnly: true })
  const { storedHistory } = await import('../../../data/recorded/stored-history.ts')
  const { to, venues } = options
  try {
    return await storedHistory(store, { ...(to !== undefined && { to }), ...(venues && { venues }) })
  } finally {
    await store.close()
  }
}

async function started(history: History, options: Options): Promise<ServedVenues> {
  const [{ serveVenues }, { STREAM_FAULTS, VENUE_FAULTS }] = await Promise.all([
    import('../../../data/venues/serve-venues.ts'),
    import('../../../data/venues/faults.ts'),
  ])
  const kinds: readonly FaultKind[] = [...VENUE_FAULTS, ...STREAM_FAULTS]
  const faults: Partial<Record<VenueId, FaultKind>> = {}
  for (const venue of VENUES) {
    const named = options.fault?.[venue]
    const kind = kinds.find((each) => each === named)
    if (named !== undefined && kind === undefined) {
      throw new UsageError(`--fault: ${named} is none of ${kinds.join(', ')}`)
    }
    if (kind !== undefined) faults[venue] = kind
  }
  const { from, speed, venues, host, port } = options
  return serveVenues({
    history,
    speed,
    host,
    faults,
    ...(from !== undefined && { from }),
    ...(venues && { venues }),
    ...(port !== undefined && { port }),
  })
}

async function writeMarkets(file: string, history: History, { baseUrls }: ServedVenues): Promise<void> {
  const { writeFile } = await import('node:fs/promises')
  await writeFile(file, `${JSON.stringify(history.marketConfig(baseUrls), null, 2)}\n`)
  say(`wrote ${file}`)
}

function report(history: History, served: ServedVenues, { speed, json }: Options): void {
  const replay = { from: isoTime(Math.floor(served.now())), to: isoTime(history.period.to), speed }
  const { baseUrls, streamUrls } = served
  if (json === true) {
    printJson({ ...replay, baseUrls, streamUrls })
    return
  }
  const rows = VENUES.filter((venue) => baseUrls[venue] !== undefined).map((venue) => [
    venue,
    baseUrls[venue] ?? '',
    streamUrls[venue] ?? '',
    history
      .markets(venue)
      .map(({ symbol }) => symbol)
      .join(', '),
  ])
  print(table([{ title: 'venue' }, { title: 'REST' }, { title: 'WebSocket' }, { title: 'markets' }], rows))
  print(`\nReplaying ${replay.from} to ${replay.to}, ${speed} times as fast as it was; Ctrl-C ends it.`)
}

function parseVenues(text: string): VenueId[] {
  return text.split(',').map(parseVenue)
}

function parseVenue(text: string): VenueId {
  const venue = VENUES.find((each) => each === unifiedSource(text))
  if (venue !== undefined) return venue
  throw new InvalidArgumentError(`got ${JSON.stringify(text)}; give one of ${VENUES.join(', ')}`)
}

function parseFault(
  text: string,
  before: Readonly<Partial<Record<VenueId, string>>> = {},
): Partial<Record<VenueId, string>> {
  const [venue, kind, ...more] = text.split(':')
  if (!venue || !kind || more.length > 0) {
    throw new InvalidArgumentError(`got ${JSON.stringify(text)}; give VENUE:KIND, for instance kraken:http-500`)
  }
  return { ...before, [parseVenue(venue)]: kind }
}

function parseSpeed(text: string): number {
  const speed = Number(text)
  if (speed > 0 && speed <= 3_600) return speed
  throw new InvalidArgumentError(`got ${JSON.stringify(text)}; give a number above 0, up to 3600`)
}

function parsePort(text: string): number {
  const port = Number(text)
  if (Number.isInteger(port) && port >= 1 && port <= 65_535) return port
  throw new InvalidArgumentError(`got ${JSON.stringify(text)}; give a port from 1 to 65535`)
}
