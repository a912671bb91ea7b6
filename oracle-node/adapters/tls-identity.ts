import { webcrypto, X509Certificate } from 'node:crypto'
import 'reflect-metadata'
import { SubjectAlternativeNameExtension, X509CertificateGenerator } from '@peculiar/x509'

const YEARS_10_MS = 10 * 365 * 86_400_000

/**
 * A key pair and self-signed certificate for the transport. Peers pin the certificate itself, so its name and authority prove
 * nothing and its lifetime is long; replacing it is a change of configuration.
 */
export async function makeTlsIdentity(name: string, now: Date): Promise<{ keyPem: string; certificatePem: string }> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: randomSerial(),
    name: `CN=${name}`,
    notBefore: new Date(now.getTime() - 86_400_000),
    notAfter: new Date(now.getTime() + YEARS_10_MS),
    keys,
    signingAlgorithm: algorithm,
    extensions: [new SubjectAlternativeNameExtension([{ type: 'dns', value: name }])],
  })
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64')
  const lines = pkcs8.match(/.{1,64}/g) ?? []
  return {
    keyPem: `-----BEGIN PRIVATE KEY-----\n${lines.join('\n')}\n-----END PRIVATE KEY-----\n`,
    certificatePem: certificate.toString('pem'),
  }
}

/** 62 random bits behind 01: positive, and always of the same 8 bytes (RFC 5280, 4.1.2.2). */
function randomSerial(): string {
  const [first = 0, ...rest] = webcrypto.getRandomValues(new Uint8Array(8))
  return Buffer.from([(first & 0x3f) | 0x40, ...rest]).toString('hex')
}

/** SHA-256 of a PEM certificate, as Node's TLS sockets name their peer. */
export function fingerprintOf(certificatePem: string): string {
  return new X509Certificate(certificatePem).fingerprint256
}
