import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type NodeSecrets, openSecrets, sealSecrets } from '../../oracle-node/adapters/encrypted-key-store.ts'
import { makeWorld } from '../simulation/simulate.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const PASSPHRASE = 'correct horse battery staple'
const world = makeWorld(4)
const secrets: NodeSecrets = {
  operatorKey: '1f'.repeat(32),
  tlsKeyPem: '-----BEGIN PRIVATE KEY-----\nSECRETPEM\n-----END PRIVATE KEY-----\n',
  tlsCertificatePem: '-----BEGIN CERTIFICATE-----\n…\n-----END CERTIFICATE-----\n',
  group: { node: 2, share: '2e'.repeat(32), keys: world.keys },
}

let folder: string
let sealed: string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'plimsoll-keystore-'))
  const path = join(folder, 'keystore.json')
  await sealSecrets(path, secrets, PASSPHRASE)
  sealed = readFileSync(path, 'utf8')
})
afterAll(() => rmSync(folder, { recursive: true }))

/** A copy of the sealed file, as somebody changed it. */
function keystore(change: (text: string) => string = (text) => text): string {
  const path = join(temporaryFolder(), 'keystore.json')
  writeFileSync(path, change(sealed), { mode: 0o600 })
  return path
}

function changed(path: readonly [string, string], change: (value: never) => unknown): (text: string) => string {
  return (text) => {
    const json = JSON.parse(text)
    const [part, field] = path
    json[part][field] = change(json[part][field] as never)
    return JSON.stringify(json)
  }
}

const flipped = (hex: string, at: number): string =>
  hex.slice(0, at) + (Number.parseInt(hex.charAt(at), 16) ^ 1).toString(16) + hex.slice(at + 1)

async function failureOf(path: string, passphrase = PASSPHRASE): Promise<string> {
  const error = await openSecrets(path, passphrase).then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!(error instanceof Error)) throw new Error('the keystore opened')
  for (const secret of [secrets.operatorKey, 'SECRETPEM', secrets.group?.share ?? '', PASSPHRASE, passphrase]) {
    expect(`${error.message} ${error.stack}`).not.toContain(secret)
  }
  return error.message
}

test('what was sealed is opened, with the share and without', async () => {
  expect(await openSecrets(keystore(), PASSPHRASE)).toEqual(secrets)
  const { group: _none, ...early } = secrets
  const path = join(temporaryFolder(), 'keystore.json')
  await sealSecrets(path, early, PASSPHRASE)
  expect(await openSecrets(path, PASSPHRASE)).toEqual(early)
})

test('the file is its owner’s alone, holds no secret in the clear, and leaves no temporary neighbour', async () => {
  const path = join(temporaryFolder(), 'keystore.json')
  await sealSecrets(path, secrets, PASSPHRASE)
  expect(statSync(path).mode & 0o777).toBe(0o600)
  const text = readFileSync(path, 'utf8')
  for (const secret of [secrets.operatorKey, secrets.group?.share ?? '', 'SECRETPEM', PASSPHRASE]) {
    expect(text).not.toContain(secret)
    expect(text).not.toContain(Buffer.from(secret).toString('hex'))
  }
  expect(readdirSync(dirname(path))).toEqual(['keystore.json'])
})

test('two keystores of the same secrets and passphrase have nothing in common', async () => {
  const path = join(temporaryFolder(), 'keystore.json')
  await sealSecrets(path, secrets, PASSPHRASE)
  const [one, two] = [JSON.parse(sealed), JSON.parse(readFileSync(path, 'utf8'))]
  expect(one.kdf.salt).not.toBe(two.kdf.salt)
  expect(one.cipher.iv).not.toBe(two.cipher.iv)
  expect(one.cipher.text.slice(0, 32)).not.toBe(two.cipher.text.slice(0, 32))
})

test('the same passphrase typed in another Unicode form opens it', async () => {
  const path = join(temporaryFolder(), 'keystore.json')
  await sealSecrets(path, secrets, 'Pa\u00dfw\u00f6rter'.normalize('NFC'))
  expect(await openSecrets(path, 'Pa\u00dfw\u00f6rter'.normalize('NFD'))).toEqual(secrets)
})

describe('a keystore is refused, and no secret is told,', () => {
  test('with a wrong or an empty passphrase', async () => {
    expect(await failureOf(keystore(), 'incorrect horse')).toContain('does not open with the passphrase given')
    await expect(openSecrets(keystore(), '')).rejects.toThrow('an empty passphrase protects nothing')
    const path = join(temporaryFolder(), 'keystore.json')
    await expect(sealSecrets(path, secrets, '')).rejects.toThrow('an empty passphrase protects nothing')
    expect(readdirSync(dirname(path))).toEqual([])
  })

  test.each([
    ['cipher', 'text', 0],
    ['cipher', 'text', 500],
    ['cipher', 'tag', 31],
    ['cipher', 'iv', 5],
    ['kdf', 'salt', 9],
  ] as const)('when %s.%s has one bit changed at %d', async (part, field, at) => {
    const message = await failureOf(keystore(changed([part, field], (hex: string) => flipped(hex, at))))
    expect(message).toContain('does not open with the passphrase given')
  })

  test('when it is cut short', async () => {
    for (const keep of [0, 1, Math.floor(sealed.length / 2), sealed.length - 3]) {
      expect(await failureOf(keystore((text) => text.slice(0, keep)))).toContain('is no Plimsoll keystore')
    }
    const short = keystore(changed(['cipher', 'text'], (hex: string) => hex.slice(0, -2)))
    expect(await failureOf(short)).toContain('does not open with the passphrase given')
  })

  test.each([
    ['kdf', 'name', 'md5'],
    ['kdf', 'n', 2],
    ['kdf', 'n', 2 ** 30],
    ['kdf', 'n', 2 ** 17 + 1],
    // Each allowed by itself, and four gigabytes together.
    ['kdf', 'n', 2 ** 20],
    ['kdf', 'r', 32],
    ['kdf', 'p', 1_000],
    ['cipher', 'name', 'aes-256-ctr'],
    ['cipher', 'tag', '00'],
    ['cipher', 'text', 'zz'],
  ] as const)('when %s.%s is %s', async (part, field, value) => {
    const path = keystore(changed([part, field], () => value))
    const message = await failureOf(path)
    expect(message).toContain(`${path} is no Plimsoll keystore`)
  })

  test('when it is not there, with the command that makes one', async () => {
    const path = join(temporaryFolder(), 'keystore.json')
    const message = await failureOf(path)
    expect(message).toContain(`no keystore at ${path} (ENOENT)`)
    expect(message).toContain('make one with: node oracle-node/app/main.ts keys --data <folder>')
  })

  test('when what is inside is no node’s secrets', async () => {
    const path = join(temporaryFolder(), 'keystore.json')
    await sealSecrets(path, { ...secrets, operatorKey: 'not hex' }, PASSPHRASE)
    expect(await failureOf(path)).toContain('does not open')
  })
})
