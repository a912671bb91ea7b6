import { z } from 'zod'
import { BLOCK_BYTES_MAX, cidOf, parseCid } from '../../adapters/audit-block.ts'
import { boundedBody, jsonOf } from '../../adapters/bounded-body.ts'
import type { AuditEntry } from '../../ports/audit-log.ts'
import { UsageError } from '../command.ts'
import type { RecordSource } from './record-source.ts'

/** Where `npm start` shows its status page. */
export const PAGE_DEFAULT = 'http://127.0.0.1:8080'
const TIMEOUT_MS = 10_000
/** A thousand entries of a listing take a tenth of it. */
const ANSWER_BYTES_MAX = BLOCK_BYTES_MAX
/** What a node lists in one answer. */
const PAGE_ROUNDS = 1_000

const entry = z.object({
  round: z.int().min(0),
  cid: z.string().refine((text) => parseCid(text) !== undefined, 'is no CID of a record'),
  bytes: z.int().min(0).max(BLOCK_BYTES_MAX),
})
const listing = z.object({ newest: z.int().nullable(), rounds: z.array(entry).max(PAGE_ROUNDS) })
const network = z.object({ nodes: z.array(z.object({ alive: z.boolean(), statusUrl: z.url() })) })

/**
 * The records that a running node serves. Nothing that it says is believed: a block is compared with its CID, and what a round's
 * record says with its signatures.
 * @param given A node's address, or a devnet's status page, which says where its nodes are.
 */
export async function nodeSource(given: string | undefined): Promise<RecordSource> {
  const base = await auditBase(given ?? PAGE_DEFAULT, given === undefined)
  const list = async (query: string): Promise<z.infer<typeof listing>> => {
    const answer = await ask(new URL(`audit/rounds${query}`, base))
    const parsed = listing.safeParse(jsonOf(answer.bytes))
    if (parsed.success) return parsed.data
    throw new Error(`${base} answered ${answer.status} where its list of rounds was asked for`)
  }
  return {
    where: base.href,
    entries: async (from, to) => {
      const all: AuditEntry[] = []
      for (let next = from; next <= to; ) {
        const { rounds } = await list(`?from=${next}&to=${to}&limit=${PAGE_ROUNDS}`)
        const last = rounds.at(-1)?.round
        // A node that answers with what was not asked for would keep this going for ever.
        if (last === undefined || rounds.some(({ round }) => round < next || round > to)) break
        all.push(...rounds)
        next = last + 1
      }
      return all
    },
    entryOf: async (wanted) => {
      const round = wanted === 'latest' ? (await list('?limit=1')).newest : wanted
      if (round === null) return undefined
      const { rounds } = await list(`?from=${round}&to=${round}&limit=1`)
      return rounds.find((each) => each.round === round)
    },
    block: async (cid) => {
      const { status, bytes } = await ask(new URL(`audit/cid/${cid}`, base))
      if (status === 404) return undefined
      if (status !== 200) throw new Error(`${base} answered ${status} where block ${cid} was asked for`)
      if (cidOf(bytes).toString() === cid) return bytes
      throw new Error(
        `${base} gave other bytes than block ${cid}: its CID is of what was stored, and this was changed since`,
      )
    },
  }
}

async function auditBase(given: string, isDefault: boolean): Promise<URL> {
  const base = urlOf(given)
  try {
    const direct = await ask(new URL('audit/rounds?limit=1', base))
    if (listing.safeParse(jsonOf(direct.bytes)).success) return base
    const page = network.safeParse(jsonOf((await ask(new URL('v1/network', base))).bytes))
    const alive = page.success ? page.data.nodes.find((node) => node.alive) : undefined
    if (alive !== undefined) return new URL('/', alive.statusUrl)
  } catch (error) {
    if (!isDefault) throw error
    throw new UsageError(
      `no network on ${given}, where npm start shows one; name a node by --node, its configuration by --config, or a --file`,
    )
  }
  throw new Error(`${given} is neither a node that keeps records of rounds nor the status page of a devnet`)
}

function urlOf(given: string): URL {
  const url = URL.canParse(given) ? new URL(given.endsWith('/') ? given : `${given}/`) : undefined
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return url
  throw new UsageError(`got ${JSON.stringify(given)}; give a node's address, for instance http://127.0.0.1:9464`)
}

async function ask(url: URL): Promise<{ readonly status: number; readonly bytes: Uint8Array }> {
  const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) }).catch((cause: unknown) => {
    throw new Error(`${url.origin} can't be reached`, { cause })
  })
  return { status: response.status, bytes: await boundedBody(response, ANSWER_BYTES_MAX) }
}
