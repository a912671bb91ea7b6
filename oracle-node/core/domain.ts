import { fromHex, type Hex, keccak, keccakText, word } from './bytes.ts'

/** What a signature is bound to besides its message: one oracle contract on one chain (EIP-712). */
export type Domain = {
  readonly chainId: bigint
  /** The RiskOracle's address. */
  readonly oracle: Hex
}

const DOMAIN_TYPE = keccakText('EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)')
const NAME = keccakText('Plimsoll')
const VERSION = keccakText('1')

/** EIP-712: keccak256(0x1901 ‖ domain separator ‖ struct hash), 32 bytes. */
export function typedDigest(domain: Domain, structHash: Uint8Array): Uint8Array {
  const oracle = word(BigInt(domain.oracle))
  const separator = keccak(DOMAIN_TYPE, NAME, VERSION, word(domain.chainId), oracle)
  return keccak(fromHex('0x1901'), separator, structHash)
}
