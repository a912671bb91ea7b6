import type { Express, Response } from 'express'
import { decodeRecord, parseCid } from '../adapters/audit-block.ts'
import { feedOf } from '../core/feed.ts'
import type { AuditReader } from '../ports/audit-log.ts'
import type { AuditRecord } from '../protocol/audit-record.ts'
import { jsonAudit, jsonProof } from './audit-json.ts'
import { sendProblem } from './problem.ts'

/** Rounds of one answer: a reader asks on from the last. */
const ROUNDS_MAX = 1_000

type Found = { readonly cid: string; readonly record: AuditRecord }

/** The public records of rounds: docs/AUDIT.md. Whoever has a CID need not trust who serves it. */
export function serveAudit(app: Express, audit: AuditReader): void {
  app.get('/audit/rounds', (request, response) => {
    const range = rangeOf(request.query)
    if (range === undefined) return problem(response, 400, 'from, to and limit are whole numbers from 0')
    const rounds = audit.entries(range)
    response.json({
      newest: audit.newest()?.round ?? null,
      oldest: audit.entries({ limit: 1 })[0]?.round ?? null,
      rounds,
    })
  })
  app.get('/audit/rounds/:round', async (request, response) => {
    const found = await find(audit, request.params.round, response)
    if (found !== undefined) response.json(jsonAudit(found.cid, found.record))
  })
  app.get('/audit/rounds/:round/proofs/:asset', async (request, response) => {
    const found = await find(audit, request.params.round, response)
    if (found === undefined) return
    const { asset } = request.params
    const proof = /^[A-Za-z0-9.-]{1,28}$/.test(asset) ? jsonProof(found.cid, found.record, feedOf(asset)) : undefined
    if (proof !== undefined) response.json(proof)
    else problem(response, 404, `round ${found.record.report.round} has no record of ${asset.slice(0, 40)}`)
  })
  app.get('/audit/cid/:cid', async (request, response) => {
    const cid = parseCid(request.params.cid)
    if (cid === undefined) return problem(response, 400, 'needed is a CID as /audit/rounds lists them')
    const bytes = await readBlock(audit, cid.toString(), response)
    if (bytes === 'damaged') return
    if (bytes === undefined) return problem(response, 404, `no block ${cid} here`)
    // What a name is of never changes.
    response.set('cache-control', 'public, max-age=31536000, immutable').set('etag', `"${cid}"`)
    response.type('application/vnd.ipld.dag-cbor').send(Buffer.from(bytes))
  })
}

/** The record of a round, or undefined after the reader was told why there is none. */
async function find(audit: AuditReader, text: string, response: Response): Promise<Found | undefined> {
  const entry = text === 'latest' ? audit.newest() : audit.entryOf(/^\d{1,15}$/.test(text) ? Number(text) : -1)
  const missing = (): undefined => {
    const newest = audit.newest()
    const has = newest === undefined ? 'there is none yet' : `the newest is ${newest.round}`
    problem(response, 404, `no record of round ${text.slice(0, 40)} here; ${has}`)
    return undefined
  }
  if (entry === undefined) return missing()
  const bytes = await readBlock(audit, entry.cid, response)
  if (bytes === 'damaged') return undefined
  if (bytes === undefined) return missing()
  const decoded = decodeRecord(bytes)
  if (decoded.ok) return { cid: entry.cid, record: decoded.message }
  problem(response, 500, `the record of round ${entry.round} can't be read: ${decoded.detail}`)
  return undefined
}

async function readBlock(
  audit: AuditReader,
  cid: string,
  response: Response,
): Promise<Uint8Array | undefined | 'damaged'> {
  try {
    return await audit.block(cid)
  } catch {
    // Where its files are is the operator's to know.
    problem(response, 500, `block ${cid} is damaged here; ask another node`)
    return 'damaged'
  }
}

function rangeOf(query: Readonly<Record<string, unknown>>): { from: number; to: number; limit: number } | undefined {
  const { from = '0', to = String(Number.MAX_SAFE_INTEGER - 1), limit = String(ROUNDS_MAX) } = query
  const numbers = [from, to, limit].map((each) =>
    typeof each === 'string' && /^\d{1,16}$/.test(each)
      ? Math.min(Number(each), Number.MAX_SAFE_INTEGER - 1)
      : undefined,
  )
  const [first, last, most] = numbers
  if (first === undefined || last === undefined || most === undefined) return undefined
  return { from: first, to: last, limit: Math.min(most, ROUNDS_MAX) }
}

function problem(response: Response, status: 400 | 404 | 500, detail: string): void {
  const title = { 400: 'Bad request', 404: 'Not found', 500: 'Damaged' }[status]
  sendProblem(response, { title, status, detail })
}
