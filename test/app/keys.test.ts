import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openSecrets } from '../../oracle-node/adapters/encrypted-key-store.ts'
import { identityOf, keystorePath, newKeys, osRandom } from '../../oracle-node/app/keys.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const PASSPHRASE = 'a passphrase of some length'

describe('new keys', () => {
  test('are sealed, named after the operator, and never written over', async () => {
    const dataFolder = join(temporaryFolder(), 'not', 'there', 'yet')
    const identity = await newKeys(dataFolder, PASSPHRASE)
    expect(identity.operator).toMatch(/^0x[0-9a-f]{40}$/)
    // Not only to be read: OpenSSL finds a pinned certificate by its subject.
    expect(new X509Certificate(identity.certificatePem).subject).toBe(`CN=${identity.operator}`)
    expect(identityOf(await openSecrets(keystorePath(dataFolder), PASSPHRASE))).toEqual(identity)
    const before = readFileSync(keystorePath(dataFolder))
    await expect(newKeys(dataFolder, 'another passphrase')).rejects.toThrow('exists and is not written over')
    expect(readFileSync(keystorePath(dataFolder))).toEqual(before)
  })
})

test('randomness of the system is of the length asked for and never the same', () => {
  expect([osRandom().length, osRandom(7).length, osRandom(0).length]).toEqual([32, 7, 0])
  expect(new Set(Array.from({ length: 100 }, () => Buffer.from(osRandom(16)).toString('hex'))).size).toBe(100)
})
