import { createRequire } from 'node:module'
import { type BaseContract, Contract, type InterfaceAbi, MaxUint256, type Signer, ZeroAddress } from 'ethers'
import { type Artifact, aaveArtifact, type DeployedContract, deploy, send } from './artifacts.ts'

const require = createRequire(import.meta.url)
/** No position or swap may be late on a chain that runs on its own clock. */
const DEADLINE = 2n ** 48n

/** A pool's two tokens in the order that their addresses give: token 0 and token 1. */
export type TokenPair = readonly [string, string]

/** A range of ticks and what is put into it: v3 takes at most so much of each token, v4 exactly so much liquidity. */
export type TickRange = { readonly tickLower: number; readonly tickUpper: number }

/** A token that anybody may mint, with `supply` raw units for the signer. */
export async function deployToken(
  signer: Signer,
  token: { readonly symbol: string; readonly decimals: number; readonly supply: bigint },
): Promise<string> {
  const artifact = aaveArtifact('mocks/tokens/MintableERC20.sol', 'MintableERC20')
  const { address, contract } = await deploy(signer, artifact, [token.symbol, token.symbol, token.decimals])
  await send(contract, 'mint(uint256)', [token.supply])
  return address
}

/** Two addresses as the pools order them. */
export function sortTokens(a: string, b: string): TokenPair {
  return BigInt(a) < BigInt(b) ? [a, b] : [b, a]
}

/** Uniswap v2's factory, from the bytecode of its package. @returns its contract. */
export async function deployUniswapV2(signer: Signer): Promise<BaseContract> {
  return (await deploy(signer, v2Artifact('UniswapV2Factory'), [await signer.getAddress()])).contract
}

/** A v2 pair with its first liquidity, which the signer pays. @returns the pair. */
export async function createPair(
  signer: Signer,
  factory: BaseContract,
  pair: { readonly tokens: TokenPair; readonly amounts: readonly [bigint, bigint] },
): Promise<Contract> {
  await send(factory, 'createPair', pair.tokens)
  const address: string = await factory.getFunction('getPair').staticCall(...pair.tokens)
  const contract = new Contract(address, v2Artifact('UniswapV2Pair').abi, signer)
  for (const [index, token] of pair.tokens.entries()) {
    await send(tokenAt(token, signer), 'transfer', [address, pair.amounts[index]])
  }
  await send(contract, 'mint', [await signer.getAddress()])
  return contract
}

/** Uniswap v3 with its own periphery: positions and swaps go the way that users' do. */
export type UniswapV3 = {
  readonly factory: BaseContract
  readonly positions: DeployedContract
  readonly router: DeployedContract
}

export async function deployUniswapV3(signer: Signer): Promise<UniswapV3> {
  const factory = await deploy(signer, v3Artifact('core', 'UniswapV3Factory'))
  // No pool here holds wrapped ether, so none is needed; nor is a picture of a position.
  const positions = await deploy(signer, v3Artifact('periphery', 'NonfungiblePositionManager'), [
    factory.address,
    ZeroAddress,
    ZeroAddress,
  ])
  const router = await deploy(signer, v3Artifact('periphery', 'SwapRouter'), [factory.address, ZeroAddress])
  return { factory: factory.contract, positions, router }
}

export type V3PoolKey = { readonly tokens: TokenPair; readonly fee: number }

/** A v3 pool at a price, without liquidity; the signer's tokens are released to positions and router. @returns the pool. */
export async function createV3Pool(
  signer: Signer,
  uniswap: UniswapV3,
  pool: V3PoolKey & { readonly sqrtPrice: bigint },
): Promise<Contract> {
  const key = [...pool.tokens, pool.fee]
  await send(uniswap.positions.contract, 'createAndInitializePoolIfNecessary', [...key, pool.sqrtPrice])
  for (const spender of [uniswap.positions.address, uniswap.router.address]) {
    await approve(signer, pool.tokens, spender)
  }
  const address: string = await uniswap.factory.getFunction('getPool').staticCall(...key)
  return new Contract(address, v3Artifact('core', 'UniswapV3Pool').abi, signer)
}

