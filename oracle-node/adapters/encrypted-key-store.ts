import { createCipheriv, createDecipheriv, randomBytes, type ScryptOptions, scrypt } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import type { PublicKeys } from '../core/threshold.ts'
import { writeAtomic } from './atomic-file.ts'

/** Everything secret that a node owns. It exists in memory and, sealed, in one file. */
export type NodeSecrets = {
  /** secp256k1 key that signs observations and pays for transactions, 32 bytes as hex. */
  readonly operatorKey: string
  readonly tlsKeyPem: string
  readonly tlsCertificatePem: string
  /** The share of the group key, from key generation on, and which ceremony it came of. */
  readonly group?: {
    readonly node: number
    readonly share: string
    readonly keys: PublicKeys
    readonly ceremony?: string
  }
  /** A ceremony that was begun here and is not done: what this node's letters in it follow from. */
  readonly ceremony?: { readonly id: string; readonly seed: string }
}

/** OWASP's floor for scrypt (2^17, 8, 1): about 0.3 s and 128 MiB a guess. */
const KDF = { n: 2 ** 17, r: 8, p: 1 }
const MEMORY_MAX = 2 ** 28

const hex = (bytes: number) => z.string().regex(new RegExp(`^[0-9a-f]{${2 * bytes}}$`))
const prefixed = (bytes: number) => z.templateLiteral(['0x', hex(bytes)])

const secretsSchema = z.strictObject({
  operatorKey: hex(32),
  tlsKeyPem: z.string(),
  tlsCertificatePem: z.string(),
  group: z
    .strictObject({
      node: z.int().positive(),
      share: hex(32),
      keys: z.strictObject({
        threshold: z.int().positive(),
        members: z.int().positive(),
        groupKey: prefixed(33),
        commitments: z.array(prefixed(33)),
        verifyingShares: z.array(prefixed(33)),
      }),
      ceremony: prefixed(32).exactOptional(),
    })
    .exactOptional(),
  ceremony: z.strictObject({ id: prefixed(32), seed: hex(32) }).exactOptional(),
})

const sealedSchema = z.strictObject({
  version: z.literal(1),
  kdf: z
    .strictObject({
      name: z.literal('scrypt'),
      n: z
        .int()
        .min(2 ** 14)
        .max(2 ** 20)
        .refine((n) => Number.isInteger(Math.log2(n)), 'needs a power of two'),
      r: z.int().min(1).max(32),
      p: z.int().min(1).max(16),
      salt: hex(32),
    })
    .refine(({ n, r }) => 128 * n * r < MEMORY_MAX, `takes more than ${MEMORY_MAX / 2 ** 20} MiB`),
  cipher: z.strictObject({
    name: z.literal('aes-256-gcm'),
    iv: hex(12),
    tag: hex(16),
    text: z.string().regex(/^[0-9a-f]+$/),
  }),
})

/** Seals the secrets under a passphrase: scrypt and AES-256-GCM, in the spirit of the web3 keystore. The file is mode 0600. */
export async function sealSecrets(path: string, secrets: NodeSecrets, passphrase: string): Promise<void> {
  const salt = randomBytes(32)
  const iv = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', await derive(passphrase, salt, KDF), iv)
  const text = Buffer.concat([cipher.update(JSON.stringify(secrets), 'utf8'), cipher.final()])
  const sealed: z.infer<typeof sealedSchema> = {
    version: 1,
    kdf: { name: 'scrypt', ...KDF, salt: salt.toString('hex') },
    cipher: {
      name: 'aes-256-gcm',
      iv: iv.toString('hex'),
      tag: cipher.getAuthTag().toString('hex'),
      text: text.toString('hex'),
    },
  }
  await writeAtomic(path, `${JSON.stringify(sealed, null, 2)}\n`)
}

/** @throws {Error} that says whether the file is missing, is no keystore, or does not open with this passphrase. */
export async function openSecrets(path: string, passphrase: string): Promise<NodeSecrets> {
  const content = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new Error(
      `no keystore at ${path} (${error.code ?? error.message}); make one with: node oracle-node/app/main.ts keys --data <folder>`,
    )
  })
  const sealed = sealedSchema.safeParse(parseJson(content))
  if (!sealed.success) throw new Error(`${path} is no Plimsoll keystore: ${z.prettifyError(sealed.error)}`)
  const { kdf, cipher } = sealed.data
  const key = await derive(passphrase, Buffer.from(kdf.salt, 'hex'), kdf)
  const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(cipher.iv, 'hex'))
  decipher.setAuthTag(Buffer.from(cipher.tag, 'hex'))
  try {
    const text = Buffer.concat([decipher.update(Buffer.from(cipher.text, 'hex')), decipher.final()]).toString('utf8')
    return secretsSchema.parse(JSON.parse(text))
  } catch {
    throw new Error(`${path} does not open with the passphrase given: it is the wrong one, or the file was changed`)
  }
}

/** Beside the event loop: a node in a ceremony goes on hearing the others while it seals. */
function derive(passphrase: string, salt: Buffer, { n, r, p }: { n: number; r: number; p: number }): Promise<Buffer> {
  if (passphrase.length === 0) throw new Error('an empty passphrase protects nothing; give one of some length')
  const options: ScryptOptions = { N: n, r, p, maxmem: MEMORY_MAX }
  return new Promise((resolve, reject) => {
    scrypt(passphrase.normalize('NFKC'), salt, 32, options, (error, key) => (error ? reject(error) : resolve(key)))
  })
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
