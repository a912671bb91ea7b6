import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import {
  type BaseContract,
  ContractFactory,
  type ContractMethodArgs,
  getAddress,
  type InterfaceAbi,
  type Signer,
} from 'ethers'

/** What a deployment needs of a compiler's output. */
export type Artifact = {
  readonly contractName: string
  readonly abi: InterfaceAbi
  readonly bytecode: string
  readonly linkReferences: Readonly<Record<string, Readonly<Record<string, readonly LinkReference[]>>>>
}
type LinkReference = { readonly start: number; readonly length: number }

const ROOT = new URL('../../', import.meta.url)
const require = createRequire(import.meta.url)

/**
 * The artifact of one of our contracts.
 * @param source Path below `contracts/`, e.g. `src/RiskOracle.sol`.
 * @throws {Error} when the contracts have not been compiled.
 */
export function plimsollArtifact(source: string, name: string): Artifact {
  const path = new URL(`artifacts/contracts/${source}/${name}.json`, ROOT)
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Artifact
  } catch (cause) {
    throw new Error(`No artifact for ${name}: contracts are not compiled; run \`npx hardhat build\``, { cause })
  }
}

/**
 * The artifact of one of Aave v3's contracts, as its package ships it.
 * @param source Path below the package's `contracts/`, e.g. `protocol/pool/Pool.sol`.
 */
export function aaveArtifact(source: string, name: string): Artifact {
  return require(`@aave/core-v3/artifacts/contracts/${source}/${name}.json`) as Artifact
}

/**
 * Bytecode with its libraries' addresses written in.
 * @throws {Error} when a library is missing.
 */
export function linkedBytecode(artifact: Artifact, libraries: Readonly<Record<string, string>>): string {
  let code = artifact.bytecode
  for (const references of Object.values(artifact.linkReferences)) {
    for (const [library, places] of Object.entries(references)) {
      const address = libraries[library]
      if (address === undefined) throw new Error(`${artifact.contractName} needs the address of library ${library}`)
      const digits = getAddress(address).slice(2).toLowerCase()
      for (const { start, length } of places) {
        const from = 2 + start * 2
        code = code.slice(0, from) + digits + code.slice(from + length * 2)
      }
    }
  }
  return code
}

/** Deploys and waits until it stands. */
export async function deploy(
  signer: Signer,
  artifact: Artifact,
  args: ContractMethodArgs<unknown[]> = [],
  libraries: Readonly<Record<string, string>> = {},
): Promise<DeployedContract> {
  const factory = new ContractFactory(artifact.abi, linkedBytecode(artifact, libraries), signer)
  const contract = await factory.deploy(...args)
  await contract.waitForDeployment()
  const address = await contract.getAddress()
  return { address, contract }
}

export type DeployedContract = { readonly address: string; readonly contract: BaseContract }

/** Calls a state-changing function by name and waits for its receipt. @throws {Error} when it reverts. */
export async function send(contract: BaseContract, method: string, args: readonly unknown[]): Promise<void> {
  const response = await contract.getFunction(method).send(...args)
  await response.wait()
}