/** Adds a position to a v3 pool: as much liquidity as the two amounts pay for. */
export async function mintV3Position(
  signer: Signer,
  uniswap: UniswapV3,
  position: V3PoolKey & TickRange & { readonly amounts: readonly [bigint, bigint] },
): Promise<void> {
  const { tokens, amounts, ...rest } = position
  const [token0, token1] = tokens
  const [amount0Desired, amount1Desired] = amounts
  const recipient = await signer.getAddress()
  const desired = { token0, token1, amount0Desired, amount1Desired, amount0Min: 0, amount1Min: 0 }
  await send(uniswap.positions.contract, 'mint', [{ ...rest, ...desired, recipient, deadline: DEADLINE }])
}

/** Uniswap v4's pool manager with the routers that its package ships beside it. */
export type UniswapV4 = {
  readonly manager: DeployedContract
  readonly liquidity: DeployedContract
  readonly router: DeployedContract
}

/** A v4 pool's five parts, as `initialize` takes them. */
export type V4PoolKey = {
  readonly currency0: string
  readonly currency1: string
  readonly fee: number
  readonly tickSpacing: number
  readonly hooks: string
}

export async function deployUniswapV4(signer: Signer): Promise<UniswapV4> {
  const manager = await deploy(signer, v4Artifact('PoolManager'), [await signer.getAddress()])
  const liquidity = await deploy(signer, v4Artifact('PoolModifyLiquidityTest'), [manager.address])
  const router = await deploy(signer, v4Artifact('PoolSwapTest'), [manager.address])
  return { manager, liquidity, router }
}

/** A v4 pool at a price, without liquidity; the signer's tokens are released to both routers. */
export async function createV4Pool(
  signer: Signer,
  uniswap: UniswapV4,
  pool: { readonly key: V4PoolKey; readonly sqrtPrice: bigint },
): Promise<void> {
  await send(uniswap.manager.contract, 'initialize', [pool.key, pool.sqrtPrice])
  const tokens = [pool.key.currency0, pool.key.currency1].filter((token) => token !== ZeroAddress)
  for (const spender of [uniswap.liquidity.address, uniswap.router.address]) await approve(signer, tokens, spender)
}

/** Adds a position to a v4 pool. */
export async function addV4Liquidity(
  uniswap: UniswapV4,
  position: TickRange & { readonly key: V4PoolKey; readonly liquidity: bigint; readonly value?: bigint },
): Promise<void> {
  const { key, tickLower, tickUpper, liquidity, value = 0n } = position
  const params = { tickLower, tickUpper, liquidityDelta: liquidity, salt: `0x${'00'.repeat(32)}` }
  const method = uniswap.liquidity.contract.getFunction(MODIFY_LIQUIDITY)
  // What ether is too much comes back.
  await (await method.send(key, params, '0x', { value })).wait()
}

const MODIFY_LIQUIDITY = 'modifyLiquidity((address,address,uint24,int24,address),(int24,int24,int256,bytes32),bytes)'

async function approve(signer: Signer, tokens: readonly string[], spender: string): Promise<void> {
  for (const token of tokens) await send(tokenAt(token, signer), 'approve', [spender, MaxUint256])
}

function tokenAt(address: string, signer: Signer): Contract {
  return new Contract(address, aaveArtifact('mocks/tokens/MintableERC20.sol', 'MintableERC20').abi, signer)
}

function v2Artifact(name: string): Artifact {
  const { abi, bytecode } = require(`@uniswap/v2-core/build/${name}.json`) as { abi: InterfaceAbi; bytecode: string }
  return { contractName: name, abi, bytecode: `0x${bytecode}`, linkReferences: {} }
}

function v3Artifact(part: 'core' | 'periphery', name: string): Artifact {
  return require(`@uniswap/v3-${part}/artifacts/contracts/${name}.sol/${name}.json`) as Artifact
}

/** One of v4-core's contracts, its tests' too: the package ships what Foundry built. */
export function v4Artifact(name: string): Artifact {
  const built = require(`@uniswap/v4-core/out/${name}.sol/${name}.json`) as FoundryArtifact
  return { contractName: name, abi: built.abi, bytecode: built.bytecode.object, linkReferences: {} }
}
type FoundryArtifact = { readonly abi: InterfaceAbi; readonly bytecode: { readonly object: string } }
