import { secp256k1, secp256k1_hasher } from '@noble/curves/secp256k1.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js'
import { fromHex, type Hex, word } from './bytes.ts'
import { linearCombination } from './group.ts'
import type { NodeIndex } from './units.ts'

const { Fn } = secp256k1.Point

/** What signers of one digest share: all of it follows from public values, so that it is computed once a session. */
export type SigningSession = {
  /** R, compressed: the first half of the signature. */
  readonly groupCommitment: Hex
  /** c. */
  readonly challenge: bigint
  /** Of each signer: its binding factor ρ, and its Lagrange coefficient λ at zero over the session's signers. */
  readonly factors: ReadonlyMap<NodeIndex, { readonly binding: bigint; readonly lagrange: bigint }>
}

type Signer = { readonly node: NodeIndex; readonly hiding: Hex; readonly binding: Hex }

const SUITE = 'FROST-secp256k1-SHA256-v1'
const hashTo =
  (purpose: string) =>
  (...parts: readonly Uint8Array[]): Uint8Array =>
    sha256(concatBytes(utf8ToBytes(SUITE + purpose), ...parts))
const scalarTo =
  (purpose: string) =>
  (...parts: readonly Uint8Array[]): bigint =>
    secp256k1_hasher.hashToScalar(concatBytes(...parts), { DST: utf8ToBytes(SUITE + purpose) })
/** RFC 9591 §6.5: the suite's hash functions. */
const [H1, H2, H3] = [scalarTo('rho'), scalarTo('chal'), scalarTo('nonce')]
const [H4, H5] = [hashTo('msg'), hashTo('com')]

/**
 * RFC 9591 §4.2 to §4.6: binding factors, group commitment, challenge and Lagrange coefficients of a set of signers.
 * @returns Undefined when two signers are one, a commitment is no point, or R is the identity.
 */
export function signingSession(options: {
  readonly groupKey: Hex
  readonly signers: readonly Signer[]
  readonly digest: Uint8Array
}): SigningSession | undefined {
  const { groupKey, digest } = options
  const signers = ascending(options.signers)
  const factors = signerFactors(options)
  if (factors === undefined) return undefined
  const groupCommitment = linearCombination(
    signers.flatMap(
      ({ node, hiding, binding }): Array<readonly [bigint, Hex]> => [
        [1n, hiding],
        [factors.get(node)?.binding ?? 0n, binding],
      ],
    ),
  )
  if (groupCommitment === undefined) return undefined
  return { groupCommitment, challenge: challengeOf(groupCommitment, groupKey, digest), factors }
}

/**
 * RFC 9591 §4.4 and §4.2: each signer's binding factor ρ, and its Lagrange coefficient λ at zero.
 * @returns Undefined without signers, or when two of them are one.
 */
export function signerFactors(options: {
  readonly groupKey: Hex
  readonly signers: readonly Signer[]
  readonly digest: Uint8Array
}): SigningSession['factors'] | undefined {
  const nodes = options.signers.map(({ node }) => node)
  if (nodes.length === 0 || new Set(nodes).size !== nodes.length) return undefined
  const prefix = concatBytes(fromHex(options.groupKey, 33), H4(options.digest), H5(encodeCommitments(options.signers)))
  const all = nodes.map(BigInt)
  return new Map(
    nodes.map((node) => [node, { binding: H1(prefix, word(node)), lagrange: lagrangeAtZero(BigInt(node), all) }]),
  )
}

/** RFC 9591 §4.3: number, hiding and binding commitment of each signer, 98 bytes, ascending by number. */
export function encodeCommitments(signers: readonly Signer[]): Uint8Array {
  return concatBytes(
    ...ascending(signers).flatMap(({ node, hiding, binding }) => [
      word(node),
      fromHex(hiding, 33),
      fromHex(binding, 33),
    ]),
  )
}

function ascending(signers: readonly Signer[]): readonly Signer[] {
  return signers.toSorted((a, b) => a.node - b.node)
}

/** RFC 9591 §4.6: c = H2(R ‖ PK ‖ message). */
export function challengeOf(groupCommitment: Hex, groupKey: Hex, digest: Uint8Array): bigint {
  return H2(fromHex(groupCommitment, 33), fromHex(groupKey, 33), digest)
}

/** RFC 9591 §4.1: a nonce that stays unpredictable when either the randomness or the secret is good. */
export function nonceOf(random: Uint8Array, secret: Uint8Array): bigint {
  return H3(random, secret)
}

/** ∏ xⱼ / (xⱼ − x) over the other signers. */
function lagrangeAtZero(x: bigint, nodes: readonly bigint[]): bigint {
  const others = nodes.filter((node) => node !== x)
  const numerator = others.reduce((product, node) => Fn.mul(product, node), Fn.ONE)
  const denominator = others.reduce((product, node) => Fn.mul(product, Fn.sub(node, x)), Fn.ONE)
  return Fn.mul(numerator, Fn.inv(denominator))
}
