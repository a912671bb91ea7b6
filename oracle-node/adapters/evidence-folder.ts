import { mkdir, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Evidence } from '../protocol/evidence.ts'
import { writeAtomic } from './atomic-file.ts'
import { evidenceId, evidenceText, parseEvidence } from './evidence-json.ts'
import type { Parsed } from './wire.ts'

/** Files of one kind against one member: who lies in every round has proved it by then, and must not fill the disk. */
const FILES_EACH_MAX = 16

export type EvidenceFolder = {
  /** Writes one file, whole or not at all. Undefined when enough of this kind is held against the member. */
  save(evidence: Evidence): Promise<string | undefined>
}

export type EvidenceFile = { readonly path: string; readonly evidence: Parsed<Evidence> }

/** A folder with a JSON file for each piece of evidence; made when the first one is saved. */
export function evidenceFolder(folder: string): EvidenceFolder {
  let saving: Promise<unknown> = Promise.resolve()
  const write = async (evidence: Evidence): Promise<string | undefined> => {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const { subject, claim } = evidence
    const prefix = `epoch${subject.epoch}-node${subject.node}-${claim.kind}-`
    const name = `${prefix}round${roundOf(evidence)}-${evidenceId(evidence).slice(2, 14)}.json`
    const held = (await readdir(folder)).filter((each) => each.startsWith(prefix) && each.endsWith('.json'))
    const path = join(folder, name)
    if (held.includes(name)) return path
    if (held.length >= FILES_EACH_MAX) return undefined
    await writeAtomic(path, evidenceText(evidence))
    return path
  }
  return {
    save: (evidence) => {
      // One after the other, so that two do not count the same files.
      const saved = saving.then(() => write(evidence))
      saving = saved.catch(() => undefined)
      return saved
    },
  }
}

/**
 * Every file of the folder, by name; none when there is no folder.
 * @throws {Error} from the file system when the folder can't be read.
 */
export async function listEvidence(folder: string): Promise<EvidenceFile[]> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
  const files = names.filter((name) => name.endsWith('.json')).toSorted()
  return Promise.all(files.map((name) => readEvidence(join(folder, name))))
}

export async function readEvidence(path: string): Promise<EvidenceFile> {
  return { path, evidence: parseEvidence(await readFile(path, 'utf8')) }
}

export function roundOf({ claim }: Evidence): number {
  switch (claim.kind) {
    case 'observer-equivocation':
      return claim.first.observation.round
    case 'leader-equivocation':
      return claim.first.statement.round
    case 'invalid-share':
      return claim.share.statement.round
    case 'impossible-value':
    case 'deviation':
      return claim.signed.observation.round
  }
}
