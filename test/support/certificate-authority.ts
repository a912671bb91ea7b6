import { createPrivateKey, webcrypto } from 'node:crypto'
import 'reflect-metadata'
import { BasicConstraintsExtension, X509Certificate, X509CertificateGenerator } from '@peculiar/x509'

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const DAY_MS = 86_400_000

type Pems = { readonly keyPem: string; readonly certificatePem: string }

/**
 * Someone who signs certificates for others: with a member's own key and certificate, as a dishonest member would, or with a
 * certificate that says it is an authority, as a careless operator's might.
 */
export function certificateAuthority(member?: Pems): { self(): Promise<Pems>; issue(name: string): Promise<Pems> } {
  const own = member === undefined ? makeAuthority() : fromPems(member)
  const pemsOf = async (pair: webcrypto.CryptoKeyPair, certificate: X509Certificate): Promise<Pems> => {
    const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', pair.privateKey))
    const key = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' })
    return {
      keyPem: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
      certificatePem: certificate.toString('pem'),
    }
  }
  return {
    self: async () => {
      const { keys, certificate } = await own
      return pemsOf(keys, certificate)
    },
    issue: async (name) => {
      const { keys, certificate } = await own
      const pair = await makeKeys()
      const issued = await X509CertificateGenerator.create({
        serialNumber: '02',
        subject: `CN=${name}`,
        issuer: certificate.subject,
        ...validity(),
        publicKey: pair.publicKey,
        signingKey: keys.privateKey,
        signingAlgorithm: ALGORITHM,
      })
      const pems = await pemsOf(pair, issued)
      return { ...pems, certificatePem: `${pems.certificatePem}\n${certificate.toString('pem')}\n` }
    },
  }
}

type Authority = { readonly keys: webcrypto.CryptoKeyPair; readonly certificate: X509Certificate }

async function makeAuthority(): Promise<Authority> {
  const keys = await makeKeys()
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: '01',
    name: 'CN=an authority',
    ...validity(),
    keys,
    signingAlgorithm: ALGORITHM,
    extensions: [new BasicConstraintsExtension(true, 2, true)],
  })
  return { keys, certificate }
}

async function fromPems({ keyPem, certificatePem }: Pems): Promise<Authority> {
  const pkcs8 = createPrivateKey(keyPem).export({ type: 'pkcs8', format: 'der' })
  const certificate = new X509Certificate(certificatePem)
  const privateKey = await webcrypto.subtle.importKey('pkcs8', pkcs8, ALGORITHM, true, ['sign'])
  return { keys: { privateKey, publicKey: await certificate.publicKey.export() }, certificate }
}

function makeKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])
}

function validity(): { readonly notBefore: Date; readonly notAfter: Date } {
  return { notBefore: new Date(Date.now() - DAY_MS), notAfter: new Date(Date.now() + DAY_MS) }
}
