import { availableParallelism } from 'node:os'
import { InvalidArgumentError, Option } from 'commander'
import { UsageError } from '../command.ts'

/** Where runs go unless told otherwise, under the folder that the command runs in. */
const DEFAULT_OUT = './plimsoll-backtests'

export function outOption(): Option {
  return new Option('--out <folder>', `where runs are kept (default: PLIMSOLL_BACKTESTS, else ${DEFAULT_OUT})`)
}

export function outOf({ out }: { readonly out?: string }): string {
  return out ?? process.env['PLIMSOLL_BACKTESTS'] ?? DEFAULT_OUT
}

const JOBS_MAX = 256

export function jobsOption(what: string): Option {
  return new Option('--jobs <count>', what).default(availableParallelism(), 'one a core').argParser((text) => {
    const value = Number(text)
    if (Number.isInteger(value) && value >= 1 && value <= JOBS_MAX) return value
    throw new InvalidArgumentError(`got ${JSON.stringify(text)}; give a whole number from 1 to ${JOBS_MAX}`)
  })
}

export function redisOption(): Option {
  return new Option(
    '--redis <url>',
    'a queue of workers, such as redis://host:6379 (or PLIMSOLL_REDIS_URL, which no process list shows)',
  )
}

/** @throws {UsageError} when it is no address of a Redis. */
export function redisOf({ redis }: { readonly redis?: string }): string | undefined {
  const url = redis ?? process.env['PLIMSOLL_REDIS_URL']
  if (url === undefined) return undefined
  if (!/^rediss?:\/\//.test(url))
    throw new UsageError(`--redis needs an address that begins with redis:// or rediss://`)
  return url
}
